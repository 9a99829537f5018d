import { at, clamp, TASK_COUNT } from './belief-sums.ts';
import { BASELINE_STRENGTH, informationOf, MODEL_EFFECT_STRENGTH, type TwoWayFit } from './two-way-fit.ts';

/** Standard deviation of .1: at a quality of .7 twenty pseudo-outcomes, what suits general models. */
export const EXPECTED_INTERACTION = 0.01;
/** Cells the expectation is worth. */
const EXPECTATION_STRENGTH = 5;
/** Outcomes at which a cell's residual counts a quarter. */
const HALF_WEIGHT_AT = 10;
const FEWEST_OUTCOMES = 2;
const VARIANCE_FLOOR = 1e-4;
const LEVERAGE_CEILING = 0.8;

/**
 * τ²: how much the true quality of a cell (task k, model m) varies around the additive fit b[k] + a[m], the variance
 * of the interaction. By moments, as in DerSimonian & Laird (1986), shrunk towards .01:
 *
 *     τ² = ( 5·0.01 + Σ v·(r²/(1−h) − p(1−p)/n) ) / ( 5 + Σ v ),   r = s/n − p,  p = clip(b+a, .03, .97)
 *     v = (n/(n+10))²                         h = w/(W[m] + 20) + w/(W[k] + 2),  at most .8
 *
 * over the cells with n ≥ 2. h is the leverage of a cell on its own row and column: the fit bends towards it, which takes
 * that share of r² away. Without it τ² came out too small until a cell had dozens of outcomes, and specialists stayed
 * untried (docs/decisions/0016-…). Near 0 where models are good or bad at everything alike, .05 among specialists: there
 * what a model does elsewhere says little.
 *
 * @param successes s[k,m], `weights` n[k,m]: as given to `refit`, which comes first, with τ² = .01
 */
export function interactionVariance(
  fit: TwoWayFit,
  modelCount: number,
  successes: Float64Array,
  weights: Float64Array,
): number {
  let variance = EXPECTATION_STRENGTH * EXPECTED_INTERACTION;
  let strength = EXPECTATION_STRENGTH;
  for (let cell = 0; cell < modelCount * TASK_COUNT; cell += 1) {
    const count = at(weights, cell);
    if (count < FEWEST_OUTCOMES) continue;
    const task = cell % TASK_COUNT;
    const model = (cell - task) / TASK_COUNT;
    const expected = clamp(at(fit.taskBaseline, task) + at(fit.modelEffect, model), 0.03, 0.97);
    const residual = at(successes, cell) / count - expected;
    const information = informationOf(count, EXPECTED_INTERACTION);
    const leverage =
      information / (at(fit.modelInformation, model) + MODEL_EFFECT_STRENGTH) +
      information / (at(fit.taskInformation, task) + BASELINE_STRENGTH);
    const kept = 1 - Math.min(leverage, LEVERAGE_CEILING);
    const weight = (count / (count + HALF_WEIGHT_AT)) ** 2;
    variance += weight * ((residual * residual) / kept - (expected * (1 - expected)) / count);
    strength += weight;
  }
  return Math.max(VARIANCE_FLOOR, variance / strength);
}
