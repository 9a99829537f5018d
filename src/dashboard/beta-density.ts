/** Of one belief the curve is drawn through so many points. */
const POINTS = 241;

/** Where the densities are drawn: the middles of equal parts of 0 to 1. */
export const QUALITY_AXIS: readonly number[] = Array.from(
  { length: POINTS },
  (_, index) => (index + 0.5) / POINTS,
);

/**
 * The density of Beta(alpha, beta) at each of `QUALITY_AXIS`, scaled so that its mean over 0 to 1 is one: no gamma function
 * is needed for a picture.
 *
 * @param alpha above 0
 * @param beta above 0
 */
export function betaDensity(alpha: number, beta: number): number[] {
  const logs = QUALITY_AXIS.map((x) => (alpha - 1) * Math.log(x) + (beta - 1) * Math.log(1 - x));
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / POINTS;
  return weights.map((weight) => weight / mean);
}
