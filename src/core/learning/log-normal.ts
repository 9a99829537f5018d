import { at, type BeliefSums, clamp } from './belief-sums.ts';

/** Belief about ln x: where a level without evidence takes its opinion from the level above it. */
export interface LogBelief {
  mean: number;
  variance: number;
}

const VARIANCE_FLOOR = 0.01;
/** e^(σ²/2) then stays below 2.8: one absurd answer cannot make a model look a hundred times dearer. */
const VARIANCE_CEILING = 2;
const COUNT_LIMIT = 1e9;

/**
 * Moves a belief about ln x towards the evidence of one level, in place: the belief counts as `strength`
 * observations against the level's own n.
 *
 *     μ' = (Σ ln x + κμ) / (n + κ)          σ²' = (Σ (ln x − μ')² + κσ²) / (n + κ)
 *
 * @param offset of (n, Σ ln x, Σ ln² x) in `sums.effective()`; negative when there is none
 * @param logLow,logHigh bounds of a believable ln x: sums from a broken clock or counter cannot leave them
 */
export function updateBelief(
  belief: LogBelief,
  sums: BeliefSums,
  offset: number,
  strength: number,
  logLow: number,
  logHigh: number,
): void {
  if (offset < 0) return;
  const effective = sums.effective();
  const count = clamp(at(effective, offset), 0, COUNT_LIMIT);
  if (count === 0) return;
  const logMean = clamp(at(effective, offset + 1) / count, logLow, logHigh);
  const mean = (count * logMean + strength * belief.mean) / (count + strength);
  const spread = at(effective, offset + 2) - 2 * mean * at(effective, offset + 1) + count * mean * mean;
  const variance = (clamp(spread, 0, COUNT_LIMIT) + strength * belief.variance) / (count + strength);
  belief.mean = mean;
  belief.variance = clamp(variance, VARIANCE_FLOOR, VARIANCE_CEILING);
}

/** E[x] = exp(μ + σ²/2). */
export function logNormalMean(belief: LogBelief): number {
  return Math.exp(belief.mean + belief.variance / 2);
}

/**
 * E[min(x, c)] = E[x]·Φ((ln c − μ − σ²)/σ) + c·(1 − Φ((ln c − μ)/σ)), the limited expected value of a log-normal.
 *
 * @param bound c > 0
 */
export function boundedLogNormalMean(belief: LogBelief, bound: number): number {
  const deviation = Math.sqrt(belief.variance);
  const distance = (Math.log(bound) - belief.mean) / deviation;
  if (distance > 6) return logNormalMean(belief);
  return logNormalMean(belief) * normalCdf(distance - deviation) + bound * (1 - normalCdf(distance));
}

/** Φ(x), absolute error below 1.5e−7 (Abramowitz & Stegun 7.1.26). */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x) * Math.SQRT1_2);
  const polynomial =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * polynomial * Math.exp((-x * x) / 2);
  return x > 0 ? 1 - tail : tail;
}
