import { bestByTask, meanCostUsd, meanUtilities, utilityOf } from './baselines.ts';
import { averageQuality, costAtQuality, frontierOf, heightAt, type OperatingPoint } from './frontier.ts';
import { indexOfLargest } from './make-policy.ts';
import { CURVE_POINTS, HORIZONS, type RunMeasures, type Spending } from './measure.ts';
import type { OutcomeTable } from './outcome-table.ts';

export interface MeanAndError {
  readonly mean: number;
  /** Standard error over the seeds; 0 for one seed. */
  readonly se: number;
}

/** Per cent of the best fixed model's quality that costs are stated at. */
export const QUALITY_LEVELS = [100, 99, 98, 95] as const;

export function meanAndError(values: readonly number[]): MeanAndError {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  if (values.length < 2) return { mean, se: 0 };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, se: Math.sqrt(variance / values.length) };
}

/**
 * What the runs of one policy say together.
 *
 * @param runs  one per seed, under the λ asked for
 * @param sweep runs of each λ from 0 on, for what quality costs; empty: not asked
 */
export function summarizePolicy(
  table: OutcomeTable,
  requests: number,
  runs: readonly RunMeasures[],
  sweep: readonly (readonly RunMeasures[])[],
) {
  const horizons = HORIZONS.filter((horizon) => horizon <= requests);
  const regretAt = (read: (run: RunMeasures) => readonly number[]) =>
    Object.fromEntries(
      horizons.map((horizon, index) => [horizon, meanAndError(runs.map((run) => read(run)[index] ?? 0))]),
    );
  const curve = Array.from(
    { length: Math.min(CURVE_POINTS, requests) },
    (_, point) => meanAndError(runs.map((run) => run.curve[point] ?? 0)).mean,
  );
  const costs = table.models.map((_, model) => meanCostUsd(table, model));
  return {
    regretVsBestFixed: regretAt((run) => run.vsBestFixed),
    regretVsTaskOracle: regretAt((run) => run.vsTaskOracle),
    breakEven: breakEvenOf(curve, requests),
    breakEvenShare: runs.filter((run) => (run.curve[run.curve.length - 1] ?? 0) <= 0).length / runs.length,
    costAtQuality: Object.fromEntries(
      QUALITY_LEVELS.map((level) => [
        level,
        { last5k: costShare(sweep, level, 'settled'), wholeRun: costShare(sweep, level, 'whole') },
      ]),
    ),
    aiq:
      sweep.length > 0
        ? averageQuality(frontierOf(pointsOf(sweep, 'whole')), Math.min(...costs), Math.max(...costs))
        : null,
    quality: meanAndError(runs.map((run) => run.whole.quality)),
    costUsdPer1k: meanAndError(runs.map((run) => 1000 * run.whole.costUsd)),
    trafficShares: Object.fromEntries(
      table.models.map((name, model) => [name, meanAndError(runs.map((run) => run.shares[model] ?? 0)).mean]),
    ),
    judgedShare: meanAndError(runs.map((run) => run.judgedShare)).mean,
    alarmsPer30k: (30_000 / requests) * meanAndError(runs.map((run) => run.alarmTimes.length)).mean,
    propensities: {
      largestSumError: Math.max(...runs.map((run) => run.propensityError)),
      largestZ: Math.max(...runs.map((run) => run.propensityZ)),
      smallestChosen: Math.min(...runs.map((run) => run.smallestPropensity)),
    },
    curve,
  };
}

export type PolicySummary = ReturnType<typeof summarizePolicy>;

/** What could be had without learning, from the table itself. */
export function referencesOf(table: OutcomeTable, lambda: number) {
  const utilities = meanUtilities(table, lambda);
  const costs = table.models.map((_, model) => meanCostUsd(table, model));
  const taskToBest = bestByTask(table, lambda);
  const choosing = (choice: (prompt: number) => number) => pointOf(table, choice);
  const fixed = (model: number) => ({ model: table.models[model], ...choosing(() => model) });
  const all = table.models.map((_, model) => pointOf(table, () => model));
  return {
    bestFixed: fixed(indexOfLargest(utilities)),
    cheapest: fixed(costs.indexOf(Math.min(...costs))),
    dearest: fixed(indexOfLargest(costs)),
    random: {
      quality: all.reduce((sum, { quality }) => sum + quality, 0) / all.length,
      costUsdPer1k: all.reduce((sum, { costUsdPer1k }) => sum + costUsdPer1k, 0) / all.length,
    },
    taskOracle: choosing((prompt) => taskToBest[table.promptToTask[prompt] ?? 0] ?? 0),
    /** Best model per prompt: an upper bound made of noise. */
    promptOracle: choosing((prompt) =>
      indexOfLargest(table.models.map((_, model) => utilityOf(table, lambda, prompt, model))),
    ),
    /** AIQ of mixing single models at random: what any router must beat. */
    zeroRouterAiq: averageQuality(
      frontierOf(all.map(({ quality, costUsdPer1k }) => ({ quality, costUsd: costUsdPer1k / 1000 }))),
      Math.min(...costs),
      Math.max(...costs),
    ),
  };
}

/** How well a budget was kept over the second half of the streams, and what it bought. */
export function summarizeBudget(table: OutcomeTable, budgetUsd: number, runs: readonly RunMeasures[]) {
  const single = table.models.map((_, model) => pointOf(table, () => model));
  const frontier = frontierOf(
    single.map(({ quality, costUsdPer1k }) => ({ quality, costUsd: costUsdPer1k / 1000 })),
  );
  return {
    budgetUsdPer1k: 1000 * budgetUsd,
    spentShare: meanAndError(runs.map((run) => run.secondHalf.costUsd / budgetUsd)),
    largestDeviation: Math.max(...runs.map((run) => Math.abs(run.secondHalf.costUsd / budgetUsd - 1))),
    quality: meanAndError(runs.map((run) => run.secondHalf.quality)),
    /** What mixing single models at random buys for it. */
    zeroRouterQuality: heightAt(frontier, budgetUsd),
  };
}

/** The first request from which the mean regret stays at or below 0; null when it never does. */
function breakEvenOf(curve: readonly number[], requests: number): number | null {
  let point = curve.length;
  while (point > 0 && (curve[point - 1] ?? 1) <= 0) point -= 1;
  return point === curve.length ? null : Math.ceil(((point + 1) * requests) / curve.length);
}

function pointOf(table: OutcomeTable, choice: (prompt: number) => number) {
  let [quality, cost] = [0, 0];
  for (let prompt = 0; prompt < table.promptIds.length; prompt += 1) {
    const cell = prompt * table.models.length + choice(prompt);
    quality += table.quality[cell] ?? 0;
    cost += table.costUsd[cell] ?? 0;
  }
  const count = table.promptIds.length;
  return { quality: quality / count, costUsdPer1k: (1000 * cost) / count };
}

/** Cost at a share of the best fixed model's quality, as a share of its cost; null when it is not reached, or that is free. */
function costShare(
  sweep: readonly (readonly RunMeasures[])[],
  level: number,
  period: 'whole' | 'settled',
): number | null {
  // Best in quality, not in utility: that of the run without a price on cost, the first of the sweep.
  const reference = averageOf(sweep[0] ?? [], period);
  // Sums in another order differ in the last digit.
  const quality = (reference.fixedQuality * level) / 100 - 1e-9;
  const cost = costAtQuality(frontierOf(pointsOf(sweep, period)), quality);
  return cost === undefined || reference.fixedCostUsd <= 0 ? null : cost / reference.fixedCostUsd;
}

function pointsOf(sweep: readonly (readonly RunMeasures[])[], period: 'whole' | 'settled'): OperatingPoint[] {
  return sweep.map((runs) => averageOf(runs, period));
}

function averageOf(runs: readonly RunMeasures[], period: 'whole' | 'settled'): Spending {
  const mean = (read: (spending: Spending) => number) =>
    meanAndError(runs.map((run) => read(run[period]))).mean;
  return {
    quality: mean((spending) => spending.quality),
    costUsd: mean((spending) => spending.costUsd),
    fixedQuality: mean((spending) => spending.fixedQuality),
    fixedCostUsd: mean((spending) => spending.fixedCostUsd),
  };
}
