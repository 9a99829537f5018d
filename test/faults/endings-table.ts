import type { Misbehaviour } from '../fixtures/misbehaving-upstream.ts';

/** One example of the table of endings (docs/faults.md), as one attempt that stays alone. */
export interface Row {
  readonly model: Misbehaviour;
  readonly as: readonly ('unary' | 'stream')[];
  readonly ending: string;
  readonly status: number;
  readonly code: string;
  /** Seconds, at most; undefined when the answer must not have the header. */
  readonly retryAfter?: number;
  readonly otherMayAnswer: boolean;
  readonly breaker: string;
  readonly learnt: 'failure' | 'nothing';
}

const BOTH = ['unary', 'stream'] as const;
const UNARY = ['unary'] as const;
const STREAM = ['stream'] as const;

const unreachable = { ending: 'connect', status: 502, code: 'upstream_unreachable' };
const beforeHeaders = { ending: 'before_headers', status: 502, code: 'upstream_error' };
const timeout = { ending: 'timeout', status: 504, code: 'upstream_timeout' };
const rateLimited = { ending: 'rate_limited', status: 429, code: 'rate_limit_exceeded' };
const waking = { ending: 'waking', status: 503, code: 'model_waking_up' };
const serverError = { ending: 'server_error', status: 502, code: 'upstream_error' };
const clientFault = { ending: 'client_fault', code: 'invalid_request' };
const contextLength = { ending: 'context_length', status: 400, code: 'context_length_exceeded' };
const credentials = { ending: 'credentials', status: 502, code: 'upstream_auth' };
const modelGone = { ending: 'model_gone', status: 404, code: 'model_not_found' };
const badAnswer = { ending: 'bad_answer', status: 502, code: 'bad_upstream_response' };
const badOpening = { ending: 'stream_before_token', status: 502, code: 'bad_upstream_response' };

const failing = { otherMayAnswer: true, breaker: 'failures: 1', learnt: 'failure' } as const;
const resting = { otherMayAnswer: true, breaker: 'cooling', learnt: 'nothing' } as const;
const harmless = { otherMayAnswer: false, breaker: 'untouched', learnt: 'nothing' } as const;
const shutOut = { otherMayAnswer: true, breaker: 'open', learnt: 'nothing' } as const;
const disabled = { otherMayAnswer: true, breaker: 'disabled', learnt: 'nothing' } as const;

export const TABLE: readonly Row[] = [
  { model: 'refuse', as: BOTH, ...unreachable, ...failing },

  { model: 'reset-before-headers', as: BOTH, ...beforeHeaders, ...failing },
  { model: 'close-before-headers', as: BOTH, ...beforeHeaders, ...failing },
  { model: 'not-http', as: BOTH, ...beforeHeaders, ...failing },
  { model: 'slow-headers', as: BOTH, ...timeout, ...failing },

  { model: '429-seconds', as: BOTH, ...rateLimited, retryAfter: 7, ...resting },
  { model: '429-date', as: BOTH, ...rateLimited, retryAfter: 20, ...resting },
  { model: '429-huge', as: BOTH, ...rateLimited, retryAfter: 60, ...resting },
  { model: '429-quota', as: BOTH, ...rateLimited, retryAfter: 60, ...resting },
  { model: '503-waking', as: BOTH, ...waking, retryAfter: 5, ...resting },

  { model: '500', as: BOTH, ...serverError, ...failing },
  { model: '502-html', as: BOTH, ...serverError, ...failing },
  { model: '529', as: BOTH, ...serverError, ...failing },
  { model: 'stall-500', as: BOTH, ...serverError, ...failing },

  { model: '400', as: BOTH, ...clientFault, status: 400, ...harmless },
  { model: '413', as: BOTH, ...clientFault, status: 413, ...harmless },
  { model: '422', as: BOTH, ...clientFault, status: 422, ...harmless },
  { model: 'context-length', as: BOTH, ...contextLength, ...harmless, otherMayAnswer: true },

  { model: '401', as: BOTH, ...credentials, ...shutOut },
  { model: '402', as: BOTH, ...credentials, ...shutOut },
  { model: '403', as: BOTH, ...credentials, ...shutOut },
  { model: '404-model', as: BOTH, ...modelGone, ...disabled },

  { model: 'malformed-json', as: BOTH, ...badAnswer, ...failing },
  { model: 'empty-200', as: BOTH, ...badAnswer, ...failing },
  { model: 'html-200', as: BOTH, ...badAnswer, ...failing },
  { model: 'no-choices', as: BOTH, ...badAnswer, ...failing },
  { model: 'wrong-content-length-long', as: BOTH, ...badAnswer, ...failing },
  { model: 'wrong-content-length-short', as: BOTH, ...badAnswer, ...failing },
  { model: 'lying-gzip', as: BOTH, ...badAnswer, ...failing },
  { model: 'stall-body', as: UNARY, ...timeout, ...failing },
  { model: 'gzip-bomb', as: UNARY, ...badAnswer, ...failing },

  { model: 'stream-error-event-first', as: STREAM, ...badOpening, ...failing },
  { model: 'stream-empty', as: STREAM, ...badOpening, ...failing },
  { model: 'stream-done-only', as: STREAM, ...badOpening, ...failing },
  { model: 'stream-stall-first', as: STREAM, ...timeout, ...failing },
  { model: 'stream-heartbeats', as: STREAM, ...timeout, ...failing },
];

/** Odd, and none the worse for it. */
export const TOLERATED: readonly (readonly [Misbehaviour, 'unary' | 'stream'])[] = [
  ['ok', 'unary'],
  ['ok-slow', 'unary'],
  ['usage-spaced', 'unary'],
  ['usage-spaced', 'stream'],
  ['stream-ok', 'stream'],
  ['stream-no-done', 'stream'],
  ['stream-crlf', 'stream'],
  ['stream-cr', 'stream'],
  ['stream-comments', 'stream'],
  ['stream-multiline-data', 'stream'],
  ['stream-bom', 'stream'],
  ['stream-text-after-done', 'stream'],
  ['stream-http10', 'stream'],
  ['stream-split-bytes', 'stream'],
  ['stream-python-spaces', 'stream'],
  ['stream-json-instead', 'stream'],
  ['stream-usage-in-each', 'stream'],
  ['stream-usage-in-finish', 'stream'],
  ['early-hints', 'unary'],
  ['early-hints', 'stream'],
];

/** Whole answers whose usage cannot be believed. */
export const BAD_USAGE: readonly (readonly [Misbehaviour, 'unary' | 'stream'])[] = [
  ['usage-missing', 'unary'],
  ['usage-negative', 'unary'],
  ['usage-strings', 'unary'],
  ['usage-missing', 'stream'],
  ['usage-negative', 'stream'],
  ['usage-strings', 'stream'],
];

/** Streams that die when their client has already read some of them. */
export const BROKEN_AFTER_TOKEN: readonly Misbehaviour[] = [
  'stream-reset-after',
  'stream-close-after',
  'stream-stall-after',
  'stream-heartbeats-after',
  'stream-truncated',
  'stream-error-after',
];

/** Examples with a test of their own elsewhere. */
export const ELSEWHERE: Readonly<Partial<Record<Misbehaviour, string>>> = {
  'stream-alias-inside': 'test/gateway/pass-through.test.ts',
  'wrong-content-length': 'the same as wrong-content-length-long',
  'stream-endless': 'too-much.test.ts',
  'huge-300mb': 'too-much.test.ts',
  echo: 'test/providers/openai/pass-through.test.ts',
};
