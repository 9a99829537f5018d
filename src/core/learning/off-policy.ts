/** One logged choice, with all that was known when it was made. Arms are in any order, the same in every list. */
export interface LoggedChoice {
  /** Probability with which each arm was going to be chosen; 0 where it could not be. */
  readonly propensities: ArrayLike<number>;
  /** What is expected of each arm for this request: of its quality, its cost, whatever `reward` is of. */
  readonly predictions: ArrayLike<number>;
  /** Position of the arm that was chosen. */
  readonly chosen: number;
  readonly reward: number;
}

export interface Estimate {
  readonly mean: number;
  /** Bounds of a 90 % interval of normal theory. */
  readonly low90: number;
  readonly high90: number;
}

export interface OffPolicyEstimate {
  /** Choices that could be used. */
  readonly samples: number;
  /** (Σw)²/Σw² of the weights w = τ(a)/π(a). */
  readonly effectiveSampleSize: number;
  /** Share of the target's choices that the log could not have made: nothing but predictions is known of them. */
  readonly unsupportedShare: number;
  /** Undefined when support is too thin. Takes unsupported choices to be like the others. */
  readonly snips: Estimate | undefined;
  /** Undefined likewise. Takes unsupported choices to be as predicted. */
  readonly doublyRobust: Estimate | undefined;
}

/** Below this, one lucky answer decides: no estimate is better than that one. */
export const FEWEST_EFFECTIVE_SAMPLES = 50;
const NORMAL_90 = 1.6449;

interface Term {
  /** w = τ(a)/π(a) of the chosen arm. */
  readonly weight: number;
  readonly reward: number;
  /** r − q̂ of the chosen arm. */
  readonly residual: number;
  /** Σ_a τ(a)·q̂(a). */
  readonly predicted: number;
}

/**
 * What another policy τ would have achieved on the logged choices of π:
 *
 *     SNIPS = Σ w·r / Σ w,   w = τ(a)/π(a) of the chosen arm               (Swaminathan & Joachims 2015)
 *     DR    = mean(Σ_a τ(a)·q̂(a)) + (1 − u)·Σ w·(r − q̂) / Σ w               (Dudík et al. 2011, self-normalised)
 *
 * where u is the unsupported share. Weights that depend on π itself (Zhan et al. 2021) were tried: a router that
 * learns gives an unlucky arm a small π, so they are biased, by −.01 on panel12. Rows that make no sense (a choice of
 * probability 0, NaN) are left out.
 *
 * @param target probabilities of the other policy for a row, in the order of its arms; summing to 1
 */
export function evaluateOffPolicy<Logged extends LoggedChoice>(
  log: Iterable<Logged>,
  target: (row: Logged) => ArrayLike<number>,
): OffPolicyEstimate {
  const terms: Term[] = [];
  let unsupported = 0;
  for (const row of log) {
    const shares = target(row);
    const term = termOf(row, shares);
    if (term === undefined) continue;
    terms.push(term);
    unsupported += unsupportedOf(row, shares);
  }
  const total = sumOf(terms, ({ weight }) => weight);
  const squares = sumOf(terms, ({ weight }) => weight ** 2);
  const samples = terms.length;
  const effectiveSampleSize = squares > 0 ? (total * total) / squares : 0;
  const unsupportedShare = samples > 0 ? unsupported / samples : 0;
  const support = { samples, effectiveSampleSize, unsupportedShare };
  if (effectiveSampleSize < FEWEST_EFFECTIVE_SAMPLES) {
    return { ...support, snips: undefined, doublyRobust: undefined };
  }
  const scale = samples / total;
  const meanReward = sumOf(terms, ({ weight, reward }) => weight * reward) / total;
  const meanResidual = sumOf(terms, ({ weight, residual }) => weight * residual) / total;
  const meanPredicted = sumOf(terms, ({ predicted }) => predicted) / samples;
  const supported = 1 - unsupportedShare;
  return {
    ...support,
    snips: estimateOf(terms, meanReward, ({ weight, reward }) => scale * weight * (reward - meanReward)),
    doublyRobust: estimateOf(
      terms,
      meanPredicted + supported * meanResidual,
      ({ weight, residual, predicted }) =>
        predicted - meanPredicted + supported * scale * weight * (residual - meanResidual),
    ),
  };
}

/** Rewards' worth of the cluster's mean in the mean of an arm there. */
const CLUSTER_STRENGTH = 5;

/**
 * What the whole log says of each arm in each cluster of alike requests (a task): q̂ = (Σ r + 5·r̄) / (n + 5) with r̄ the
 * cluster's mean. To be used as `predictions` of all its rows: what was predicted when a choice was made is early and
 * cautious exactly where the log could not have chosen an arm, and the doubly robust estimate believes it there.
 *
 * @param clusterOf any key; rows with the same key are alike
 * @returns predictions for a row, in the order of its arms
 */
export function hindsightPredictions<Logged extends LoggedChoice>(
  log: readonly Logged[],
  clusterOf: (row: Logged) => number | string,
): (row: Logged) => ArrayLike<number> {
  const clusterToSums = new Map<number | string, { rewards: Float64Array; counts: Float64Array }>();
  for (const row of log) {
    const { chosen, reward, propensities } = row;
    if (!Number.isFinite(reward) || !((propensities[chosen] ?? 0) > 0)) continue;
    const cluster = clusterOf(row);
    let sums = clusterToSums.get(cluster);
    if (sums === undefined) {
      const arms = propensities.length;
      sums = { rewards: new Float64Array(arms), counts: new Float64Array(arms) };
      clusterToSums.set(cluster, sums);
    }
    sums.rewards[chosen] = (sums.rewards[chosen] ?? 0) + reward;
    sums.counts[chosen] = (sums.counts[chosen] ?? 0) + 1;
  }
  const clusterToMeans = new Map(
    [...clusterToSums].map(([cluster, { rewards, counts }]) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const mean = rewards.reduce((sum, reward) => sum + reward, 0) / total;
      const means = rewards.map(
        (reward, arm) => (reward + CLUSTER_STRENGTH * mean) / ((counts[arm] ?? 0) + CLUSTER_STRENGTH),
      );
      return [cluster, means];
    }),
  );
  return (row) => clusterToMeans.get(clusterOf(row)) ?? row.predictions;
}

function termOf(row: LoggedChoice, shares: ArrayLike<number>): Term | undefined {
  const { propensities, predictions, chosen, reward } = row;
  const propensity = propensities[chosen] ?? 0;
  if (!(propensity > 0)) return undefined;
  let predicted = 0;
  for (let arm = 0; arm < shares.length; arm += 1) {
    const share = shares[arm] ?? 0;
    if (share !== 0) predicted += share * (predictions[arm] ?? Number.NaN);
  }
  const weight = (shares[chosen] ?? 0) / propensity;
  const residual = reward - (predictions[chosen] ?? Number.NaN);
  if (!(weight >= 0) || !Number.isFinite(weight + residual + predicted)) return undefined;
  return { weight, reward, residual, predicted };
}

function unsupportedOf({ propensities }: LoggedChoice, shares: ArrayLike<number>): number {
  let lost = 0;
  for (let arm = 0; arm < shares.length; arm += 1) {
    if (!((propensities[arm] ?? 0) > 0)) lost += shares[arm] ?? 0;
  }
  return lost;
}

/** A mean with the interval of its linearised deviations. */
function estimateOf(terms: readonly Term[], mean: number, deviationOf: (term: Term) => number): Estimate {
  const half = (NORMAL_90 * Math.sqrt(sumOf(terms, (term) => deviationOf(term) ** 2))) / terms.length;
  return { mean, low90: mean - half, high90: mean + half };
}

function sumOf(terms: readonly Term[], read: (term: Term) => number): number {
  let sum = 0;
  for (const term of terms) sum += read(term);
  return sum;
}
