import { completionToResponse } from '../core/dialects/responses/completion-to-response.ts';
import { responsesEventWriter } from '../core/dialects/responses/event-writer.ts';
import { itemIn, referredRequests } from '../core/dialects/responses/item-references.ts';
import { responseIdOf } from '../core/dialects/responses/output-items.ts';
import { responsesToChat } from '../core/dialects/responses/request-to-chat.ts';
import type { ResponsesBody } from '../core/dialects/responses/responses-body.ts';
import { refuseUncarried } from '../core/dialects/uncarried.ts';
import { badRequest, type GatewayError } from '../core/outcome/gateway-error.ts';
import { isObject } from '../core/wire/json-value.ts';
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
  if (body.previous_response_id != null) throw chainNotKept();
  const outputs = referredOutputs(deps, call, body);
  const { chat, uncarried } = responsesToChat(body, [], (itemId) => itemIn(outputs, itemId));
  if (uncarried.length > 0) throw refuseUncarried(uncarried, HINT);
  const nowSeconds = () => Math.floor(deps.nowMs() / 1000);
  const createdAtSeconds = nowSeconds();
  const factsOf = (requestId: string) => ({
    id: responseIdOf(requestId),
    createdAtSeconds,
    request: body,
    isStored: false,
  });
  const remember = (response: object) => {
    if (body.store !== false) deps.recentOutputs.put(response, call.keyId, deps.nowMs());
  };
  const job = translatedJob(call, chat, RESPONSES);
  const line = translatedLine(client, (requestId) =>
    responsesEventWriter({
      facts: { ...factsOf(requestId), model: body.model },
      requestId,
      nowSeconds,
      onResponse: remember,
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
    remember(response);
    return { headers: result.headers, body: Buffer.from(JSON.stringify(response)) };
  } catch (error) {
    throw withOwnParam(error, CHAT_PARAM_TO_OURS);
  } finally {
    // It may have been replaced on the way, and the client is to ask about its own request.
    call.requestId = job.requestId;
  }
}

function referredOutputs(deps: GatewayDeps, call: DialectCall, body: ResponsesBody) {
  const outputs = new Map<string, readonly unknown[]>();
  for (const requestId of referredRequests(body.input)) {
    const output = deps.recentOutputs.outputOf(requestId, call.keyId, deps.nowMs());
    if (output) outputs.set(requestId, output);
  }
  return outputs;
}

function chainNotKept(): GatewayError {
  return badRequest(
    'This gateway keeps no conversations. Leave out previous_response_id and send the whole conversation as input.',
    'previous_response_id',
    'unsupported_parameter',
  );
}
