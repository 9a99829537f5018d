import type { NoticedChange } from '../../core/learning/contract.ts';
import type { BeliefDelta } from '../../core/learning/delta.ts';
import { showsChange } from '../../core/reward/evidence-weight.ts';
import type { AttemptEnd, AttemptStart, StoredChange } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';

/** Applies what an ending teaches to the beliefs in memory, and watches for a change of the model. */
export function learn(deps: GatewayDeps, start: AttemptStart, end: AttemptEnd, reason: string): void {
  const { automatic } = end;
  if (automatic && automatic.source !== 'heuristic' && showsChange(reason)) {
    watchQuality(deps, start, automatic.quality);
  }
  for (const delta of end.deltas) {
    if (delta.kind === 'ttft' || delta.kind === 'token_time') watchSpeed(deps, start, delta);
    deps.learner.apply(delta);
  }
}

/** After a change of an endpoint's speed the next one is looked for so much later. */
const SPEED_QUIET_MS = 30_000;

/** Feeds the change detector of an endpoint one time measured, before it is applied; an alarm opens its next epoch. */
function watchSpeed(deps: GatewayDeps, { endpointId, task }: AttemptStart, { kind, b }: BeliefDelta): void {
  const { learner } = deps;
  // Load comes in waves, and every one would be two changes.
  const nowMs = deps.monotonicMs();
  if (nowMs < (deps.speedQuietUntilMs.get(endpointId) ?? 0)) return;
  // One answer: b is the logarithm of its time.
  const ms = Math.exp(b);
  const change =
    kind === 'ttft'
      ? learner.watchFirstToken(endpointId, task, ms)
      : learner.watchTiming(endpointId, task, ms);
  if (change === undefined) return;
  deps.speedQuietUntilMs.set(endpointId, nowMs + SPEED_QUIET_MS);
  const epoch = learner.endpointEpochOf(endpointId) + 1;
  learner.openEndpointEpoch(endpointId, epoch);
  deps.metrics.speedAlarmRaised(endpointId, change.direction);
  deps.log.warn(
    { endpoint: endpointId, task, epoch, measure: kind, ...shown(change, 1) },
    `became ${change.direction === 'worse' ? 'slower' : 'faster'}: older answers of this endpoint count a tenth now`,
  );
  deps.store
    .openEndpointEpoch({
      endpointId,
      epoch,
      openedAtMs: deps.nowMs(),
      cause: `${kind}_alarm`,
      ...stored(change),
    })
    .catch((error: unknown) =>
      deps.log.error({ endpoint: endpointId, err: error }, 'the new epoch could not be stored'),
    );
}

/**
 * Feeds the change detector one labelled outcome, before it is applied; an alarm, or a second look, opens an epoch.
 *
 * @param judge the source, where a judge said it
 */
export function watchQuality(
  deps: GatewayDeps,
  outcome: Pick<AttemptStart, 'modelId' | 'task'>,
  quality: number,
  judge?: string,
): void {
  const { learner } = deps;
  const { modelId, task } = outcome;
  const change = learner.watchQuality(modelId, task, quality, judge);
  if (change !== undefined) {
    const epoch = learner.epochOf(modelId) + 1;
    deps.metrics.alarmRaised(modelId, change.direction);
    deps.log.warn(
      { model: modelId, task, epoch, ...shown(change, 3) },
      `quality became ${change.direction}: older outcomes of this model count a tenth now`,
    );
    openEpoch(deps, modelId, epoch, 'quality_alarm', change);
  }
  const look = learner.secondLook();
  if (look === undefined) return;
  deps.log.warn(
    { model: look.modelId, epoch: look.epoch },
    'a second look: older outcomes of this model count a thousandth now, so that it is tried again',
  );
  openEpoch(deps, look.modelId, look.epoch, 'second_look');
}

function openEpoch(
  deps: GatewayDeps,
  modelId: string,
  epoch: number,
  cause: string,
  change?: NoticedChange,
): void {
  deps.learner.openEpoch(modelId, epoch);
  deps.store
    .openEpoch({ modelId, epoch, openedAtMs: deps.nowMs(), cause, ...(change && stored(change)) })
    .catch((error: unknown) =>
      deps.log.error({ model: modelId, err: error }, 'the new epoch could not be stored'),
    );
}

function stored({ direction, before, after }: NoticedChange): StoredChange {
  return { direction, measuredBefore: before, measuredAfter: after };
}

function shown({ direction, before, after }: NoticedChange, digits: number): NoticedChange {
  return { direction, before: round(before, digits), after: round(after, digits) };
}
