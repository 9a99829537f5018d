import { hashText } from '../../core/reward/ask-sketch.ts';
import { NOT_WATCHED } from '../../core/reward/re-ask-watch.ts';
import type { ChatMessageView } from '../../core/task/task.ts';
import type { GatewayDeps } from '../deps.ts';
import { takeVerdict } from '../learning/take-verdict.ts';
import type { ChatJob } from './job.ts';
import { sessionIdOf } from './session-id.ts';

/** As its verdicts are called beside those of clients. */
const SOURCE_NAME = 're_ask';

/** A conversation is told from others by how many messages it has, and by so much of the latest of them. */
const HASHED_MESSAGES = 2;
const HASHED_CHARACTERS = 16;
const HASHED_ID_CHARACTERS = 64;

/**
 * Remembers what a request asks, and holds it against the answer that the same conversation got just before if it asks
 * nearly the same again: a `heuristic` fault. That is written behind the request's back; nothing waits for it.
 *
 * A conversation is what bears one `session_id`, `conversation_id` or `x-session-id`, or what goes on from an answer:
 * its messages are those of an earlier request, the answer to it, and a new turn. Always of one key.
 *
 * @returns the ask's number for `deps.reAsks`; under 1 µs
 */
export function noteAsk(deps: GatewayDeps, job: ChatJob): number {
  const { messages } = job.body;
  const last = messages.length - 1;
  const message = messages[last];
  // After a tool's result the same question stands there still, and nobody has asked again.
  if (message?.role !== 'user') return NOT_WATCHED;
  const text = textOf(message.content);
  const key = hashText(deps.reAsks.seed, job.keyId, HASHED_ID_CHARACTERS);
  const sessionId = sessionIdOf(job);
  let thread: number;
  let former: number | undefined;
  if (sessionId !== undefined) {
    thread = hashText(key, sessionId, HASHED_ID_CHARACTERS);
    former = thread;
  } else {
    thread = hashOfMessages(key, messages, last);
    if (messages[last - 1]?.role === 'assistant') former = hashOfMessages(key, messages, last - 2);
  }
  const ask = deps.reAsks.ask({ thread, former, text }, deps.monotonicMs());
  const rejected = deps.reAsks.rejectedBy(ask);
  if (rejected !== undefined) blame(deps, rejected, job.keyId);
  return ask;
}

function blame(deps: GatewayDeps, requestId: string, keyId: string): void {
  deps.metrics.reAsked();
  const verdict = {
    sourceName: SOURCE_NAME,
    source: 'heuristic',
    quality: 0,
    comment: '',
    signals: '{}',
  } as const;
  takeVerdict(deps, { requestId, keyId }, verdict).catch((error: unknown) =>
    deps.log.warn({ request_id: requestId, err: error }, 'that its question was asked again was not noted'),
  );
}

/** The last few messages up to and with `end`, each by its role, its length and its beginning, and their number. */
function hashOfMessages(key: number, messages: readonly ChatMessageView[], end: number): number {
  let hash = key ^ end;
  for (let index = Math.max(0, end - HASHED_MESSAGES + 1); index <= end; index += 1) {
    const { role, content } = messages[index] as ChatMessageView;
    hash = hashText(hash ^ role.charCodeAt(0), textOf(content), HASHED_CHARACTERS);
  }
  return hash;
}

/** The longest text of a message. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  let longest = '';
  for (const part of content) {
    const text: unknown = part?.text;
    if (typeof text === 'string' && text.length > longest.length) longest = text;
  }
  return longest;
}
