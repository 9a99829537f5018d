import type { LoggedChoice } from './logged-choice.ts';
import { gatherCells, type OffPolicyCell } from './off-policy-cells.ts';

export interface Estimate {
  /** Mean reward that the other policy would have had on the logged requests. */
  readonly mean: number;
  /** Bounds of a 90 % interval for that, of normal theory. */
  readonly low90: number;
  readonly high90: number;
}

export interface OffPolicyEstimate {
  /** Choices that could be used. */
  readonly samples: number;
  /** Choices of `NOT_CHOSEN_FREELY`, and rows that make no sense. */
  readonly leftOut: number;
  /** (Σw)²/Σw² of the weights w = τ(a)/π(a). */
  readonly effectiveSampleSize: number;
  /** Share of the target's choices that the log could not have made. */
  readonly unsupportedShare: number;
  /** Undefined when support is too thin: fewer than 50 effective samples, or more than half unsupported. Takes unsupported choices to be like the others: prefer `doublyRobust`. */
  readonly snips: Estimate | undefined;
  /** Undefined likewise. Takes unsupported choices to be like the same arm's in the same cluster. */
  readonly doublyRobust: Estimate | undefined;
}

export interface OffPolicyOptions<Logged> {
  /** Key of alike requests: their task. One cluster where left out. */
  readonly clusterOf?: (row: Logged) => number | string;
  /**
   * δ at least: how far arms lie from their predictions, standard deviation in units of reward. Left out: .1, for
   * quality. Where the log shows more, more.
   */
  readonly armDeviation?: number;
}

/** Below this, one lucky answer decides: no estimate is better than that one. */
export const FEWEST_EFFECTIVE_SAMPLES = 50;
/** Above this an estimate would be a guess about most of what it speaks of. */
export const LARGEST_UNSUPPORTED_SHARE = 0.5;
const NORMAL_90 = 1.6449;
export const ARM_DEVIATION = 0.1;

/**
 * What another policy τ would have achieved on the logged choices of π. With w = τ(a)/π(a) of the chosen arm,
 *
 *     SNIPS = Σ w·r / Σ w                                                  (Swaminathan & Joachims 2015)
 *
 * and doubly robust (Dudík et al. 2011), by cell c = (cluster, arm), each with the share m of τ's choices that is its own:
 *
 *     q̂ = q + e/(e + 15)·Σ(r − q)/n         the arm's mean of n outcomes, leaning on its predictions q
 *     R = Σ w·(r − q̂) / Σ w                 what is left, by importance weights;  s = supported share of m
 *     g = s·x²/(x² + 20²), x = e²/n         how far R is to be believed, e = (Σw)²/Σw² of the cell alone
 *     DR = Σ_c m·(q̂ + g·R)
 *     variance = Σ_c m²·((1−g)·e/(e+15)·√(f·σ²/n) + g·√V)² + (δ·Σ_c m·f·(1−g)·15/(n+15))²
 *
 * σ² is the variance of outcomes in the cluster, V the linearised one of R, no less than that of a plain mean of as many
 * outcomes, f the share of τ's choices that the log did not happen to make itself. e is n where an arm's probability was
 * always the same; where outcomes moved it, it is less, and their mean leans further (docs/decisions/0019-…). The last
 * term is that all arms hardly tried may lie off by δ in the same direction: a router that learns leaves an arm after a few
 * unlucky outcomes, so errors of such cells are no noise that averages out (Nie et al. 2018). Importance weights alone are
 * exact and too rare there: a cell with x = 5 gets g = .06.
 * Numbers, and what else was tried: docs/learning.md.
 *
 * @param target probabilities of the other policy for a row, in the order of its arms; summing to 1
 */
export function evaluateOffPolicy<Logged extends LoggedChoice>(
  log: Iterable<Logged>,
  target: (row: Logged) => ArrayLike<number>,
  options: OffPolicyOptions<Logged> = {},
): OffPolicyEstimate {
  const { clusterOf = () => 0, armDeviation = ARM_DEVIATION } = options;
  const { cells, terms, leftOut, deviation } = gatherCells(log, target, { clusterOf, armDeviation });
  return estimateFrom({
    cells,
    deviation,
    samples: terms.length,
    leftOut,
    unsupportedShare: sumOf(cells, ({ mass, supportedMass }) => mass - supportedMass),
    weight: sumOf(terms, ({ weight }) => weight),
    squaredWeight: sumOf(terms, ({ weight }) => weight ** 2),
    weightedReward: sumOf(terms, ({ weight, reward }) => weight * reward),
    deviationsFrom: (mean) =>
      sumOf(terms, ({ weight, reward, propensity }) => (weight * (reward - mean)) ** 2 * (1 - propensity)),
  });
}

/** A log in sums, for one target policy: all that both estimates need of it. */
export interface OffPolicySums {
  /** Masses in units of what is estimated, where that is not one per request. */
  readonly cells: readonly OffPolicyCell[];
  /** δ. */
  readonly deviation: number;
  readonly samples: number;
  readonly leftOut: number;
  readonly unsupportedShare: number;
  /** Σw, Σw² and Σw·r. */
  readonly weight: number;
  readonly squaredWeight: number;
  readonly weightedReward: number;
  /** Σw²·(r − mean)²·(1 − π). */
  readonly deviationsFrom: (mean: number) => number;
  /** Whether predictions say enough for a doubly robust estimate where importance weights say too little. */
  readonly isPredictable?: boolean;
}

/** Both estimates, or why there is none (`evaluateOffPolicy`). */
export function estimateFrom(sums: OffPolicySums): OffPolicyEstimate {
  const { cells, deviation, samples, leftOut, weight, squaredWeight } = sums;
  const effectiveSampleSize = squaredWeight > 0 ? (weight * weight) / squaredWeight : 0;
  const unsupportedShare = samples > 0 ? sums.unsupportedShare : 0;
  const support = { samples, leftOut, effectiveSampleSize, unsupportedShare };
  const isThin = !(effectiveSampleSize >= FEWEST_EFFECTIVE_SAMPLES);
  const isSupported = !isThin && unsupportedShare <= LARGEST_UNSUPPORTED_SHARE;
  if (!isSupported && sums.isPredictable !== true) {
    return { ...support, snips: undefined, doublyRobust: undefined };
  }
  const mean = sums.weightedReward / weight;
  // What SNIPS does not see of its cells: it has no prediction to fall back on.
  const unseen = varianceOf(cells, deviation, () => 0);
  return {
    ...support,
    snips: isSupported ? intervalOf(mean, sums.deviationsFrom(mean) / weight ** 2 + unseen) : undefined,
    doublyRobust: intervalOf(
      sumOf(cells, ({ mass, predicted, belief, residual }) => mass * (predicted + belief * residual)),
      varianceOf(cells, deviation, ({ belief }) => belief),
    ),
  };
}

export function varianceOf(
  cells: readonly OffPolicyCell[],
  armDeviation: number,
  beliefOf: (cell: OffPolicyCell) => number,
): number {
  const noise = sumOf(cells, (cell) => {
    const belief = beliefOf(cell);
    const ofPrediction = Math.sqrt(cell.unseenShare * cell.predictionVariance);
    return (cell.mass * ((1 - belief) * ofPrediction + belief * Math.sqrt(cell.residualVariance))) ** 2;
  });
  const lean = sumOf(
    cells,
    (cell) => cell.mass * cell.unseenShare * (1 - beliefOf(cell)) * cell.predictionShare,
  );
  return noise + (armDeviation * lean) ** 2;
}

/** Of normal theory. */
export function intervalOf(mean: number, variance: number): Estimate {
  const half = NORMAL_90 * Math.sqrt(Math.max(0, variance));
  return { mean, low90: mean - half, high90: mean + half };
}

function sumOf<Item>(items: readonly Item[], read: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += read(item);
  return sum;
}
