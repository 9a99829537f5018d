/** What answers of other APIs carry as their `id`: the request's own behind a word for what it is. */
const ID_OF_ANSWER = /^(?:resp_|msg_|chatcmpl-|cmpl-)(.+)$/;

/**
 * What is found under the id of a request, or of an answer that was made of it (`resp_req_…`, `msg_req_…`, where a provider names none also `chatcmpl-req_…`). The id as it
 * stands comes first: a client may have named its request so.
 */
export async function byRequestId<Found>(
  id: string,
  find: (requestId: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const found = await find(id);
  if (found !== undefined) return found;
  const requestId = ID_OF_ANSWER.exec(id)?.[1];
  return requestId === undefined ? undefined : find(requestId);
}
