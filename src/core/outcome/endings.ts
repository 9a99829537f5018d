/**
 * Every way an attempt can end, and what follows from each: the table of `docs/faults.md` as data.
 *
 * An attempt that could have reached an upstream gets exactly one of these, once.
 */

export interface EndingRule {
  /** HTTP status when this ending is what the client gets; 0 when the client gets the answer or is gone. */
  readonly status: number;
  /** `code` of the OpenAI-shaped error. */
  readonly code: string;
  /** Whether another candidate may be tried while no byte has gone to the client. */
  readonly next: 'any' | 'other_provider' | 'no';
  /** What the circuit breaker of the endpoint is told. `open` opens it at once. */
  readonly breaker: 'success' | 'failure' | 'open' | 'cool_down' | 'disable' | 'neither';
  /** `failure`: the availability of the endpoint learns a failure (and quality 0 if the client saw it). */
  readonly learnt: 'completed' | 'failure' | 'nothing';
}

export const ENDINGS = {
  completed: { status: 0, code: '', next: 'no', breaker: 'success', learnt: 'completed' },
  connect: { status: 502, code: 'upstream_unreachable', next: 'any', breaker: 'failure', learnt: 'failure' },
  tls: { status: 502, code: 'upstream_tls', next: 'other_provider', breaker: 'failure', learnt: 'nothing' },
  before_headers: { status: 502, code: 'upstream_error', next: 'any', breaker: 'failure', learnt: 'failure' },
  timeout: { status: 504, code: 'upstream_timeout', next: 'any', breaker: 'failure', learnt: 'failure' },
  rate_limited: {
    status: 429,
    code: 'rate_limit_exceeded',
    next: 'any',
    breaker: 'cool_down',
    learnt: 'nothing',
  },
  waking: { status: 503, code: 'model_waking_up', next: 'any', breaker: 'cool_down', learnt: 'nothing' },
  server_error: { status: 502, code: 'upstream_error', next: 'any', breaker: 'failure', learnt: 'failure' },
  /** The upstream's own 4xx; `status` is replaced by that status. */
  client_fault: { status: 400, code: 'invalid_request', next: 'no', breaker: 'neither', learnt: 'nothing' },
  context_length: {
    status: 400,
    code: 'context_length_exceeded',
    next: 'any',
    breaker: 'neither',
    learnt: 'nothing',
  },
  credentials: {
    status: 502,
    code: 'upstream_auth',
    next: 'other_provider',
    breaker: 'open',
    learnt: 'nothing',
  },
  model_gone: { status: 404, code: 'model_not_found', next: 'any', breaker: 'disable', learnt: 'nothing' },
  bad_answer: {
    status: 502,
    code: 'bad_upstream_response',
    next: 'any',
    breaker: 'failure',
    learnt: 'failure',
  },
  stream_before_token: {
    status: 502,
    code: 'bad_upstream_response',
    next: 'any',
    breaker: 'failure',
    learnt: 'failure',
  },
  stream_after_token: {
    status: 502,
    code: 'upstream_error',
    next: 'no',
    breaker: 'failure',
    learnt: 'failure',
  },
  too_much: { status: 502, code: 'upstream_too_large', next: 'no', breaker: 'failure', learnt: 'failure' },
  client_left: { status: 0, code: '', next: 'no', breaker: 'neither', learnt: 'nothing' },
  /** The request's time ran out while it waited for one of our own connections (`max_connections`). */
  local_queue: {
    status: 503,
    code: 'connections_in_use',
    next: 'any',
    breaker: 'neither',
    learnt: 'nothing',
  },
  /** Our own drain limit cut the answer. */
  shutdown: { status: 503, code: 'shutting_down', next: 'no', breaker: 'neither', learnt: 'nothing' },
  /** Written at start for attempts that a crash left pending: charged at their estimate. */
  unknown: { status: 0, code: '', next: 'no', breaker: 'neither', learnt: 'nothing' },
} as const satisfies Record<string, EndingRule>;

export type Ending = keyof typeof ENDINGS;

export function ruleOf(ending: Ending): EndingRule {
  return ENDINGS[ending];
}
