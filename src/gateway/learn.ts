import { teachesQuality } from '../core/reward/evidence-weight.ts';
import type { AttemptEnd, AttemptStart } from '../store/contract.ts';
import type { GatewayDeps } from './deps.ts';

/** Applies what an ending teaches to the beliefs in memory, and watches for a change of the model. */
export function learn(deps: GatewayDeps, start: AttemptStart, end: AttemptEnd, reason: string): void {
  const { automatic } = end;
  if (automatic && automatic.source !== 'heuristic' && teachesQuality(reason)) {
    watchQuality(deps, start, automatic.quality);
  }
  for (const delta of end.deltas) deps.learner.apply(delta);
}

/** Feeds the change detector one labelled outcome, before it is applied; an alarm opens the model's next epoch. */
export function watchQuality(
  deps: GatewayDeps,
  outcome: Pick<AttemptStart, 'modelId' | 'task'>,
  quality: number,
): void {
  const { learner } = deps;
  const { modelId, task } = outcome;
  if (!learner.watchQuality(modelId, task, quality)) return;
  const epoch = learner.epochOf(modelId) + 1;
  learner.openEpoch(modelId, epoch);
  deps.metrics.alarmRaised(modelId);
  deps.log.warn(
    { model: modelId, task, epoch },
    'quality changed: older outcomes of this model count a tenth now',
  );
  deps.store
    .openEpoch({ modelId, epoch, openedAtMs: deps.nowMs(), cause: 'quality_alarm' })
    .catch((error: unknown) =>
      deps.log.error({ model: modelId, err: error }, 'the new epoch could not be stored'),
    );
}
