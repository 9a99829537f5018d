import { type LoggedChoice, NOT_CHOSEN_FREELY } from './logged-choice.ts';

/** κ: outcomes' worth of the prediction in the mean of an arm. */
const PREDICTION_STRENGTH = 15;
/** e²/n of a cell at which its importance weights are believed half. */
const BELIEVED_FROM = 20;
/** Cells' worth of the expected deviation in the one that is found, and outcomes at which a cell counts half in that. */
const DEVIATION_STRENGTH = 5;
const HALF_KNOWN_AT = 8;
/** Outcomes' worth of the whole log's variance in that of a cluster. */
const VARIANCE_STRENGTH = 10;
/** Below this a weight is no weight but an overflow to come. */
const SMALLEST_PROPENSITY = 1e-12;

/** What the log says of one arm in one cluster of alike requests, for one target policy. */
export interface OffPolicyCell {
  /** Share of the target's choices that it is, and how much of it the log could have made. */
  readonly mass: number;
  readonly supportedMass: number;
  /** Share of the target's choices here that the log did not happen to make itself. */
  readonly unseenShare: number;
  /** q̂, its variance for this arm, and how far the prediction may mislead it: κ/(n+κ). */
  readonly predicted: number;
  readonly predictionVariance: number;
  readonly predictionShare: number;
  /** R, its variance, and how far it is to be believed: g, 0–1. */
  readonly residual: number;
  readonly residualVariance: number;
  readonly belief: number;
}

/** One usable row, for the chosen arm. */
export interface OffPolicyTerm {
  /** w = τ(a)/π(a). */
  readonly weight: number;
  readonly reward: number;
  readonly propensity: number;
}

interface Chosen extends OffPolicyTerm {
  readonly prediction: number;
  readonly sums: CellSums;
}

/** Sums over rows; masses are in rows. */
export interface CellSums {
  readonly cluster: ClusterSums;
  count: number;
  /** Σ(r − q) of the chosen rows, and Σ of its squares around its mean. */
  deviation: number;
  squares: number;
  mass: number;
  supportedMass: number;
  chosenMass: number;
  /** Σ τ·q over the rows that bring predictions, and Σ τ over those that do not. */
  predicted: number;
  unpredictedMass: number;
  /** Chosen rows that the target would have chosen too, with some probability. */
  weightedCount: number;
  weight: number;
  squaredWeight: number;
  weightedResidual: number;
  residualSquares: number;
}

export interface ClusterSums {
  count: number;
  reward: number;
  /** Σ(r − mean of the arm)², and its degrees of freedom. */
  squares: number;
  freedom: number;
  readonly cells: CellSums[];
}

/** Goes over the log once, and over its usable choices three times more: each sum needs the means before it. */
export function gatherCells<Logged extends LoggedChoice>(
  log: Iterable<Logged>,
  target: (row: Logged) => ArrayLike<number>,
  options: {
    readonly clusterOf: (row: Logged) => number | string;
    readonly armDeviation: number;
  },
): {
  cells: OffPolicyCell[];
  terms: readonly OffPolicyTerm[];
  leftOut: number;
  /** δ, as the log has it, but no less than was expected. */
  deviation: number;
} {
  const { clusterOf, armDeviation } = options;
  const clusters = new Map<number | string, ClusterSums>();
  const terms: Chosen[] = [];
  let leftOut = 0;
  for (const row of log) {
    const shares = target(row);
    if (!isUsable(row, shares)) {
      leftOut += 1;
      continue;
    }
    const key = clusterOf(row);
    let cluster = clusters.get(key);
    if (cluster === undefined) {
      cluster = { count: 0, reward: 0, squares: 0, freedom: 0, cells: [] };
      clusters.set(key, cluster);
    }
    terms.push(addRow(cluster, row, shares));
  }
  for (const { sums, reward, prediction } of terms) {
    sums.count += 1;
    sums.deviation += reward - predictionOr(sums.cluster, prediction);
  }
  for (const term of terms) addSquare(term);
  const all = [...clusters.values()];
  const variance = outcomeVarianceOf(all);
  const deviation = deviationOf(all, variance, armDeviation);
  for (const { sums, weight, reward, prediction } of terms) {
    sums.weightedResidual += weight * (reward - predictedOf(sums, prediction));
  }
  for (const { sums, weight, reward, prediction, propensity } of terms) {
    if (weight === 0) continue;
    const residual = reward - predictedOf(sums, prediction) - residualOf(sums);
    sums.residualSquares += (weight * residual) ** 2 * (1 - propensity);
  }
  return { cells: cellsOf(all, terms.length, variance), terms, leftOut, deviation };
}

/** σ² of all outcomes, around the means of their arms. */
export function outcomeVarianceOf(clusters: readonly ClusterSums[]): number {
  let squares = 0;
  let freedom = 0;
  for (const cluster of clusters) {
    squares += cluster.squares;
    freedom += cluster.freedom;
  }
  return squares / Math.max(1, freedom);
}

/** The cells that the target uses. @param variance as `outcomeVarianceOf` has it */
export function cellsOf(clusters: readonly ClusterSums[], rows: number, variance: number): OffPolicyCell[] {
  return clusters.flatMap((cluster) => {
    const own = (cluster.squares + VARIANCE_STRENGTH * variance) / (cluster.freedom + VARIANCE_STRENGTH);
    return cluster.cells.filter(({ mass }) => mass > 0).map((sums) => cellOf(sums, rows, own));
  });
}

/** √ of the variance of arms around their predictions, by moments over the cells. */
export function deviationOf(clusters: readonly ClusterSums[], variance: number, expected: number): number {
  let sum = DEVIATION_STRENGTH * expected ** 2;
  let strength = DEVIATION_STRENGTH;
  for (const { count, deviation } of clusters.flatMap(({ cells }) => cells)) {
    if (count === 0) continue;
    const known = count / (count + HALF_KNOWN_AT);
    sum += known * ((deviation / count) ** 2 - variance / count);
    strength += known;
  }
  return Math.sqrt(Math.max(sum / strength, expected ** 2));
}

function isUsable(row: LoggedChoice, shares: ArrayLike<number>): boolean {
  const { propensities, predictions, chosen, reward, reason } = row;
  if (reason !== undefined && NOT_CHOSEN_FREELY.has(reason)) return false;
  const propensity = propensities[chosen] ?? 0;
  if (!(propensity >= SMALLEST_PROPENSITY && propensity <= 1 + 1e-9) || !Number.isFinite(reward))
    return false;
  if (predictions !== undefined && !Number.isFinite(predictions[chosen] ?? Number.NaN)) return false;
  for (let arm = 0; arm < shares.length; arm += 1) {
    const share = shares[arm] as number;
    if (!(share >= 0 && share <= 1 + 1e-9)) return false;
    if (share > 0 && predictions !== undefined && !Number.isFinite(predictions[arm] ?? Number.NaN))
      return false;
  }
  return true;
}

function addRow(cluster: ClusterSums, row: LoggedChoice, shares: ArrayLike<number>): Chosen {
  const { propensities, predictions, chosen, reward } = row;
  cluster.count += 1;
  cluster.reward += reward;
  for (let arm = 0; arm < shares.length; arm += 1) {
    const share = shares[arm] as number;
    if (share === 0) continue;
    const sums = cellAt(cluster, arm);
    sums.mass += share;
    if (predictions === undefined) sums.unpredictedMass += share;
    else sums.predicted += share * (predictions[arm] ?? 0);
    if ((propensities[arm] ?? 0) > 0) sums.supportedMass += share;
  }
  const sums = cellAt(cluster, chosen);
  const share = shares[chosen] ?? 0;
  const propensity = Math.min(1, propensities[chosen] as number);
  const weight = share / propensity;
  sums.chosenMass += share;
  if (weight > 0) sums.weightedCount += 1;
  sums.weight += weight;
  sums.squaredWeight += weight ** 2;
  return { weight, reward, propensity, prediction: predictions?.[chosen] ?? Number.NaN, sums };
}

function cellAt(cluster: ClusterSums, arm: number): CellSums {
  while (cluster.cells.length <= arm) cluster.cells.push(emptyCell(cluster));
  return cluster.cells[arm] as CellSums;
}

export function emptyCell(cluster: ClusterSums): CellSums {
  return {
    cluster,
    count: 0,
    deviation: 0,
    squares: 0,
    mass: 0,
    supportedMass: 0,
    chosenMass: 0,
    predicted: 0,
    unpredictedMass: 0,
    weightedCount: 0,
    weight: 0,
    squaredWeight: 0,
    weightedResidual: 0,
    residualSquares: 0,
  };
}

function addSquare({ sums, reward, prediction }: Chosen): void {
  const { cluster, deviation, count } = sums;
  const square = (reward - predictionOr(cluster, prediction) - deviation / count) ** 2;
  sums.squares += square;
  cluster.squares += square;
  cluster.freedom += 1 - 1 / count;
}

/** The row's own prediction q, or the mean of its cluster. */
function predictionOr({ reward, count }: ClusterSums, prediction: number): number {
  return Number.isNaN(prediction) ? reward / count : prediction;
}

/** q̂ of a row in this cell. */
export function predictedOf(sums: CellSums, prediction: number): number {
  return predictionOr(sums.cluster, prediction) + leaningDeviation(sums);
}

/** What the outcomes of an arm add to its prediction: their mean distance, as far as e outcomes can be believed. */
function leaningDeviation(sums: CellSums): number {
  const size = effectiveSize(sums);
  return sums.count > 0 ? (sums.deviation / sums.count) * (size / (size + PREDICTION_STRENGTH)) : 0;
}

/** e = (Σw)²/Σw². */
function effectiveSize({ weight, squaredWeight }: CellSums): number {
  return squaredWeight > 0 ? weight ** 2 / squaredWeight : 0;
}

export function residualOf({ weight, weightedResidual }: CellSums): number {
  return weight > 0 ? weightedResidual / weight : 0;
}

function cellOf(sums: CellSums, rows: number, variance: number): OffPolicyCell {
  const { cluster, count, mass, weight, weightedCount, predicted, unpredictedMass } = sums;
  const size = effectiveSize(sums);
  const believed = weightedCount > 0 ? size ** 2 / weightedCount : 0;
  const supported = sums.supportedMass / mass;
  const unseenShare = Math.max(0, 1 - sums.chosenMass / mass);
  // Where nearly all was chosen, the few weights seen say too little of those that were not: no surer than a plain mean.
  const own = (sums.squares + VARIANCE_STRENGTH * variance) / (count + VARIANCE_STRENGTH);
  const leastVariance = count > 0 ? (unseenShare * own) / count : 0;
  return {
    mass: mass / rows,
    supportedMass: sums.supportedMass / rows,
    unseenShare,
    predicted:
      (predicted + (unpredictedMass > 0 ? (unpredictedMass * cluster.reward) / cluster.count : 0)) / mass +
      leaningDeviation(sums),
    predictionVariance: count > 0 ? (variance / count) * (size / (size + PREDICTION_STRENGTH)) ** 2 : 0,
    predictionShare: PREDICTION_STRENGTH / (count + PREDICTION_STRENGTH),
    residual: residualOf(sums),
    residualVariance: weight > 0 ? Math.max(sums.residualSquares / weight ** 2, leastVariance) : 0,
    belief: (supported * believed ** 2) / (believed ** 2 + BELIEVED_FROM ** 2),
  };
}
