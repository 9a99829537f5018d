import type { Decision, ExcludedCandidate } from '../../core/choice/decision.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';

const REASON_TO_WORDS: Readonly<Record<ExcludedCandidate['reason'], string>> = {
  wrong_type: 'of another type',
  missing_capability: 'lacking what the request needs (tools, JSON mode, vision or audio)',
  not_carried: 'at a provider whose API cannot carry what it asks for',
  context_length: 'with too short a context for it',
  not_allowed_for_key: 'not allowed for this key',
  not_in_route: "left out by the request's own 'route' or 'provider'",
  unsupported_parameter: 'not taking a parameter of the request',
  over_price_ceiling: "over 'provider.max_price'",
  price_unknown: "of unknown price, which 'provider.max_price' leaves out",
  over_cost_ceiling: "over 'route.max_cost_usd'",
  budget: 'too dear for what is left of a budget',
  over_latency_ceiling: "over 'route.max_latency_ms'",
  below_min_quality: 'below the minimum quality',
  breaker_open: 'failing at the moment',
  cooling: 'resting at the moment',
  waking: 'waking up',
  disabled: 'unknown to their provider',
  paused: 'paused by the operator',
};

/** Reasons that pass by themselves. The others lie in the request or in the configuration. */
const PASSING = new Set<ExcludedCandidate['reason']>([
  'breaker_open',
  'cooling',
  'waking',
  'disabled',
  'paused',
]);

/**
 * 402 where those that could serve are too dear for a budget; 503 with the shortest wait; 403 or 400 when waiting would not help because of what was asked.
 *
 * @param overBudget        the 402 for whom a budget left nobody; undefined when there is room again
 * @param impossible        the 400 for whom the bounds of the request itself left nobody, and what would do
 * @param refusedParameters the parameters for which models were left out; only asked where that was all
 */
export function nobodyCanServe(
  requested: string,
  decision: Pick<Decision, 'reason' | 'excluded'>,
  nowMs: number,
  refusedParameters: () => readonly string[] = () => [],
  overBudget: () => GatewayError | undefined = () => undefined,
  impossible: (why: string) => GatewayError | undefined = () => undefined,
): GatewayError {
  const { excluded } = decision;
  const counts = new Map<ExcludedCandidate['reason'], number>();
  for (const { reason } of excluded) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const why = [...counts].map(([reason, count]) => `${count} ${REASON_TO_WORDS[reason]}`).join(', ');
  const message = `No model can serve this request for '${requested.slice(0, 200)}' now: ${why || 'none is configured'}.`;
  // Whom the request itself left out says nothing of why the others cannot.
  const telling = [...counts.keys()].filter((reason) => reason !== 'not_in_route');
  const only = telling.length === 1 ? telling[0] : undefined;
  if (only === 'not_allowed_for_key') {
    return new GatewayError({ status: 403, code: 'model_not_allowed', param: 'model', message });
  }
  if (only === 'context_length') {
    return new GatewayError({
      status: 400,
      code: 'context_length_exceeded',
      param: 'messages',
      // "maximum context length" are OpenAI's words, by which clients tell it.
      message: `${message} It is over the maximum context length of all that may answer it: shorten it, or allow a model with a longer one.`,
    });
  }
  if (decision.reason === 'explicit' && only === 'wrong_type') {
    return new GatewayError({ status: 400, code: 'wrong_model_type', param: 'model', message });
  }
  if (decision.reason === 'explicit' && only === 'missing_capability') {
    return new GatewayError({ status: 400, code: 'unsupported_by_model', param: 'model', message });
  }
  if (only === 'not_carried') {
    return new GatewayError({ status: 400, code: 'unsupported_by_provider', message });
  }
  if (only === 'unsupported_parameter') {
    const names = refusedParameters();
    return new GatewayError({
      status: 400,
      code: 'unsupported_parameter',
      param: names[0] ?? null,
      message: `No model that may serve this request for '${requested.slice(0, 200)}' takes ${names.map((name) => `'${name}'`).join(', ') || 'all its parameters'}. Leave it out, or let it be dropped with 'provider': {'require_parameters': false}. GET /v1/models lists each model's 'supported_parameters'.`,
    });
  }
  // Who only rests may have fitted: waiting helps then.
  if (!telling.some((reason) => PASSING.has(reason))) {
    const error = counts.has('budget') ? overBudget() : impossible(why);
    if (error !== undefined) return error;
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
