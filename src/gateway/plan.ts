import type { Refusal } from '../core/choice/choice-input.ts';
import { decide } from '../core/choice/decide.ts';
import type { Decision, ExcludedCandidate } from '../core/choice/decision.ts';
import { badRequest, GatewayError } from '../core/outcome/gateway-error.ts';
import { profileRequest } from '../core/task/profile-request.ts';
import type { Catalog } from './catalog.ts';
import type { ChatJob, RouteWishes } from './chat-job.ts';
import type { GatewayDeps, LiveSettings } from './deps.ts';
import { stayingOf } from './stay.ts';

const NO_WISHES: RouteWishes = {};

/**
 * What kind of request this is and who shall answer it, in which order. Reads memory only.
 *
 * @throws GatewayError 400 a wish that names nobody, 404 unknown model, 403 a model this key may not use, 503 when nobody can serve.
 */
export function planChat(deps: GatewayDeps, live: LiveSettings, job: ChatJob): Decision {
  const { catalog, routing } = live;
  const wishes = job.body.route ?? NO_WISHES;
  const resolved = catalog.resolve(job.body.model);
  const strategy =
    wishes.strategy === undefined
      ? (resolved.strategy ?? catalog.strategy(routing.defaultStrategy))
      : catalog.strategy(wishes.strategy, 'route.strategy');
  refuseUnknownNames(catalog, wishes);
  const wishRefusal = refusalByWishes(job, wishes);

  const profile = profileRequest(job.body, job.taskHint);
  const costPenalty = resolved.isExplicit ? 0 : deps.budgets.costPenaltyOf(strategy);
  const mayStay = !resolved.isExplicit && strategy.kind === 'bandit';
  const decision = decide({
    profile,
    candidates: resolved.candidates,
    strategy,
    learner: deps.learner,
    random: deps.random,
    refusalOf: (endpoint, model) =>
      wishRefusal?.(endpoint.provider, model.id) ?? deps.guard.refusalOf(endpoint.id),
    limits: {
      maxCostUsd: wishes.max_cost_usd,
      maxLatencyMs: wishes.max_latency_ms,
      minQuality: wishes.min_quality,
    },
    explore: wishes.explore !== false,
    floorShare: routing.exploration,
    isExplicit: resolved.isExplicit,
    costPenalty,
    staying: mayStay ? stayingOf(deps, catalog, job, profile.inputTokens, costPenalty) : undefined,
  });
  if (decision.ranking.length === 0) throw nobodyCanServe(job.body.model, decision, deps.nowMs());
  return decision;
}

/** A misspelt name in `provider_deny` would deny nobody, and nobody would notice. */
function refuseUnknownNames(catalog: Catalog, wishes: RouteWishes): void {
  const model = wishes.models?.find((id) => catalog.model(id) === undefined);
  if (model !== undefined) {
    const message = `'route.models' names '${model.slice(0, 200)}', which does not exist here. GET /v1/models lists those that do.`;
    throw badRequest(message, 'route.models', 'unknown_option');
  }
  for (const option of ['provider_allow', 'provider_deny'] as const) {
    const provider = wishes[option]?.find((name) => !catalog.providerNames.has(name));
    if (provider === undefined) continue;
    const known = [...catalog.providerNames].join(', ');
    const message = `'route.${option}' names '${provider.slice(0, 200)}', which is no provider here. There are: ${known}.`;
    throw badRequest(message, `route.${option}`, 'unknown_option');
  }
}

/** Undefined when neither the key nor the request narrows the choice: the usual case. */
function refusalByWishes(
  job: ChatJob,
  wishes: RouteWishes,
): ((provider: string, modelId: string) => Refusal | undefined) | undefined {
  const { allowedModels } = job;
  const { models, provider_allow: allow, provider_deny: deny } = wishes;
  if (!allowedModels && !models && !allow && !deny) return undefined;
  return (provider, modelId) => {
    if (allowedModels && !allowedModels.has(modelId)) return { reason: 'not_allowed_for_key' };
    if (models && !models.includes(modelId)) return { reason: 'not_in_route' };
    if (allow && !allow.includes(provider)) return { reason: 'not_in_route' };
    if (deny?.includes(provider)) return { reason: 'not_in_route' };
    return undefined;
  };
}

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
