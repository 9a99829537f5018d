import type { ChoiceInput } from '../../core/choice/choice-input.ts';
import { decide } from '../../core/choice/decide.ts';
import { decideInTiers } from '../../core/choice/decide-in-tiers.ts';
import type { Decision } from '../../core/choice/decision.ts';
import type { RequestProfile } from '../../core/task/task.ts';
import { parseTask } from '../../core/task/task-alias.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { withAccount } from './answer-headers.ts';
import { impossibleWish } from './impossible-wish.ts';
import type { Job } from './job.ts';
import { nobodyCanServe } from './nobody-can-serve.ts';
import { serveBaseline } from './observe.ts';
import type { Policy, Tier } from './policy.ts';
import { stayingOf } from './stay.ts';
import { unsupportedParameterOf } from './supported-parameters.ts';
import { refusalOfTongue, refuseUncarried, type TongueRefusals, tongueRefusals } from './tongue-refusals.ts';

/**
 * What kind of request this is and who shall answer it, in which order. Reads memory only.
 *
 * @throws GatewayError 403 a model this key may not use, 400 what no model that was asked for takes, 402 what fits into no budget, 503 when nobody can serve.
 */
export function planJob(deps: GatewayDeps, live: LiveSettings, job: Job, policy: Policy): Decision {
  const { routing } = live;
  const { tiers } = policy;
  const { operation } = job;
  const profile = operation.profile(job);
  if (job.taskHint !== undefined && parseTask(job.taskHint) === undefined) warn(job, 'ignored:x-router-task');
  // Where only named models come first, nothing is left to a strategy that could be observed.
  const baseline = operation.isConversation && !tiers[0]?.isExplicit ? routing.baseline : undefined;
  const { tongues } = live.catalog;
  const uncarried = tongues.length > 0 ? tongueRefusals(tongues, job) : undefined;
  const circumstances = { job, policy, profile, uncarried, isObserved: baseline !== undefined };
  const input = inputOf(deps, live, circumstances, tiers[0] as Tier);
  const decision =
    tiers.length === 1
      ? decide(input)
      : decideInTiers(tiers.map((tier) => inputOf(deps, live, circumstances, tier)));
  if (baseline !== undefined) return serveBaseline(deps, live, baseline, job, input, decision);
  if (decision.ranking.length === 0) {
    if (uncarried) refuseUncarried(uncarried, live.catalog, decision, job.body.model);
    const refusal = nobodyCanServe(
      job.body.model,
      decision,
      deps.nowMs(),
      () => refusedParameters(live, job, decision),
      () => deps.spending.exceeded(job),
      (why) => impossibleWish(job, live.catalog, decision.excluded, why),
    );
    throw withAccount(refusal, job, decision, {
      asked: undefined,
      attempts: 0,
      overheadMs: deps.monotonicMs() - job.arrivedMs,
      costPicoUsd: 0,
      budgetWarning: deps.spending.warningFor(job),
    });
  }
  return decision;
}

/** Once, also where a request is planned twice. */
function warn(job: Job, warning: string): void {
  if (!job.warnings.includes(warning)) job.warnings = [...job.warnings, warning];
}

function inputOf(
  deps: GatewayDeps,
  live: LiveSettings,
  {
    job,
    policy,
    profile,
    uncarried,
    isObserved,
  }: {
    readonly job: Job;
    readonly policy: Policy;
    readonly profile: RequestProfile;
    readonly uncarried: TongueRefusals | undefined;
    readonly isObserved: boolean;
  },
  { candidates, isExplicit, strategy, explore }: Tier,
): ChoiceInput {
  const { type, isConversation } = job.operation;
  const { spending, budgets } = deps;
  const costPenalty = isExplicit
    ? 0
    : (isConversation ? budgets.costPenaltyOf(strategy) : 0) +
      spending.costPenaltyFor(job, strategy.valueOfQualityUsd);
  const mayStay = isConversation && !isExplicit && strategy.kind === 'bandit' && !isObserved;
  return {
    profile,
    candidates,
    strategy,
    type,
    learner: deps.learner.ofType(type),
    random: deps.random,
    refusalOf: (endpoint, model) =>
      policy.refusalOf?.(endpoint, model) ??
      deps.pauses.refusalOf(model.id) ??
      (uncarried && refusalOfTongue(uncarried, endpoint)) ??
      deps.guard.refusalOf(endpoint.id),
    limits: policy.limits,
    budgetMicroUsd: spending.leftFor(job),
    explore,
    floorShare: live.routing.exploration,
    isExplicit,
    costPenalty,
    // A model that was named teaches nothing: its answers are not judged.
    judging: isExplicit || !isConversation ? undefined : deps.judge.judging(deps, live),
    trials: isExplicit || isObserved ? undefined : deps.trials.running(),
    caps: isExplicit || job.operation.isPinned ? undefined : deps.exposure.capsFor(profile.task),
    staying: mayStay ? stayingOf(deps, live.catalog, job, profile.inputTokens, costPenalty) : undefined,
  };
}

/** Which parameters of the request those do not take that were left out for one. */
function refusedParameters({ catalog }: LiveSettings, job: Job, { excluded }: Decision): string[] {
  const names = excluded.flatMap(({ reason, endpointId }) => {
    const candidate = reason === 'unsupported_parameter' ? catalog.endpoint(endpointId) : undefined;
    return (candidate && unsupportedParameterOf(job.body, candidate.endpoint)) ?? [];
  });
  return [...new Set(names)];
}
