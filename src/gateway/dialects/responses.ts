import type { Candidate } from '../../core/choice/choice-input.ts';
import type { ChatMessage } from '../../core/dialects/chat-request.ts';
import { completionToResponse } from '../../core/dialects/responses/completion-to-response.ts';
import { responsesEventWriter } from '../../core/dialects/responses/event-writer.ts';
import { messagesOfInput } from '../../core/dialects/responses/input-to-messages.ts';
import { hasOwnItems, itemIn, referredRequests } from '../../core/dialects/responses/item-references.ts';
import { responseIdOf } from '../../core/dialects/responses/output-items.ts';
import { responsesToChat } from '../../core/dialects/responses/request-to-chat.ts';
import type { ResponsesBody } from '../../core/dialects/responses/responses-body.ts';
import { refuseUncarried, type Uncarried } from '../../core/dialects/uncarried.ts';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import type { JsonMember } from '../../core/wire/json-members.ts';
import { isObject, type JsonObject, objectOf } from '../../core/wire/json-value.ts';
import type { StoredResponse } from '../../store/contract.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import type { ClientLine, JobResult, RouteWishes } from '../request/job.ts';
import { RESPONSES } from '../request/operations/chat.ts';
import { nativeResponses } from '../request/operations/native-responses.ts';
import { runJob } from '../request/run-job.ts';
import { type DialectCall, translatedJob, withOwnParam } from './translated-chat.ts';
import { translatedLine } from './translated-line.ts';

/** Where an error that speaks of the chat request points to in the client's own. */
const CHAT_PARAM_TO_OURS: Readonly<Record<string, string>> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
  verbosity: 'text.verbosity',
};

/** A conversation refers to the answers in it; what refers to more is made to be looked up. */
const MAX_REFERRED = 200;

const HINT =
  'Leave it out, or name a model of a provider that has the Responses API itself (responses = true in its table).';

/**
 * One Responses request from its checked body to its answer: where the chosen endpoint's provider has the Responses API as it is, elsewhere by
 * way of chat completions. Plan, attempts and settling are those of every request.
 *
 * @param sent the client's own bytes
 * @throws GatewayError 400 what is malformed or cannot be carried, 404 a response to go on from that is not there, and
 *   what chat throws
 */
export async function createResponse(
  deps: GatewayDeps,
  call: DialectCall,
  body: ResponsesBody,
  sent: { readonly bytes: Buffer; readonly members: readonly JsonMember[] },
  client: ClientLine,
): Promise<JobResult> {
  const { live } = deps;
  const { retentionMs, nativeProviders } = live.responses;
  const previous = await previousResponse(deps, call, body);
  const pinned = previous?.conversation === '' ? pinnedAt(live, previous, body) : undefined;
  const before: readonly ChatMessage[] = previous && !pinned ? JSON.parse(previous.conversation) : [];
  const outputs = await referredOutputs(deps, call, body);
  const { chat, turns, uncarried } = responsesToChat(body, before, (itemId) => itemIn(outputs, itemId));
  const isStored = retentionMs > 0 && body.store !== false;
  const nowSeconds = () => Math.floor(deps.nowMs() / 1000);
  const createdAtSeconds = nowSeconds();
  const factsOf = (requestId: string) => ({
    id: responseIdOf(requestId),
    createdAtSeconds,
    request: body,
    isStored,
  });
  /** Never rejects: the answer is there, whatever becomes of its being kept. */
  const ended = async (response: object) => {
    if (body.store === false) return;
    deps.responses.remember(response, call.keyId);
    if (!isStored) return;
    try {
      await deps.responses.keep(storedResponse(response, turns, call.keyId, deps, retentionMs));
    } catch (error) {
      deps.log.warn({ request_id: job.requestId, err: error }, 'a response could not be kept');
    }
  };
  let pinning: Promise<void> | undefined;
  let isNative = false;
  const endedNatively = (response: JsonObject, { endpoint, model }: Candidate) => {
    isNative = true;
    const { pinMs } = live.responses;
    if (body.store === false || typeof response.id !== 'string' || pinMs <= 0) return;
    const createdAtMs = deps.nowMs();
    pinning = deps.responses.keep({
      responseId: response.id,
      keyId: call.keyId,
      modelId: model.id,
      endpointId: endpoint.id,
      createdAtMs,
      expiresAtMs: createdAtMs + pinMs,
      body: '',
      conversation: '',
    });
  };
  // What is kept here, no provider knows: it is in the translated request alone.
  const isKeptHere = (previous !== undefined && pinned === undefined) || hasOwnItems(body.input);
  if (isKeptHere && uncarried.length > 0) throw refuseUncarried(uncarried, 'Leave it out.');
  const mayBeNative = nativeProviders.size > 0 && !isKeptHere;
  const route = routeOf(live, body, uncarried, pinned);
  // An endpoint's own name is nobody else's, also where its provider has the model twice.
  const named = pinned ? { model: pinned.endpoint.id, models: undefined } : undefined;
  const asked = route === undefined ? chat : { ...chat, ...named, route };
  // What is kept in the cache is chat, and would be read as chat.
  const called = mayBeNative ? { ...call, cacheControl: 'no-store' } : call;
  const job = translatedJob(called, asked, {
    ...RESPONSES,
    // What a preset adds is in the translated request alone, too.
    at: (at, candidate) =>
      mayBeNative && at.body === asked && nativeProviders.has(candidate.endpoint.provider)
        ? nativeResponses({ candidate, sent, client, onResponse: endedNatively })
        : RESPONSES,
  });
  const line = translatedLine(client, (requestId) =>
    responsesEventWriter({
      facts: { ...factsOf(requestId), model: body.model },
      requestId,
      nowSeconds,
      onResponse: ended,
    }),
  );
  try {
    const result = await runJob(deps, job, line);
    await pinning;
    if (result.body === undefined || isNative) return result;
    const completion: unknown = JSON.parse(result.body.toString());
    const response = completionToResponse(
      isObject(completion) ? completion : {},
      job.requestId,
      factsOf(job.requestId),
      nowSeconds(),
    );
    await ended(response);
    return { headers: result.headers, body: Buffer.from(JSON.stringify(response)) };
  } catch (error) {
    throw withOwnParam(error, CHAT_PARAM_TO_OURS);
  } finally {
    // It may have been replaced on the way, and the client is to ask about its own request.
    call.requestId = job.requestId;
  }
}

/**
 * The wishes of a request that not every endpoint can serve, narrowed to those that can; undefined where all can.
 *
 * @throws GatewayError 400 when none can
 */
function routeOf(
  live: LiveSettings,
  body: ResponsesBody,
  uncarried: readonly Uncarried[],
  pinned: Candidate | undefined,
): RouteWishes | undefined {
  const wishes = objectOf(body.route) as RouteWishes;
  const nowhere = uncarried.filter(({ isNowhere }) => isNowhere);
  if (nowhere.length > 0) throw refuseUncarried(nowhere, 'Leave it out.');
  if (pinned !== undefined) {
    const { models: _models, provider_allow: _providers, ...others } = wishes;
    return { ...others, allow_fallback: false };
  }
  if (uncarried.length === 0) return undefined;
  const { nativeProviders } = live.responses;
  const allowed = (wishes.provider_allow ?? [...nativeProviders]).filter((name) => nativeProviders.has(name));
  if (allowed.length === 0 || !mayReach(live, body, nativeProviders)) throw refuseUncarried(uncarried, HINT);
  return { ...wishes, provider_allow: allowed };
}

/** Whether a provider that has the Responses API may answer to the name that is asked for. A preset speaks chat. */
function mayReach(
  live: LiveSettings,
  { model, preset }: ResponsesBody,
  providers: ReadonlySet<string>,
): boolean {
  if (preset != null || model.includes('@preset/')) return false;
  return live.catalog
    .resolve(model, 'chat')
    .candidates.some(({ endpoint }) => providers.has(endpoint.provider));
}

/** The response that a request goes on from; undefined where it names none. */
async function previousResponse(
  deps: GatewayDeps,
  { keyId }: DialectCall,
  { previous_response_id: previousId }: ResponsesBody,
): Promise<StoredResponse | undefined> {
  if (previousId == null) return undefined;
  const kept = await deps.responses.read(previousId, keyId);
  if (kept !== undefined) return kept;
  const { retentionMs, nativeProviders } = deps.live.responses;
  throw retentionMs > 0 || nativeProviders.size > 0 ? previousNotFound(previousId) : chainNotKept();
}

/**
 * The endpoint where a response is that its provider keeps: nobody else can go on from it.
 *
 * @throws GatewayError 400 when another model is named, 404 when the endpoint is there no more
 */
function pinnedAt(
  live: LiveSettings,
  { responseId, endpointId, modelId }: StoredResponse,
  body: ResponsesBody,
) {
  const candidate = live.catalog.endpoint(endpointId);
  if (candidate === undefined || !live.responses.nativeProviders.has(candidate.endpoint.provider)) {
    throw previousNotFound(responseId);
  }
  if (body.preset != null || body.model.includes('@preset/')) {
    throw badRequest(
      'A preset cannot go on from a response that its provider keeps.',
      'model',
      'invalid_value',
    );
  }
  const { candidates } = live.catalog.resolve(body.model, 'chat');
  if (!candidates.some(({ endpoint }) => endpoint.id === endpointId)) {
    throw badRequest(
      `The response to go on from is kept by the provider of '${modelId}': name that model, or 'auto'.`,
      'model',
      'invalid_value',
    );
  }
  return candidate;
}

function storedResponse(
  response: object,
  turns: readonly ChatMessage[],
  keyId: string,
  { nowMs }: GatewayDeps,
  retentionMs: number,
): StoredResponse {
  const { id, model, output } = objectOf(response);
  const createdAtMs = nowMs();
  return {
    responseId: String(id),
    keyId,
    modelId: String(model),
    // Any may go on from what is kept here.
    endpointId: '',
    createdAtMs,
    expiresAtMs: createdAtMs + retentionMs,
    body: JSON.stringify(response),
    conversation: JSON.stringify(turns.concat(messagesOfInput(output, [], () => undefined))),
  };
}

/** A response that is kept here, as its client got it. @throws GatewayError 404 also for one of another key */
export async function readResponse(deps: GatewayDeps, responseId: string, keyId: string): Promise<string> {
  const kept = await deps.responses.read(responseId, keyId);
  if (kept === undefined || kept.body === '') throw responseNotFound(responseId);
  return kept.body;
}

/** @throws GatewayError 404 also for one of another key */
export async function deleteResponse(
  deps: GatewayDeps,
  responseId: string,
  keyId: string,
): Promise<{ id: string; object: 'response'; deleted: true }> {
  await readResponse(deps, responseId, keyId);
  if (!(await deps.responses.remove(responseId, keyId))) throw responseNotFound(responseId);
  return { id: responseId, object: 'response', deleted: true };
}

async function referredOutputs(deps: GatewayDeps, call: DialectCall, body: ResponsesBody) {
  const outputs = new Map<string, readonly unknown[]>();
  for (const requestId of referredRequests(body.input)) {
    if (outputs.size === MAX_REFERRED) break;
    outputs.set(requestId, (await deps.responses.outputOf(requestId, call.keyId)) ?? []);
  }
  return outputs;
}

function responseNotFound(responseId: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'response_not_found',
    message: `There is no response '${responseId.slice(0, 128)}' here. Responses are kept for as long as [responses] retention_hours says, unless a request says store: false.`,
  });
}

function previousNotFound(responseId: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'previous_response_not_found',
    param: 'previous_response_id',
    message: `There is no response '${responseId.slice(0, 128)}' here (any more) to go on from. Send the whole conversation as input.`,
  });
}

function chainNotKept(): GatewayError {
  return badRequest(
    'This gateway keeps no conversations. Leave out previous_response_id and send the whole conversation as input, or have its operator set [responses] retention_hours.',
    'previous_response_id',
    'unsupported_parameter',
  );
}
