import { isRealtimeTally, usageOfSession } from '../../../core/money/realtime-usage.ts';
import { PASSED } from '../../../core/reward/check-answer.ts';
import type { OtherForm } from '../../../providers/upstream.ts';
import type { RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation } from './json-operation.ts';
import { NO_NEEDS } from './no-needs.ts';

export interface RealtimeBody extends RequestBody {
  /** `OpenAI-Beta` as the client sent it; undefined where it did not. */
  readonly betaHeader: string | undefined;
}

/** What is expected of a session before anything is known: some turns of a short talk. */
const EXPECTED_TOKENS = 500;

/** Nothing is read whole in a session, and no events are split. */
const FRAMES: OtherForm = { read: () => 'a body where a session was asked for', stream: undefined };

/**
 * `GET /v1/realtime`: a session over a WebSocket, an attempt from its beginning to its end. It fails over until a provider
 * has taken it; what it costs is the sum of what its responses say they used.
 */
export const REALTIME: Operation<RealtimeBody> = jsonOperation<RealtimeBody>({
  name: 'realtime',
  type: 'realtime',
  upstreamPath: '/realtime',
  isStream: () => true,
  profile: () => ({
    task: 'realtime',
    confidence: 1,
    complexity: 0,
    language: 'und',
    needs: NO_NEEDS,
    inputTokens: EXPECTED_TOKENS,
    contextTokens: 0,
    choices: 1,
  }),
  encode: () => Buffer.alloc(0),
  answerForm: () => FRAMES,
  sessionHeaders: ({ body }) =>
    body.betaHeader === undefined ? NO_HEADERS : { 'openai-beta': body.betaHeader },
  // Of a session in which a response failed nobody knows whose fault it was.
  check: (_job, { facts }) => (facts.finishReason === 'completed' ? PASSED : undefined),
  meter: ({ progress, price }: MeteredAttempt<RealtimeBody>) =>
    isRealtimeTally(progress.usage) ? usageOfSession(progress.usage, progress.tokenEvents, price) : undefined,
  // Whoever ends a session has told its client why.
  brokenEvents: () => undefined,
});

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});
