import type { ChatRequest } from '../../core/dialects/chat-request.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import { scanJson } from '../../core/wire/json-members.ts';
import type { ChatBody, ChatJob } from '../request/job.ts';
import type { Operation } from '../request/operation.ts';

/** A request in another dialect, as far as it is the same in all. */
export type DialectCall = Omit<
  ChatJob,
  'operation' | 'bytes' | 'members' | 'body' | 'warnings' | 'ask' | 'judgedWith' | 'isCacheMiss' | 'trace'
>;

/** The chat job of a request that was translated. Its schema has checked what passes through. */
export function translatedJob(call: DialectCall, chat: ChatRequest, operation: Operation<ChatBody>): ChatJob {
  const bytes = Buffer.from(JSON.stringify(chat));
  return {
    ...call,
    operation,
    bytes,
    members: scanJson(bytes).members,
    body: chat as ChatRequest & ChatBody,
    warnings: [],
    ask: 0,
    judgedWith: 0,
    isCacheMiss: false,
    trace: undefined,
  };
}

/**
 * An error about the chat request as one about the client's own.
 *
 * @param paramToOurs by the outermost member of the chat request
 */
export function withOwnParam(error: unknown, paramToOurs: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof GatewayError) || error.param === null) return error;
  const outermost = /^[^.[]*/.exec(error.param)?.[0] ?? '';
  if (!Object.hasOwn(paramToOurs, outermost)) return error;
  const { message, cause } = error;
  return new GatewayError({ ...error, message, cause, param: paramToOurs[outermost] ?? null });
}
