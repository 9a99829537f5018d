import { at, clamp, TASK_COUNT } from './belief-sums.ts';
import type { TwoWayFit } from './two-way-fit.ts';

/** Standard deviation of .1: at a quality of .7 twenty pseudo-outcomes, what suits general models. */
const EXPECTED_VARIANCE = 0.01;
/** Cells the expectation is worth. */
const EXPECTATION_STRENGTH = 20;
/** Outcomes at which a cell's residual counts half. */
const HALF_WEIGHT_AT = 10;
const FEWEST_OUTCOMES = 2;
const VARIANCE_FLOOR = 1e-4;

/**
 * τ²: how much the true quality of a cell (task k, model m) varies around the additive fit b[k] + a[m], the variance
 * of the interaction. By moments, as in DerSimonian & Laird (1986), shrunk towards .01:
 *
 *     τ² = ( 20·0.01 + Σ w·(r² − p(1−p)/n) ) / ( 20 + Σ w ),   r = s/n − p,  p = clip(b+a, .03, .97),  w = n/(n+10)
 *
 * over the cells with n ≥ 2. Near 0 where models are good or bad at everything alike, .05 among specialists: there
 * what a model does elsewhere says little, and believing it would keep a specialist from ever being tried.
 *
 * @param successes s[k,m], `weights` n[k,m]: as given to `refit`, which comes first
 */
export function interactionVariance(
  fit: TwoWayFit,
  modelCount: number,
  successes: Float64Array,
  weights: Float64Array,
): number {
  let variance = EXPECTATION_STRENGTH * EXPECTED_VARIANCE;
  let strength = EXPECTATION_STRENGTH;
  for (let cell = 0; cell < modelCount * TASK_COUNT; cell += 1) {
    const count = at(weights, cell);
    if (count < FEWEST_OUTCOMES) continue;
    const task = cell % TASK_COUNT;
    const model = (cell - task) / TASK_COUNT;
    const expected = clamp(at(fit.taskBaseline, task) + at(fit.modelEffect, model), 0.03, 0.97);
    const residual = at(successes, cell) / count - expected;
    const weight = count / (count + HALF_WEIGHT_AT);
    variance += weight * (residual * residual - (expected * (1 - expected)) / count);
    strength += weight;
  }
  return Math.max(VARIANCE_FLOOR, variance / strength);
}
