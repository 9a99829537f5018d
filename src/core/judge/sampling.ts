/** Where nothing is known of a model's quality, its answers are judged this many times more often again. */
const EXTRA_WHERE_UNCERTAIN = 3;
/** Standard deviation of a belief that knows nothing: that of the uniform distribution, 1/√12. */
const WIDEST_DEVIATION = 1 / Math.sqrt(12);

/**
 * With which probability an answer is judged: `share` where the model's quality at the task is well known, up to four
 * times as often the wider the belief Beta(α, β) about it still is.
 *
 * @param share 0–1
 */
export function judgingProbability(share: number, alpha: number, beta: number): number {
  const count = alpha + beta;
  const deviation = Math.sqrt((alpha * beta) / (count * count * (count + 1)));
  const uncertainty = deviation >= 0 ? Math.min(1, deviation / WIDEST_DEVIATION) : 1;
  return Math.min(1, share * (1 + EXTRA_WHERE_UNCERTAIN * uncertainty));
}
