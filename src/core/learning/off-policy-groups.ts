import { type Moments, NO_MOMENTS, plusMoments } from './moments.ts';
import {
  ARM_DEVIATION,
  type Estimate,
  estimateFrom,
  FEWEST_EFFECTIVE_SAMPLES,
  intervalOf,
  type OffPolicyEstimate,
  varianceOf,
} from './off-policy.ts';
import {
  type CellSums,
  type ClusterSums,
  cellsOf,
  deviationOf,
  emptyCell,
  type OffPolicyCell,
  outcomeVarianceOf,
  predictedOf,
  residualOf,
} from './off-policy-cells.ts';

/** What the log says of one model among alike requests, about one measure: quality, cost or time. */
export interface LoggedArm {
  /** Requests in which it had a chance at all. */
  readonly supported: number;
  /** Requests in which it was chosen. */
  readonly chosen: number;
  /** The outcomes, in the measure's own units: what SNIPS weighs. */
  readonly outcomes: Moments;
  /** Outcomes less what was expected, in units of `scale`; the outcomes themselves where nothing is expected. */
  readonly errors: Moments;
  /** Expected outcome of a request, in the measure's own units; 1 where nothing is expected. */
  readonly scale: number;
}

/** Alike requests: of one task and size. */
export interface LoggedGroup {
  /** Groups of one cluster share what is learnt of a model: their task. */
  readonly cluster: string;
  readonly requests: number;
  /** All models, in one order for all groups. */
  readonly arms: readonly LoggedArm[];
}

export interface GroupOptions {
  /** Whether outcomes have an expectation: then what is estimated is how far they lie from it, relative to it. */
  readonly isExpected: boolean;
  /** δ, in units of `scale`; that of quality where left out (`OffPolicyOptions`). */
  readonly armDeviation?: number;
}

/**
 * `evaluateOffPolicy` for a log of which only sums are left, and a target that is the same for all requests of a group:
 * importance weights τ/π are then τ times sums over 1/π. The same formulas and constants; cells are (cluster, model).
 *
 * Where outcomes have an expectation, μ = Ē·(1 + y) with Ē the mean expectation over *all* requests of the group, also
 * those that chose others, and y what the cell's outcomes lie off it, relative to it. Costs of models a hundred times as
 * dear as others are alike then, and the sizes of prompts, which decide most of a cost, are in Ē.
 *
 * @param shareOf τ of a model in a group; over the models of a group they add up to 1
 * @returns means per request, in the measure's own units
 */
export function evaluateGroups(
  groups: readonly LoggedGroup[],
  shareOf: (group: number, arm: number) => number,
  { isExpected, armDeviation = ARM_DEVIATION }: GroupOptions,
): OffPolicyEstimate {
  const clusters = gather(groups, shareOf);
  const requests = sumOf(groups, (group) => group.requests);
  const all = clusters.map(({ sums }) => sums);
  const variance = outcomeVarianceOf(all);
  if (isExpected) allowForTails(clusters, variance);
  const values = clusters.flatMap(({ arms }) => arms).filter(({ sums }) => sums.mass > 0);
  const plain = cellsOf(all, Math.max(1, requests), variance);
  const cells = plain.map((cell, index) => inUnits(cell, values[index], requests, isExpected ? 1 : 0));
  const weights = weigh(groups, shareOf);
  return estimateFrom({
    cells,
    deviation: deviationOf(all, variance, armDeviation),
    samples: weights.count,
    leftOut: 0,
    unsupportedShare: sumOf(plain, ({ mass, supportedMass }) => mass - supportedMass),
    weight: weights.first.weight,
    squaredWeight: weights.second.squaredWeight,
    weightedReward: weights.first.weightedSum,
    isPredictable: isExpected && answersBehind(groups, shareOf) >= FEWEST_EFFECTIVE_SAMPLES,
    deviationsFrom: (mean) => {
      const { second } = weights;
      const squares =
        second.squaredWeightSquare - 2 * mean * second.squaredWeightSum + mean * mean * second.squaredWeight;
      const certain = second.weightedSquare - 2 * mean * second.weightedSum + mean * mean * second.weight;
      return squares - certain;
    },
  });
}

/**
 * By how much the mean of a policy is overstated that was made of what this very log taught: it chooses rather whom chance
 * was kind to. Efron's covariance penalty (2004) for a share τ that rises with the mean that is believed, by Stein's lemma
 *
 *     Σ_c m·∂τ/∂μ·σ²/n·(e/(e + 15))²·(1 − n/N)
 *
 * with n of the cell's N requests known themselves, and a belief that moves by as much of what their mean is off as q̂
 * does. In units of the measure; 0 for a policy that asks nobody.
 *
 * @param slopeOf ∂τ/∂μ of a model in a group
 */
export function optimismOf(
  groups: readonly LoggedGroup[],
  slopeOf: (group: number, arm: number) => number,
): number {
  const clusters = gather(groups, () => 1);
  const all = clusters.map(({ sums }) => sums);
  const cells = clusters.flatMap(({ arms }) => arms);
  const uncertainties = new Map(
    cellsOf(all, 1, outcomeVarianceOf(all)).map((cell, index) => [
      cells[index],
      cell.predictionVariance * cell.unseenShare,
    ]),
  );
  let optimism = 0;
  let requests = 0;
  for (const cluster of clusters) {
    for (const group of cluster.groups) {
      const count = groups[group]?.requests ?? 0;
      requests += count;
      for (const [arm, pooled] of cluster.arms.entries()) {
        optimism += count * slopeOf(group, arm) * (uncertainties.get(pooled) ?? 0);
      }
    }
  }
  return requests > 0 ? optimism / requests : 0;
}

/**
 * The mean outcome of what was chosen, of which some is not known: unrated answers are taken to be like the rated ones of
 * their model and task, leaning on the task's mean. The interval is for the unknown part alone.
 */
export function meanOfLogged(groups: readonly LoggedGroup[]): Estimate | undefined {
  const clusters = gather(groups, () => 1);
  const all = clusters.map(({ sums }) => sums);
  const variance = outcomeVarianceOf(all);
  const requests = sumOf(groups, (group) => sumOf(group.arms, ({ chosen }) => chosen));
  const known = sumOf(all, ({ count }) => count);
  if (known === 0 || requests === 0) return undefined;
  const cells: OffPolicyCell[] = [];
  let sum = 0;
  for (const { sums: cluster, arms } of clusters) {
    for (const { sums, moments, chosen } of arms) {
      if (chosen === 0) continue;
      sums.mass = chosen;
      sums.supportedMass = chosen;
      sums.chosenMass = moments.count;
      // What was rated of the log's own choices is a sample like any other, however likely each choice was.
      sums.weight = moments.count;
      sums.squaredWeight = moments.count;
      const unknown = Math.max(0, chosen - moments.count);
      sum += moments.sum + unknown * (meanOf(cluster, all) + leaning(sums));
    }
    cells.push(
      ...cellsOf(
        [{ ...cluster, cells: arms.filter(({ chosen }) => chosen > 0).map(({ sums }) => sums) }],
        requests,
        variance,
      ),
    );
  }
  return intervalOf(
    sum / requests,
    varianceOf(cells, deviationOf(all, variance, ARM_DEVIATION), () => 0),
  );
}

interface PooledArm {
  readonly sums: CellSums;
  /** Of its errors over all groups of the cluster. */
  moments: Moments;
  chosen: number;
  /** Σ τ·requests·scale. */
  value: number;
  /** Σw²·(1 − π). */
  uncertainWeight: number;
}

interface Cluster {
  readonly sums: ClusterSums;
  readonly arms: PooledArm[];
  readonly groups: number[];
}

function gather(groups: readonly LoggedGroup[], shareOf: (group: number, arm: number) => number): Cluster[] {
  const nameToCluster = new Map<string, Cluster>();
  for (const [index, group] of groups.entries()) {
    if (!(group.requests > 0)) continue;
    let cluster = nameToCluster.get(group.cluster);
    if (cluster === undefined) {
      cluster = { sums: { count: 0, reward: 0, squares: 0, freedom: 0, cells: [] }, arms: [], groups: [] };
      nameToCluster.set(group.cluster, cluster);
    }
    cluster.groups.push(index);
    addGroup(cluster, group, (arm) => shareOf(index, arm));
  }
  const clusters = [...nameToCluster.values()];
  const all = clusters.map(({ sums }) => sums);
  for (const cluster of clusters) addDeviations(cluster, meanOf(cluster.sums, all));
  for (const cluster of clusters) {
    for (const [arm, pooled] of cluster.arms.entries()) {
      if (pooled.moments.count > 0) addResiduals(pooled.sums, partsOf(cluster, groups, arm, shareOf));
    }
  }
  return clusters;
}

function addGroup({ sums, arms }: Cluster, group: LoggedGroup, shareOf: (arm: number) => number): void {
  for (const [index, arm] of group.arms.entries()) {
    let pooled = arms[index];
    if (pooled === undefined) {
      const cell = emptyCell(sums);
      sums.cells.push(cell);
      pooled = { sums: cell, moments: NO_MOMENTS, chosen: 0, value: 0, uncertainWeight: 0 };
      arms.push(pooled);
    }
    const share = shareOf(index);
    const { errors } = arm;
    const cell = pooled.sums;
    pooled.moments = plusMoments(pooled.moments, errors);
    pooled.chosen += arm.chosen;
    pooled.value += share * group.requests * arm.scale;
    pooled.uncertainWeight += share * share * Math.max(0, errors.squaredWeight - errors.weight);
    cell.count += errors.count;
    cell.mass += share * group.requests;
    cell.supportedMass += share * Math.min(group.requests, arm.supported);
    cell.chosenMass += share * errors.count;
    if (share > 0) cell.weightedCount += errors.count;
    cell.weight += share * errors.weight;
    cell.squaredWeight += share * share * errors.squaredWeight;
    sums.count += errors.count;
    sums.reward += errors.sum;
  }
}

function addDeviations({ sums: cluster, arms }: Cluster, mean: number): void {
  for (const { sums, moments } of arms) {
    sums.predicted = sums.mass * mean;
    if (moments.count === 0) continue;
    sums.deviation = moments.sum - moments.count * mean;
    sums.squares = Math.max(0, moments.square - moments.sum ** 2 / moments.count);
    cluster.squares += sums.squares;
    cluster.freedom += moments.count - 1;
  }
}

interface Part {
  readonly share: number;
  readonly errors: Moments;
}

function partsOf(
  cluster: Cluster,
  groups: readonly LoggedGroup[],
  arm: number,
  shareOf: (group: number, arm: number) => number,
): Part[] {
  return cluster.groups.map((group) => ({
    share: shareOf(group, arm),
    errors: groups[group]?.arms[arm]?.errors ?? NO_MOMENTS,
  }));
}

/** Σw·(y − q̂), and Σw²·(y − q̂ − R)²·(1 − π). */
function addResiduals(sums: CellSums, parts: readonly Part[]): void {
  const predicted = predictedOf(sums, Number.NaN);
  for (const { share, errors } of parts) {
    sums.weightedResidual += share * (errors.weightedSum - predicted * errors.weight);
  }
  const centre = predicted + residualOf(sums);
  for (const { share, errors } of parts) {
    const squares =
      errors.squaredWeightSquare - 2 * centre * errors.squaredWeightSum + centre ** 2 * errors.squaredWeight;
    const certain = errors.weightedSquare - 2 * centre * errors.weightedSum + centre ** 2 * errors.weight;
    sums.residualSquares += share * share * Math.max(0, squares - certain);
  }
}

/**
 * Costs and times have long tails, which a few dozen outcomes have mostly not shown yet: the noise of a cell is at least what
 * the outcomes of all models together would make of its weights.
 */
function allowForTails(clusters: readonly Cluster[], variance: number): void {
  for (const { arms } of clusters) {
    for (const { sums, uncertainWeight } of arms) {
      sums.residualSquares = Math.max(sums.residualSquares, variance * uncertainWeight);
    }
  }
}

/** The cell's mass as what it weighs in the estimate. */
function inUnits(
  cell: OffPolicyCell,
  arm: PooledArm | undefined,
  requests: number,
  base: number,
): OffPolicyCell {
  const mass = (arm?.value ?? 0) / requests;
  return {
    ...cell,
    mass,
    supportedMass: cell.mass > 0 ? (mass * cell.supportedMass) / cell.mass : 0,
    predicted: base + cell.predicted,
  };
}

/** 1/Σ(share of a model/its answers): what one model's answers would have to be for its mean to be known as well. */
function answersBehind(
  groups: readonly LoggedGroup[],
  shareOf: (group: number, arm: number) => number,
): number {
  const shares: number[] = [];
  const answers: number[] = [];
  let requests = 0;
  for (const [index, group] of groups.entries()) {
    requests += group.requests;
    for (const [arm, { chosen }] of group.arms.entries()) {
      shares[arm] = (shares[arm] ?? 0) + group.requests * shareOf(index, arm);
      answers[arm] = (answers[arm] ?? 0) + chosen;
    }
  }
  const sum = shares.reduce((total, share, arm) => {
    return share > 0 ? total + share / requests / (answers[arm] ?? 0) : total;
  }, 0);
  return sum > 0 ? 1 / sum : 0;
}

/** Sums of w (`first`: by τ) and of w² (`second`: by τ²). */
function weigh(groups: readonly LoggedGroup[], shareOf: (group: number, arm: number) => number) {
  let count = 0;
  let first = NO_MOMENTS;
  let second = NO_MOMENTS;
  for (const [index, { arms }] of groups.entries()) {
    for (const [arm, { outcomes }] of arms.entries()) {
      count += outcomes.count;
      const share = shareOf(index, arm);
      if (share === 0 || outcomes.count === 0) continue;
      first = plusMoments(first, times(outcomes, share));
      second = plusMoments(second, times(outcomes, share * share));
    }
  }
  return { count, first, second };
}

function times(moments: Moments, factor: number): Moments {
  return {
    count: moments.count,
    weight: factor * moments.weight,
    squaredWeight: factor * moments.squaredWeight,
    sum: factor * moments.sum,
    weightedSum: factor * moments.weightedSum,
    squaredWeightSum: factor * moments.squaredWeightSum,
    square: factor * moments.square,
    weightedSquare: factor * moments.weightedSquare,
    squaredWeightSquare: factor * moments.squaredWeightSquare,
  };
}

/** The cluster's mean, or that of all where it has no outcomes. */
function meanOf(cluster: ClusterSums, all: readonly ClusterSums[]): number {
  if (cluster.count > 0) return cluster.reward / cluster.count;
  const count = sumOf(all, (one) => one.count);
  return count > 0 ? sumOf(all, ({ reward }) => reward) / count : 0;
}

/** By how much a cell's mean, leaning on its cluster's, lies off that. */
function leaning(sums: CellSums): number {
  return sums.count === 0 ? 0 : predictedOf(sums, 0);
}

function sumOf<Item>(items: readonly Item[], read: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += read(item);
  return sum;
}
