import type { ChoiceInput, Refusal } from '../core/choice/choice-input.ts';
import { decide } from '../core/choice/decide.ts';
import type { Decision } from '../core/choice/decision.ts';
import { badRequest } from '../core/outcome/gateway-error.ts';
import { profileRequest } from '../core/task/profile-request.ts';
import type { Catalog } from './catalog.ts';
import type { ChatJob, RouteWishes } from './chat-job.ts';
import type { GatewayDeps, LiveSettings } from './deps.ts';
import { isPermitted, refuseForbidden } from './key-permits.ts';
import { nobodyCanServe } from './nobody-can-serve.ts';
import { serveBaseline } from './observe.ts';
import { stayingOf } from './stay.ts';

const NO_WISHES: RouteWishes = {};

/**
 * What kind of request this is and who shall answer it, in which order. Reads memory only.
 *
 * @throws GatewayError 400 a wish that names nobody, 404 unknown model, 403 a model or provider this key may not use, 503 when nobody can serve.
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
  refuseForbidden(job, resolved.candidates, wishes);
  const wishRefusal = refusalByWishes(job, wishes);

  const profile = profileRequest(job.body, job.taskHint);
  const costPenalty = resolved.isExplicit ? 0 : deps.budgets.costPenaltyOf(strategy);
  const baseline = resolved.isExplicit ? undefined : routing.baseline;
  const mayStay = !resolved.isExplicit && strategy.kind === 'bandit' && baseline === undefined;
  const input: ChoiceInput = {
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
    trials: resolved.isExplicit || baseline !== undefined ? undefined : deps.trials.running(),
    staying: mayStay ? stayingOf(deps, catalog, job, profile.inputTokens, costPenalty) : undefined,
  };
  const decision = decide(input);
  if (baseline !== undefined) return serveBaseline(deps, live, baseline, input, decision);
  if (decision.ranking.length === 0) throw nobodyCanServe(job.body.model, decision, deps.nowMs());
  if (input.trials !== undefined) deps.trials.chosen(decision.ranking[0]?.modelId ?? '');
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
  const { allowedModels, allowedProviders } = job;
  const { models, provider_allow: allow, provider_deny: deny } = wishes;
  if (!allowedModels && !allowedProviders && !models && !allow && !deny) return undefined;
  return (provider, modelId) => {
    if (!isPermitted(job, modelId, provider)) return { reason: 'not_allowed_for_key' };
    if (models && !models.includes(modelId)) return { reason: 'not_in_route' };
    if (allow && !allow.includes(provider)) return { reason: 'not_in_route' };
    if (deny?.includes(provider)) return { reason: 'not_in_route' };
    return undefined;
  };
}
