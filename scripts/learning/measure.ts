import { bestByTask, meanUtilities, utilityOf } from './baselines.ts';
import { indexOfLargest } from './make-policy.ts';
import type { OutcomeTable } from './outcome-table.ts';
import type { Trace } from './replay.ts';

export const HORIZONS = [500, 1000, 5000, 20_000] as const;
/** Points of a regret curve. */
export const CURVE_POINTS = 400;
/** Requests at the end of a stream over which a policy counts as settled. */
const SETTLED_REQUESTS = 5000;
/** Resolution of the share of one model over time. */
export const SHARE_WINDOW = 10;

/** Variance of a count from which its deviation is about normal. */
const FEWEST_FOR_Z = 25;

/** One replayed stream in numbers. */
export interface RunMeasures {
  /** Regret at each horizon that the stream reaches, in reward units. */
  readonly vsBestFixed: readonly number[];
  readonly vsTaskOracle: readonly number[];
  /** Regret against the best fixed model at `CURVE_POINTS` evenly spaced requests. */
  readonly curve: readonly number[];
  readonly whole: Spending;
  readonly settled: Spending;
  readonly secondHalf: Spending;
  /** Per model, of the whole stream. */
  readonly shares: readonly number[];
  /** Share of the scenario's model per `SHARE_WINDOW` requests; empty without a scenario. */
  readonly subjectShares: readonly number[];
  readonly alarmTimes: readonly number[];
  readonly judgedShare: number;
  readonly propensityError: number;
  /** Largest |count − Σπ|/√Σπ(1−π) over the models: about 2 to 3 when the propensities are true. */
  readonly propensityZ: number;
  /** Smallest probability of a choice that was made; 1 without propensities. */
  readonly smallestPropensity: number;
}

export interface Spending {
  readonly quality: number;
  readonly costUsd: number;
  /** The best fixed model on the same prompts. */
  readonly fixedQuality: number;
  readonly fixedCostUsd: number;
}

/**
 * @param lambda for regret: u = q − λ·cost
 * @param subject model whose share is followed; −1 for none
 */
export function measureRun(table: OutcomeTable, trace: Trace, lambda: number, subject: number): RunMeasures {
  const modelCount = table.models.length;
  const fixed = indexOfLargest(meanUtilities(table, lambda));
  const taskToBest = bestByTask(table, lambda);
  const length = trace.prompts.length;
  const vsBestFixed: number[] = [];
  const vsTaskOracle: number[] = [];
  const curve: number[] = [];
  const counts = new Array<number>(modelCount).fill(0);
  const subjectShares: number[] = [];
  let [fixedRegret, oracleRegret, windowCount, smallestPropensity] = [0, 0, 0, 1];
  for (let time = 0; time < length; time += 1) {
    const prompt = trace.prompts[time] ?? 0;
    const utility = (trace.quality[time] ?? 0) - lambda * (trace.costUsd[time] ?? 0);
    fixedRegret += utilityOf(table, lambda, prompt, fixed) - utility;
    const oracle = taskToBest[table.promptToTask[prompt] ?? 0] ?? 0;
    oracleRegret += utilityOf(table, lambda, prompt, oracle) - utility;
    const model = trace.models[time] ?? 0;
    counts[model] = (counts[model] ?? 0) + 1;
    if (model === subject) windowCount += 1;
    if (subject >= 0 && (time + 1) % SHARE_WINDOW === 0) {
      subjectShares.push(windowCount / SHARE_WINDOW);
      windowCount = 0;
    }
    const propensity = trace.propensities[time] ?? Number.NaN;
    if (propensity < smallestPropensity) smallestPropensity = propensity;
    if (HORIZONS.some((horizon) => horizon === time + 1)) {
      vsBestFixed.push(fixedRegret);
      vsTaskOracle.push(oracleRegret);
    }
    if (Math.floor(((time + 1) * CURVE_POINTS) / length) > curve.length) curve.push(fixedRegret);
  }
  return {
    vsBestFixed,
    vsTaskOracle,
    curve,
    whole: spendingOf(table, trace, fixed, 0),
    settled: spendingOf(table, trace, fixed, Math.max(0, length - SETTLED_REQUESTS)),
    secondHalf: spendingOf(table, trace, fixed, Math.floor(length / 2)),
    shares: counts.map((count) => count / length),
    subjectShares,
    alarmTimes: trace.alarmTimes,
    judgedShare: trace.judgedShare,
    propensityError: trace.propensityError,
    propensityZ: Math.max(
      ...counts.map((count, model) => {
        const variance = trace.choiceVariance[model] ?? 0;
        return variance > FEWEST_FOR_Z
          ? Math.abs(count - (trace.expectedChoices[model] ?? 0)) / Math.sqrt(variance)
          : 0;
      }),
    ),
    smallestPropensity,
  };
}

function spendingOf(table: OutcomeTable, trace: Trace, fixed: number, from: number): Spending {
  const sums = { quality: 0, costUsd: 0, fixedQuality: 0, fixedCostUsd: 0 };
  const count = trace.prompts.length - from;
  for (let time = from; time < trace.prompts.length; time += 1) {
    const cell = (trace.prompts[time] ?? 0) * table.models.length + fixed;
    sums.quality += (trace.quality[time] ?? 0) / count;
    sums.costUsd += (trace.costUsd[time] ?? 0) / count;
    sums.fixedQuality += (table.quality[cell] ?? 0) / count;
    sums.fixedCostUsd += (table.costUsd[cell] ?? 0) / count;
  }
  return sums;
}
