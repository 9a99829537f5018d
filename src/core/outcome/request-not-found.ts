import { GatewayError } from './gateway-error.ts';

/**
 * Said of another key's request as well: as if it did not exist. Of an id of ours that tells a time before which requests
 * were removed: 410, whether there ever was such a request or not.
 *
 * @param purgedBeforeMs everything that began before it may be gone; undefined where nothing was ever removed
 */
export function requestNotFound(requestId: string, purgedBeforeMs: number | undefined): GatewayError {
  const bornAtMs = timeOfRequestId(requestId);
  if (purgedBeforeMs !== undefined && bornAtMs !== undefined && bornAtMs < purgedBeforeMs) {
    return new GatewayError({
      status: 410,
      code: 'request_removed',
      param: 'request_id',
      message: `Requests from before ${new Date(purgedBeforeMs).toISOString()} were removed from the store (retention.requests_days, or 'outrider purge'). What they taught stays; it can no longer be explained, and no verdict on them changes it.`,
    });
  }
  return new GatewayError({
    status: 404,
    code: 'request_not_found',
    param: 'request_id',
    message: `There is no request '${requestId.slice(0, 64)}'. Its id came in the 'x-request-id' header of the answer (of /v1/responses and /v1/messages the answer's own id does as well).`,
  });
}

/** Ids that this house gives begin with 48 bits of time. Clients may bring others, which tell nothing. */
function timeOfRequestId(requestId: string): number | undefined {
  const [, time] = /^(?:resp_|msg_|chatcmpl-|cmpl-)?req_([0-9a-f]{12})[0-9a-f]{20}$/.exec(requestId) ?? [];
  return time === undefined ? undefined : Number.parseInt(time, 16);
}
