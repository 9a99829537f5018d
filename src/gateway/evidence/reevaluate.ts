import type { Model } from '../../core/catalog/model.ts';
import { cheapestEndpoint, handicapOf, valueOfPoint } from '../../core/choice/handicap.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import { TRIAL_SHARE } from '../../core/choice/trials.ts';
import { OLDER_EPOCH_WEIGHT } from '../../core/learning/belief-sums.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import { windowMs } from '../../core/tally/report-window.ts';
import { sumTraffic } from '../../core/tally/traffic.ts';
import { type AnyTask, tasksOfType } from '../../core/task/operation-task.ts';
import type { ModelTraffic } from '../../store/contract.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';

/**
 * Looks at a model again: opens its next epoch, in which what was known of it counts a tenth, and lets it have a share of
 * the choices for a number of requests, whatever is believed of it. While it is on trial already nothing new is begun.
 *
 * @throws GatewayError 404 for an unknown model, 409 for one that `auto` cannot choose or while routing is only observed,
 *   503 when the epoch cannot be stored; nothing is begun then.
 */
export async function reevaluateModel(deps: GatewayDeps, id: string, maxRequests: number): Promise<object> {
  const { catalog, routing } = deps.live;
  const model = catalog.model(id);
  if (model === undefined) throw unknownModel(id);
  if (model.type === 'embedding') {
    throw conflict(
      `'${id}' is an embedding model: all requests of a key go to one of them, and nothing else would be tried. PUT /v1/embedding-models/{key_id} moves a key.`,
    );
  }
  // Only conversations are observed.
  if (model.type === 'chat' && routing.baseline !== undefined) {
    throw conflict(
      `Routing is only observed, and '${routing.baseline}' serves: nothing else would be tried.`,
    );
  }
  const strategy = catalog.strategy(routing.defaultStrategy);
  const before = beliefsOf(deps, model);
  const rows = await deps.store.readModelTraffic(deps.nowMs() - windowMs('7d'));
  // Nothing is waited for between the look and the start: of two who ask at once only one opens an epoch.
  const running = deps.trials.trialOf(id);
  const mayCost = priceOfTrial(deps, model, strategy, running?.remaining ?? maxRequests, rows);
  const trial = running ?? deps.trials.start(id, maxRequests);
  if (running === undefined) {
    await openEpoch(deps, id).catch((error: unknown) => {
      deps.trials.cancel(id);
      throw error;
    });
  }
  const after = beliefsOf(deps, model);
  return {
    object: 'reevaluation',
    model: id,
    opened_epoch: running === undefined,
    epoch: deps.learner.epochOf(id),
    older_evidence_counts: OLDER_EPOCH_WEIGHT,
    trial: { share_of_choices: TRIAL_SHARE, max_requests: trial.requests, remaining: trial.remaining },
    may_cost: mayCost,
    tasks: tasksOfType(model.type).map((task, index) => ({
      task,
      before: before[index],
      after: after[index],
    })),
  };
}

async function openEpoch(deps: GatewayDeps, modelId: string): Promise<void> {
  const epoch = deps.learner.epochOf(modelId) + 1;
  await deps.store.openEpoch({ modelId, epoch, openedAtMs: deps.nowMs(), cause: 'reevaluation' });
  deps.learner.openEpoch(modelId, epoch);
  deps.log.warn(
    { model: modelId, epoch },
    'asked to look at this model again: older outcomes of it count a tenth now',
  );
}

function beliefsOf(deps: GatewayDeps, { id, type }: Model): object[] {
  return tasksOfType(type).map((task) => {
    const { mean, low90, high90, samples } = deps.learner.qualityOf(task, id);
    return {
      quality: round(mean, 4),
      low_90: round(low90, 4),
      high_90: round(high90, 4),
      samples: round(samples, 4),
    };
  });
}

/**
 * What the trial costs if the model is no better than it is believed to be now: over the tasks of the last week, against
 * the model of the highest utility of each. Without traffic all tasks count alike.
 */
function priceOfTrial(
  deps: GatewayDeps,
  model: Model,
  strategy: Strategy,
  requests: number,
  rows: readonly ModelTraffic[],
): object {
  const taskToTraffic = sumTraffic(rows, (row) => row.task);
  const tasks = tasksOfType(model.type);
  const total = tasks.reduce((sum, task) => sum + (taskToTraffic.get(task)?.requests ?? 0), 0);
  const rivals = deps.live.catalog.models.filter(({ type }) => type === model.type);
  let costUsd = 0;
  let quality = 0;
  let valueUsd = 0;
  for (const task of tasks) {
    const share = total > 0 ? (taskToTraffic.get(task)?.requests ?? 0) / total : 1 / tasks.length;
    if (share === 0) continue;
    const own = worthOf(deps, strategy, task, model);
    const best = rivals
      .map((one) => worthOf(deps, strategy, task, one))
      .reduce((most, one) => (one.utility > most.utility ? one : most), own);
    costUsd += share * (own.costUsd - best.costUsd);
    quality += share * (best.quality - own.quality);
    valueUsd += share * valueOfPoint(strategy) * (best.utility - own.utility);
  }
  return {
    requests,
    strategy: strategy.name,
    extra_cost_usd: round(requests * costUsd, 6),
    quality_lost_per_request: round(quality, 4),
    value_lost_usd: round(requests * valueUsd, 6),
  };
}

/** Utility in points of quality. */
function worthOf(deps: GatewayDeps, strategy: Strategy, task: AnyTask, model: Model) {
  const quality = deps.learner.qualityOf(task, model.id).mean;
  const costUsd = cheapestEndpoint(deps.learner, task, model).costMicroUsd / 1_000_000;
  const costPenalty = deps.budgets.costPenaltyOf(strategy);
  const handicap = handicapOf(deps.learner, { strategy, costPenalty }, task, model);
  return { quality, costUsd, utility: quality - handicap };
}

function conflict(message: string): GatewayError {
  return new GatewayError({ status: 409, code: 'cannot_reevaluate', param: 'model', message });
}
