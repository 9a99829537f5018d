import type { Model } from '../../core/catalog/model.ts';
import type { DryRunSummary } from '../../core/choice/dry-run-tally.ts';
import { cheapestEndpoint, expectedTokens, handicapOf } from '../../core/choice/handicap.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import { DAY_MS } from '../../core/durations.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { windowMs } from '../../core/tally/report-window.ts';
import { sumTraffic, type Traffic } from '../../core/tally/traffic.ts';
import { type AnyTask, typeOfTask } from '../../core/task/operation-task.ts';
import { TASKS } from '../../core/task/task.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';
import { catalogFilter } from './catalog-filter.ts';
import { openRankPages, rankPageOf } from './rank-page.ts';

const SORTS = {
  probability: (row: RankedModel) => -row.probability_best,
  quality: (row: RankedModel) => -row.quality.mean,
  cost: (row: RankedModel) => row.cost_usd_per_1k_requests,
  latency: (row: RankedModel) => row.latency_ms.p50,
  traffic: (row: RankedModel) => -row.traffic_share,
} as const;

type RankedModel = ReturnType<typeof rankModel>;

export interface RankingsQuery {
  readonly task?: string;
  readonly strategy?: string;
  readonly window?: string;
  readonly sort?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/**
 * Per task, the models with what is believed of them and what they did lately.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all.
 * @throws GatewayError 400 for an unknown task, strategy, window, sort or provider, or a page that is none; 404 for an unknown model.
 */
export async function rankModels(
  deps: GatewayDeps,
  query: RankingsQuery,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const { catalog, routing } = deps.live;
  const strategy = catalog.strategy(query.strategy ?? routing.defaultStrategy);
  const window = query.window ?? '24h';
  const sortName = query.sort ?? 'probability';
  if (!isSort(sortName)) {
    throw badRequest(
      `Rankings sort by ${Object.keys(SORTS).join(', ')}, not by '${sortName.slice(0, 32)}'.`,
      'sort',
    );
  }
  const order = sortName;
  const tasks: readonly AnyTask[] = query.task === undefined ? TASKS : [workNamed(query.task)];
  const rows = await deps.store.readModelTraffic(deps.nowMs() - windowMs(window));
  const cellToTraffic = sumTraffic(rows, (row) => `${row.task} ${row.modelId}`);
  const taskToTraffic = sumTraffic(rows, (row) => row.task);
  const type = query.task === undefined ? 'chat' : typeOfTask(tasks[0] ?? 'unknown');
  const models = catalog.models.filter(
    (model) => model.type === type && visibleModels?.has(model.id) !== false,
  );

  const filter = catalogFilter(models, query);
  const shown = models.filter((model) =>
    model.endpoints.some((endpoint) => filter.isWanted(model, endpoint)),
  );
  const shownIds = new Set(shown.map(({ id }) => id));
  const pages = openRankPages(
    rankPageOf(query, Number.POSITIVE_INFINITY),
    models.map(({ id }) => id),
    tasks.length,
  );

  const data: object[] = [];
  for (const [list, task] of tasks.entries()) {
    if (deps.turns.isOver()) await deps.turns.next();
    data.push(await rankOfTask(task, list));
  }
  return {
    object: 'list',
    strategy: strategy.name,
    window,
    budget: budgetOf(deps, strategy),
    ...observedOf(deps, strategy, visibleModels),
    generated_at: new Date(deps.nowMs()).toISOString(),
    data,
    ...pages.next(),
  };

  async function rankOfTask(task: AnyTask, list: number) {
    const costPenalty = deps.budgets.costPenaltyOf(strategy);
    const handicaps = models.map((model) => handicapOf(deps.learner, { strategy, costPenalty }, task, model));
    const probabilities = deps.learner.bestProbabilities(
      task,
      models.map(({ id }) => id),
      handicaps,
    );
    const requests = taskToTraffic.get(task)?.requests ?? 0;
    const dryRuns = deps.dryRuns.read(strategy.name, task);
    const rows: RankedModel[] = [];
    for (const [index, model] of models.entries()) {
      if (deps.turns.isOver()) await deps.turns.next();
      rows.push(
        rankModel(deps, task, model, {
          probability: probabilities[index] ?? 0,
          traffic: cellToTraffic.get(`${task} ${model.id}`),
          dryRuns,
          taskRequests: requests,
        }),
      );
    }
    const ranked = rows
      .sort((one, other) => SORTS[order](one) - SORTS[order](other))
      .map((row, index) => ({ rank: index + 1, ...row }));
    const wanted = ranked.filter(({ model }) => shownIds.has(model));
    const page = pages.take(list, wanted, ({ model }) => model);
    return { task, requests, best: ranked[0]?.model ?? null, models: page };
  }
}

/** Whether routing acts, and what observing has shown of this strategy since it began or the process started. */
function observedOf(
  deps: GatewayDeps,
  strategy: Strategy,
  visibleModels: ReadonlySet<string> | undefined,
): { mode: 'route' | 'observe'; observed: object | null } {
  const { baseline } = deps.live.routing;
  if (baseline === undefined) return { mode: 'route', observed: null };
  const { requests, agreed, ...sums } = deps.dryRuns.read(strategy.name);
  if (visibleModels?.has(baseline) === false) return { mode: 'observe', observed: null };
  const per1k = (sum: number) => (requests > 0 ? round((1000 * sum) / requests, 6) : null);
  const mean = (sum: number) => (requests > 0 ? round(sum / requests, 4) : null);
  return {
    mode: 'observe',
    observed: {
      baseline,
      requests,
      agreement: mean(agreed),
      expected_usd_per_1k_requests: {
        baseline: per1k(sums.baselineCostUsd),
        choice: per1k(sums.choiceCostUsd),
        saving: per1k(sums.baselineCostUsd - sums.choiceCostUsd),
      },
      expected_quality: {
        baseline: mean(sums.baselineQuality),
        choice: mean(sums.choiceQuality),
        gain: mean(sums.choiceQuality - sums.baselineQuality),
      },
    },
  };
}

/** How the strategy's budget stands; null when it has none. */
function budgetOf(deps: GatewayDeps, strategy: Strategy): object | null {
  const standing = deps.budgets.standingOf(strategy);
  if (standing === undefined) return null;
  return {
    usd_per_1k_requests: round(standing.usdPer1kRequests, 6),
    spent_usd_per_1k_requests: round(standing.spentUsdPer1kRequests, 6),
    multiplier: round(standing.multiplier, 4),
    cost_penalty: round(standing.costPenalty, 4),
  };
}

function isSort(name: string): name is keyof typeof SORTS {
  return Object.hasOwn(SORTS, name);
}

function rankModel(
  deps: GatewayDeps,
  task: AnyTask,
  model: Model,
  seen: {
    readonly probability: number;
    readonly traffic: Traffic | undefined;
    readonly taskRequests: number;
    readonly dryRuns: DryRunSummary;
  },
) {
  const belief = deps.learner.qualityOf(task, model.id);
  const { traffic } = seen;
  const spoken = (traffic?.completed ?? 0) + (traffic?.failures ?? 0);
  const best = cheapestEndpoint(deps.learner, task, model);
  return {
    model: model.id,
    probability_best: round(seen.probability, 4),
    quality: {
      mean: round(belief.mean, 4),
      low_90: round(belief.low90, 4),
      high_90: round(belief.high90, 4),
      alpha: round(belief.alpha, 4),
      beta: round(belief.beta, 4),
    },
    evidence: belief.evidence,
    samples: round(belief.samples, 1),
    success_rate: spoken > 0 ? round((traffic?.completed ?? 0) / spoken, 4) : null,
    latency_ms: latencyOf(deps, task, model),
    cost_usd_per_1k_requests:
      traffic && traffic.completed > 0
        ? round(traffic.costMicroUsd / traffic.completed / 1000, 6)
        : round(best.costMicroUsd / 1000, 6),
    requests: traffic?.requests ?? 0,
    traffic_share: seen.taskRequests > 0 ? round((traffic?.requests ?? 0) / seen.taskRequests, 4) : 0,
    would_have_share:
      seen.dryRuns.requests > 0
        ? round((seen.dryRuns.modelToChoices.get(model.id) ?? 0) / seen.dryRuns.requests, 4)
        : null,
    trial: trialOf(deps, model),
    paused: deps.pauses.has(model.id),
    exposure: exposureOf(deps, task, model),
    endpoints: model.endpoints.map((endpoint) => ({
      provider: endpoint.provider,
      circuit: deps.guard.snapshot(endpoint.id).state,
    })),
  };
}

/** What is left of a look that an operator asked for; null without one. */
function trialOf(deps: GatewayDeps, model: Model): { max_requests: number; remaining: number } | null {
  const trial = deps.trials.trialOf(model.id);
  return trial === undefined ? null : { max_requests: trial.requests, remaining: trial.remaining };
}

/** What an operator allows it at most of this task's choices; null without a cap. */
function exposureOf(deps: GatewayDeps, task: AnyTask, model: Model): { max_share: number } | null {
  const maxShare = deps.exposure.capsFor(task)?.get(model.id);
  return maxShare === undefined ? null : { max_share: maxShare };
}

/** Measured over the last day where there is something to measure, believed otherwise. */
function latencyOf(deps: GatewayDeps, task: AnyTask, model: Model) {
  const windows = model.endpoints.map(({ id }) => deps.watch.read(id, DAY_MS));
  const busiest = windows.reduce<(typeof windows)[number] | undefined>(
    (most, window) => (window.completed > (most?.completed ?? 0) ? window : most),
    undefined,
  );
  if (busiest?.latencyMs) {
    const { latencyMs, ttftMs } = busiest;
    // Only streams show their first token: a belief beside measurements would pass for one of them.
    return { p50: latencyMs.p50, p95: latencyMs.p95, ttft_p50: ttftMs?.p50 ?? null, measured: true };
  }
  const { endpoint } = cheapestEndpoint(deps.learner, task, model);
  const timing = deps.learner.timingOf(endpoint?.id ?? '', task);
  const believed = timing.ttftMs + timing.msPerToken * expectedTokens(deps.learner, task, model);
  return {
    p50: Math.round(believed),
    p95: null,
    ttft_p50: Math.round(timing.ttftMs),
    measured: false,
  };
}
