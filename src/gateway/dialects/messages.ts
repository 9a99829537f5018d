import { messagesEventWriter } from '../../core/dialects/messages/event-writer.ts';
import { completionToMessage } from '../../core/dialects/messages/message-object.ts';
import type { MessagesBody } from '../../core/dialects/messages/messages-body.ts';
import { messagesToChat } from '../../core/dialects/messages/request-to-chat.ts';
import { refuseUncarried } from '../../core/dialects/uncarried.ts';
import { profileRequest } from '../../core/task/profile-request.ts';
import { isObject } from '../../core/wire/json-value.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ClientLine, JobResult } from '../request/job.ts';
import { MESSAGES } from '../request/operations/chat.ts';
import { runJob } from '../request/run-job.ts';
import { type DialectCall, translatedJob, withOwnParam } from './translated-chat.ts';
import { translatedLine } from './translated-line.ts';

const HINT = 'Leave it out.';

/** Where an error that speaks of the chat request points to in the client's own. */
const CHAT_PARAM_TO_OURS: Readonly<Record<string, string>> = {
  stop: 'stop_sequences',
  response_format: 'output_config.format',
  reasoning_effort: 'thinking',
};

/**
 * One Anthropic-shaped request from its checked body to its answer, by way of chat completions: the same plan, attempts
 * and settling.
 *
 * @throws GatewayError 400 what is malformed or cannot be carried, and what chat throws
 */
export async function createMessage(
  deps: GatewayDeps,
  call: DialectCall,
  body: MessagesBody,
  client: ClientLine,
): Promise<JobResult> {
  const { chat, uncarried } = messagesToChat(body);
  if (uncarried.length > 0) throw refuseUncarried(uncarried, HINT);
  const { model } = body;
  // Anthropic never sends thoughts to those who did not ask for them.
  const showsThinking = body.thinking != null && body.thinking.type !== 'disabled';
  const job = translatedJob(call, chat, MESSAGES);
  const line = translatedLine(
    client,
    (requestId) => messagesEventWriter({ requestId, model, showsThinking }),
    idHeader,
  );
  try {
    const result = await runJob(deps, job, line);
    const headers = { ...result.headers, ...idHeader(job.requestId) };
    if (result.body === undefined) return { headers, body: undefined };
    const completion: unknown = JSON.parse(result.body.toString());
    const message = completionToMessage(isObject(completion) ? completion : {}, {
      requestId: job.requestId,
      model,
      showsThinking,
    });
    return { headers, body: Buffer.from(JSON.stringify(message)) };
  } catch (error) {
    throw withOwnParam(error, CHAT_PARAM_TO_OURS);
  } finally {
    // It may have been replaced on the way, and the client is to ask about its own request.
    call.requestId = job.requestId;
  }
}

/** Where Anthropic's clients look for it. */
function idHeader(requestId: string): Record<string, string> {
  return { 'request-id': requestId };
}

/** About how many tokens the request has: by bytes, as everywhere here, for whichever model would answer. */
export function countMessageTokens(body: MessagesBody): { readonly input_tokens: number } {
  const { chat, uncarried } = messagesToChat(body);
  if (uncarried.length > 0) throw refuseUncarried(uncarried, HINT);
  return { input_tokens: profileRequest(chat).inputTokens };
}
