import type { ChatMessage } from '../core/dialects/chat-request.ts';
import { completionToResponse } from '../core/dialects/responses/completion-to-response.ts';
import { responsesEventWriter } from '../core/dialects/responses/event-writer.ts';
import { messagesOfInput } from '../core/dialects/responses/input-to-messages.ts';
import { itemIn, referredRequests } from '../core/dialects/responses/item-references.ts';
import { responseIdOf } from '../core/dialects/responses/output-items.ts';
import { responsesToChat } from '../core/dialects/responses/request-to-chat.ts';
import type { ResponsesBody } from '../core/dialects/responses/responses-body.ts';
import { refuseUncarried } from '../core/dialects/uncarried.ts';
import { badRequest, GatewayError } from '../core/outcome/gateway-error.ts';
import { isObject, objectOf } from '../core/wire/json-value.ts';
import type { StoredResponse } from '../store/contract.ts';
import type { GatewayDeps } from './deps.ts';
import type { ClientLine, JobResult } from './job.ts';
import { RESPONSES } from './operations/chat.ts';
import { runJob } from './run-job.ts';
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

const HINT = 'Leave it out, or name a model of a provider that has the Responses API itself.';

/**
 * One Responses request from its checked body to its answer, by way of chat completions: the same plan, attempts and
 * settling.
 *
 * @throws GatewayError 400 what is malformed or cannot be carried, and what chat throws
 */
export async function createResponse(
  deps: GatewayDeps,
  call: DialectCall,
  body: ResponsesBody,
  client: ClientLine,
): Promise<JobResult> {
  const before = await turnsBefore(deps, call, body);
  const outputs = await referredOutputs(deps, call, body);
  const { chat, turns, uncarried } = responsesToChat(body, before, (itemId) => itemIn(outputs, itemId));
  if (uncarried.length > 0) throw refuseUncarried(uncarried, HINT);
  const { retentionMs } = deps.live.responses;
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
  const job = translatedJob(call, chat, RESPONSES);
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
    if (result.body === undefined) return result;
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

/** The conversation that a request goes on from. */
async function turnsBefore(
  deps: GatewayDeps,
  { keyId }: DialectCall,
  { previous_response_id: previousId }: ResponsesBody,
): Promise<readonly ChatMessage[]> {
  if (previousId == null) return [];
  const kept = await deps.responses.read(previousId, keyId);
  if (kept !== undefined) return JSON.parse(kept.conversation);
  throw deps.live.responses.retentionMs > 0 ? previousNotFound(previousId) : chainNotKept();
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
