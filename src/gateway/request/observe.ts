import type { ChoiceInput } from '../../core/choice/choice-input.ts';
import { decide } from '../../core/choice/decide.ts';
import type { Decision } from '../../core/choice/decision.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { impossibleWish } from './impossible-wish.ts';
import type { Job } from './job.ts';
import { nobodyCanServe } from './nobody-can-serve.ts';

/**
 * While routing is only observed: what `auto` comes to is kept beside the decision, and the baseline serves, with
 * propensity 1. Its cost and its quality are learnt as served; once it has answered, the budget of the strategy is
 * charged with what the choice was expected to cost (`charge-budget.ts`), so that it presses on the choices as it would.
 *
 * @param input  of the choice that was made
 * @throws GatewayError as for a request that names the baseline: what it cannot serve is served by nobody else
 */
export function serveBaseline(
  deps: GatewayDeps,
  live: LiveSettings,
  baseline: string,
  job: Job,
  input: ChoiceInput,
  choice: Decision,
): Decision {
  const served = decide({
    ...input,
    candidates: live.catalog.resolve(baseline, 'chat').candidates,
    // The order of its endpoints by utility, whatever the strategy would do with several models.
    strategy: { ...input.strategy, kind: 'bandit', minQuality: 0 },
    explore: false,
    isExplicit: true,
    costPenalty: 0,
    staying: undefined,
  });
  if (served.ranking.length === 0)
    throw nobodyCanServe(
      baseline,
      served,
      deps.nowMs(),
      undefined,
      () => deps.spending.exceeded(job),
      (why) => impossibleWish(job, live.catalog, served.excluded, why),
    );
  const { reason, ranking, excluded, circumstances } = choice;
  return {
    ...served,
    reason: 'dry-run',
    circumstances: { costPenalty: circumstances?.costPenalty, dryRun: { reason, ranking, excluded } },
  };
}

/** Counts a request that is going to be served, once. */
export function noteObserved(
  { dryRuns }: GatewayDeps,
  { profile, strategy, ranking, circumstances }: Decision,
): void {
  const [served] = ranking;
  const choice = circumstances?.dryRun;
  if (served === undefined || choice === undefined) return;
  dryRuns.record({ task: profile.task, strategy }, served, choice.ranking[0]);
}
