import type { Decision, ExcludedCandidate } from '../core/choice/decision.ts';
import { GatewayError } from '../core/outcome/gateway-error.ts';

const REASON_TO_WORDS: Readonly<Record<ExcludedCandidate['reason'], string>> = {
  wrong_type: 'of another type',
  missing_capability: 'lacking what the request needs (tools, JSON mode, vision or audio)',
  context_length: 'with too short a context for it',
  not_allowed_for_key: 'not allowed for this key',
  not_in_route: "left out by the request's own 'route'",
  over_cost_ceiling: "over 'route.max_cost_usd'",
  over_latency_ceiling: "over 'route.max_latency_ms'",
  below_min_quality: 'below the minimum quality',
  breaker_open: 'failing at the moment',
  cooling: 'resting at the moment',
  disabled: 'unknown to their provider',
  paused: 'paused by the operator',
};

/** Reasons that pass by themselves. The others lie in the request or in the configuration. */
const PASSING = new Set<ExcludedCandidate['reason']>(['breaker_open', 'cooling', 'disabled', 'paused']);

/** 503 with the shortest wait; 403 or 400 when waiting would not help because of what was asked. */
export function nobodyCanServe(
  requested: string,
  decision: Pick<Decision, 'reason' | 'excluded'>,
  nowMs: number,
): GatewayError {
  const { excluded } = decision;
  const counts = new Map<ExcludedCandidate['reason'], number>();
  for (const { reason } of excluded) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const why = [...counts].map(([reason, count]) => `${count} ${REASON_TO_WORDS[reason]}`).join(', ');
  const message = `No model can serve this request for '${requested.slice(0, 200)}' now: ${why || 'none is configured'}.`;
  const only = counts.size === 1 ? excluded[0]?.reason : undefined;
  if (only === 'not_allowed_for_key') {
    return new GatewayError({ status: 403, code: 'model_not_allowed', param: 'model', message });
  }
  if (only === 'context_length') {
    return new GatewayError({ status: 400, code: 'context_length_exceeded', param: 'messages', message });
  }
  if (decision.reason === 'explicit' && only === 'wrong_type') {
    return new GatewayError({ status: 400, code: 'wrong_model_type', param: 'model', message });
  }
  if (decision.reason === 'explicit' && only === 'missing_capability') {
    return new GatewayError({ status: 400, code: 'unsupported_by_model', param: 'model', message });
  }
  const waits = excluded.flatMap(({ retryAtMs }) => (retryAtMs === undefined ? [] : [retryAtMs - nowMs]));
  const waitMs = waits.length > 0 ? Math.min(...waits) : 30_000;
  return new GatewayError({
    status: 503,
    code: 'no_model_available',
    message,
    retryAfterSeconds: Math.min(60, Math.max(1, Math.ceil(waitMs / 1000))),
    isRetryPointless: excluded.length > 0 && !excluded.some(({ reason }) => PASSING.has(reason)),
  });
}
