import { DAY_MS } from '../../core/durations.ts';
import { type Moments, NO_MOMENTS, plusMoments, transformedMoments } from '../../core/learning/moments.ts';
import { type LoggedArm, type LoggedGroup, meanOfLogged } from '../../core/learning/off-policy-groups.ts';
import type { Reliability } from '../../core/learning/source-reliability.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { AnyTask } from '../../core/task/operation-task.ts';
import type { RequestSize } from '../../core/task/request-size.ts';
import { TASKS } from '../../core/task/task.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { ChoiceSum, Store } from '../../store/contract.ts';
import type { GatewayDeps, LiveSettings, RoutingSettings } from '../deps.ts';
import { round } from '../round.ts';

const WINDOW_TO_DAYS: Readonly<Record<string, number>> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
const DEFAULT_WINDOW = '30d';
/** A source whose verdicts hardly depend on the answer says nothing of it (`source-reliability.ts`). */
const SLOPE_FLOOR = 0.05;

/** What reports from free choices ask. */
export interface ChoiceReportDeps {
  readonly live: Pick<LiveSettings, 'catalog'> & {
    readonly routing: Pick<RoutingSettings, 'defaultStrategy' | 'exploration' | 'baseline'>;
  };
  readonly learner: GatewayDeps['learner'];
  readonly store: Pick<Store, 'readChoices'>;
  readonly nowMs: () => number;
  readonly turns: GatewayDeps['turns'];
}

export const MEASURES = ['cost', 'quality', 'seconds'] as const;
export type Measure = (typeof MEASURES)[number];

/** Alike free choices, with every model of the log and of the catalogue in one order. */
export interface ChoiceGroup {
  readonly task: AnyTask;
  readonly size: RequestSize;
  readonly requests: number;
  /** By model; undefined where it was never offered. */
  readonly sums: readonly (ChoiceSum | undefined)[];
  /** By model: expected of one request, also of models that were not offered here. */
  readonly expectedCostUsd: Float64Array;
  readonly expectedSeconds: Float64Array;
}

/** The free choices of a time. */
export interface LoggedChoices {
  readonly period: {
    readonly window: string;
    readonly from: string;
    readonly to: string;
    readonly generated_at: string;
  };
  readonly task: AnyTask | null;
  /** Ids of the chat models there are, and of those that are only in the log. */
  readonly models: readonly string[];
  readonly groups: readonly ChoiceGroup[];
  readonly measures: Readonly<Record<Measure, readonly LoggedGroup[]>>;
}

/**
 * @throws GatewayError 400 for an unknown window or task
 */
export async function readLoggedChoices(
  deps: ChoiceReportDeps,
  query: { readonly window?: string | undefined; readonly task?: string | undefined },
): Promise<LoggedChoices> {
  const nowMs = deps.nowMs();
  const window = query.window ?? DEFAULT_WINDOW;
  const days = Object.hasOwn(WINDOW_TO_DAYS, window) ? WINDOW_TO_DAYS[window] : undefined;
  if (days === undefined) {
    throw badRequest(
      `There is no window '${window.slice(0, 32)}'. There are: ${Object.keys(WINDOW_TO_DAYS).join(', ')}.`,
      'window',
    );
  }
  const task = query.task === undefined ? null : chatTask(query.task);
  const fromDay = Math.floor((nowMs - days * DAY_MS) / DAY_MS);
  const toDay = Math.floor(nowMs / DAY_MS);
  const sums = await deps.store.readChoices({ fromDay, toDay, tasks: task === null ? TASKS : [task] });
  const chat = deps.live.catalog.models.filter(({ type }) => type === 'chat').map(({ id }) => id);
  const models = [...new Set([...chat, ...sums.map(({ modelId }) => modelId)])];
  const groups = groupsOf(sums, models);
  const reliabilityOf = (source: string) => deps.learner.reliabilityOf(source);
  const measured = (armOf: (group: ChoiceGroup, model: number) => LoggedArm): LoggedGroup[] =>
    groups.map((group) => ({
      cluster: group.task,
      requests: group.requests,
      arms: models.map((_, model) => armOf(group, model)),
    }));
  return {
    period: {
      window,
      from: new Date(fromDay * DAY_MS).toISOString(),
      to: new Date((toDay + 1) * DAY_MS).toISOString(),
      generated_at: new Date(nowMs).toISOString(),
    },
    task,
    models,
    groups,
    measures: {
      cost: measured((group, model) => {
        const sum = group.sums[model];
        const scale = group.expectedCostUsd[model] ?? 0;
        return expectedArm(sum, scale, inUsd(sum?.costMicroUsd), inUsd(sum?.costErrorMicroUsd));
      }),
      seconds: measured((group, model) => {
        const sum = group.sums[model];
        const scale = group.expectedSeconds[model] ?? 0;
        return expectedArm(sum, scale, sum?.seconds ?? NO_MOMENTS, sum?.secondsError ?? NO_MOMENTS);
      }),
      quality: measured((group, model) => ratedArm(group.sums[model], reliabilityOf)),
    },
  };
}

/** Only chat has models to choose among by quality. */
function chatTask(name: string): AnyTask {
  const task = workNamed(name);
  if (TASKS.some((one) => one === task)) return task;
  throw badRequest(`'${task}' is no task of chat. There are: ${TASKS.join(', ')}.`, 'task');
}

function groupsOf(sums: readonly ChoiceSum[], models: readonly string[]): ChoiceGroup[] {
  const modelToPlace = new Map(models.map((id, place) => [id, place]));
  const keyToSums = new Map<string, (ChoiceSum | undefined)[]>();
  for (const sum of sums) {
    const key = `${sum.task} ${sum.size}`;
    let row = keyToSums.get(key);
    if (row === undefined) {
      row = models.map(() => undefined);
      keyToSums.set(key, row);
    }
    row[modelToPlace.get(sum.modelId) ?? -1] = sum;
  }
  const all = [...keyToSums.values()];
  const costOf = (sum: ChoiceSum) => sum.expectedCostMicroUsd * 1e-6;
  const secondsOf = (sum: ChoiceSum) => sum.expectedSeconds;
  return all.flatMap((row) => {
    const some = row.find((sum) => sum !== undefined);
    const requests = row.reduce((count, sum) => count + (sum?.costMicroUsd.count ?? 0), 0);
    if (some === undefined || requests === 0) return [];
    return [
      {
        task: some.task,
        size: some.size,
        requests,
        sums: row,
        expectedCostUsd: expectations(row, all, costOf),
        expectedSeconds: expectations(row, all, secondsOf),
      },
    ];
  });
}

/**
 * Of a model that was not offered here, as its context is too small for such prompts: what was expected of it elsewhere, times
 * what the models that were offered in both places are expected to take more here.
 */
function expectations(
  row: readonly (ChoiceSum | undefined)[],
  all: readonly (readonly (ChoiceSum | undefined)[])[],
  read: (sum: ChoiceSum) => number,
): Float64Array {
  const meanOf = (sum: ChoiceSum | undefined) =>
    sum !== undefined && sum.offered > 0 ? read(sum) / sum.offered : undefined;
  const means = row.map(meanOf);
  let ratios: readonly number[] | undefined;
  return Float64Array.from(means, (mean, model) => {
    if (mean !== undefined) return mean;
    ratios ??= all.map((other) => ratioOf(means, other.map(meanOf)));
    let offered = 0;
    let expected = 0;
    for (const [place, other] of all.entries()) {
      const elsewhere = other[model];
      if (elsewhere === undefined) continue;
      offered += elsewhere.offered;
      expected += read(elsewhere) * (ratios[place] ?? 1);
    }
    return offered > 0 ? expected / offered : 0;
  });
}

/** By how much more is expected here than there, of those that both know; 1 where they have none in common. */
function ratioOf(here: readonly (number | undefined)[], there: readonly (number | undefined)[]): number {
  let more = 0;
  let less = 0;
  for (const [model, mean] of here.entries()) {
    const other = there[model];
    if (mean === undefined || other === undefined) continue;
    more += mean;
    less += other;
  }
  return more > 0 && less > 0 ? more / less : 1;
}

function expectedArm(
  sum: ChoiceSum | undefined,
  scale: number,
  outcomes: Moments,
  errors: Moments,
): LoggedArm {
  return {
    supported: sum?.supported ?? 0,
    chosen: outcomes.count,
    outcomes,
    // Where nothing was expected, as of a free model, nothing lies off it.
    errors: transformedMoments(errors, scale > 0 ? 1 / scale : 0, 0),
    scale,
  };
}

function inUsd(moments: Moments | undefined): Moments {
  return moments === undefined ? NO_MOMENTS : transformedMoments(moments, 1e-6, 0);
}

/** A judge's verdicts count as what they say of quality: (v − offset)/slope. */
function ratedArm(sum: ChoiceSum | undefined, reliabilityOf: (source: string) => Reliability): LoggedArm {
  let quality = NO_MOMENTS;
  for (const rating of sum?.ratings ?? []) {
    if (!rating.source.startsWith('judge:')) {
      quality = plusMoments(quality, rating.quality);
      continue;
    }
    const { slope, offset } = reliabilityOf(rating.source.slice('judge:'.length));
    if (slope > SLOPE_FLOOR) {
      quality = plusMoments(quality, transformedMoments(rating.quality, 1 / slope, -offset / slope));
    }
  }
  return {
    supported: sum?.supported ?? 0,
    chosen: sum?.costMicroUsd.count ?? 0,
    outcomes: quality,
    errors: quality,
    scale: 1,
  };
}

/** What was chosen itself, in all groups or in those of one task. */
export function describeLogged(
  logged: LoggedChoices,
  task: AnyTask | undefined,
  visibleModels: ReadonlySet<string> | undefined,
) {
  const isMine = (group: ChoiceGroup) => task === undefined || group.task === task;
  const groups = logged.groups.filter(isMine);
  const requests = groups.reduce((sum, group) => sum + group.requests, 0);
  const totals = logged.models.map((model, place) => {
    const sums = groups.flatMap((group) => group.sums[place] ?? []);
    const add = (read: (sum: ChoiceSum) => number) => sums.reduce((total, sum) => total + read(sum), 0);
    return {
      model,
      requests: add((sum) => sum.costMicroUsd.count),
      costUsd: add((sum) => sum.costMicroUsd.sum) * 1e-6,
      seconds: add((sum) => sum.seconds.sum),
    };
  });
  const total = (read: (one: (typeof totals)[number]) => number) =>
    totals.reduce((sum, one) => sum + read(one), 0);
  const rated = logged.measures.quality.filter((_, index) => isMine(logged.groups[index] as ChoiceGroup));
  const quality = meanOfLogged(rated);
  const costUsd = total((one) => one.costUsd);
  return {
    requests,
    cost_usd: round(costUsd, 9),
    cost_usd_per_1k_requests: requests > 0 ? round((1000 * costUsd) / requests, 6) : 0,
    seconds: requests > 0 ? round(total((one) => one.seconds) / requests, 3) : null,
    quality: quality === undefined ? null : intervalIn(quality, { digits: 4, least: 0, most: 1 }),
    rated: rated.reduce(
      (sum, { arms }) => sum + arms.reduce((count, arm) => count + arm.outcomes.count, 0),
      0,
    ),
    models: totals
      .filter((one) => one.requests > 0 && visibleModels?.has(one.model) !== false)
      .sort((one, other) => other.requests - one.requests)
      .map((one) => ({ model: one.model, share: round(one.requests / requests, 4) })),
  };
}

export function intervalIn(
  { mean, low90, high90 }: { readonly mean: number; readonly low90: number; readonly high90: number },
  {
    digits,
    least = Number.NEGATIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
  }: {
    readonly digits: number;
    readonly least?: number;
    readonly most?: number;
  },
) {
  const bounded = (value: number) => round(Math.min(most, Math.max(least, value)), digits);
  return { mean: bounded(mean), low_90: bounded(low90), high_90: bounded(high90) };
}
