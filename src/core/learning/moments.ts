/**
 * What importance weighting needs to know of an outcome y of choices that were made with probability p: sums over the
 * choices of one model among alike requests. Everything is additive: replicas add up, a correction takes back exactly
 * what it once put in, and sums of several groups are those of their union.
 */
export interface Moments {
  /** Choices. */
  readonly count: number;
  /** Σ1/p and Σ1/p². */
  readonly weight: number;
  readonly squaredWeight: number;
  /** Σy, Σy/p and Σy/p². */
  readonly sum: number;
  readonly weightedSum: number;
  readonly squaredWeightSum: number;
  /** Σy², Σy²/p and Σy²/p². */
  readonly square: number;
  readonly weightedSquare: number;
  readonly squaredWeightSquare: number;
}

export const NO_MOMENTS: Moments = {
  count: 0,
  weight: 0,
  squaredWeight: 0,
  sum: 0,
  weightedSum: 0,
  squaredWeightSum: 0,
  square: 0,
  weightedSquare: 0,
  squaredWeightSquare: 0,
};

/** Those of one outcome. @param propensity 0–1, above 0 */
export function momentsOf(outcome: number, propensity: number): Moments {
  const weight = 1 / propensity;
  return {
    count: 1,
    weight,
    squaredWeight: weight * weight,
    sum: outcome,
    weightedSum: outcome * weight,
    squaredWeightSum: outcome * weight * weight,
    square: outcome * outcome,
    weightedSquare: outcome * outcome * weight,
    squaredWeightSquare: outcome * outcome * weight * weight,
  };
}

export function plusMoments(one: Moments, other: Moments): Moments {
  return {
    count: one.count + other.count,
    weight: one.weight + other.weight,
    squaredWeight: one.squaredWeight + other.squaredWeight,
    sum: one.sum + other.sum,
    weightedSum: one.weightedSum + other.weightedSum,
    squaredWeightSum: one.squaredWeightSum + other.squaredWeightSum,
    square: one.square + other.square,
    weightedSquare: one.weightedSquare + other.weightedSquare,
    squaredWeightSquare: one.squaredWeightSquare + other.squaredWeightSquare,
  };
}

/** The moments of slope·y + offset. */
export function transformedMoments(moments: Moments, slope: number, offset: number): Moments {
  const { count, weight, squaredWeight, sum, weightedSum, squaredWeightSum } = moments;
  const squareOf = (square: number, linear: number, plain: number) =>
    slope * slope * square + 2 * slope * offset * linear + offset * offset * plain;
  return {
    count,
    weight,
    squaredWeight,
    sum: slope * sum + offset * count,
    weightedSum: slope * weightedSum + offset * weight,
    squaredWeightSum: slope * squaredWeightSum + offset * squaredWeight,
    square: squareOf(moments.square, sum, count),
    weightedSquare: squareOf(moments.weightedSquare, weightedSum, weight),
    squaredWeightSquare: squareOf(moments.squaredWeightSquare, squaredWeightSum, squaredWeight),
  };
}
