import { at, TASK_COUNT } from './belief-sums.ts';

export const BASELINE_QUALITY = 0.65;
const BASELINE_STRENGTH = 2;
const MODEL_EFFECT_STRENGTH = 5;
/** From zero, eight sweeps leave b + a within 0.002 of the fixed point on skewed traffic. */
const SWEEPS = 8;

/** Task baselines and model effects, and the weight of evidence they rest on. */
export interface TwoWayFit {
  /** b[k], quality points. */
  readonly taskBaseline: Float64Array;
  /** a[m], quality points above or below the baseline. */
  modelEffect: Float64Array;
  /** Σ_m n[k,m]. */
  readonly taskWeight: Float64Array;
  /** Σ_k n[k,m]. */
  modelWeight: Float64Array;
}

export function createTwoWayFit(): TwoWayFit {
  return {
    taskBaseline: new Float64Array(TASK_COUNT).fill(BASELINE_QUALITY),
    modelEffect: new Float64Array(0),
    taskWeight: new Float64Array(TASK_COUNT),
    modelWeight: new Float64Array(0),
  };
}

/**
 * Two-way empirical Bayes over the cells (task k, model m):
 *
 *     b[k] = ( Σ_m (s[k,m] − n[k,m]·a[m]) + 2·0.65 ) / ( Σ_m n[k,m] + 2 )
 *     a[m] =   Σ_k (s[k,m] − n[k,m]·b[k])            / ( Σ_k n[k,m] + 5 )
 *
 * Pooling raw means over tasks instead would be Simpson's paradox: a model that gets the hard tasks looks bad.
 * Always starts from a = 0, so that the fit depends on the sums alone and not on the order they came in.
 *
 * @param successes s[k,m] ≥ 0 at `m · TASK_COUNT + k`
 * @param weights   n[k,m] ≥ 0 in the same places
 */
export function refit(
  fit: TwoWayFit,
  modelCount: number,
  successes: Float64Array,
  weights: Float64Array,
): void {
  if (fit.modelEffect.length < modelCount) {
    fit.modelEffect = new Float64Array(modelCount * 2);
    fit.modelWeight = new Float64Array(modelCount * 2);
  }
  const { taskBaseline, taskWeight, modelEffect, modelWeight } = fit;
  taskWeight.fill(0);
  modelWeight.fill(0);
  modelEffect.fill(0);
  for (let model = 0; model < modelCount; model += 1) {
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const weight = at(weights, model * TASK_COUNT + task);
      taskWeight[task] = at(taskWeight, task) + weight;
      modelWeight[model] = at(modelWeight, model) + weight;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let task = 0; task < TASK_COUNT; task += 1) {
      if (at(taskWeight, task) === 0) continue;
      let residual = BASELINE_STRENGTH * BASELINE_QUALITY;
      for (let model = 0; model < modelCount; model += 1) {
        const cell = model * TASK_COUNT + task;
        residual += at(successes, cell) - at(weights, cell) * at(modelEffect, model);
      }
      taskBaseline[task] = residual / (at(taskWeight, task) + BASELINE_STRENGTH);
    }
    for (let model = 0; model < modelCount; model += 1) {
      if (at(modelWeight, model) === 0) continue;
      let residual = 0;
      for (let task = 0; task < TASK_COUNT; task += 1) {
        const cell = model * TASK_COUNT + task;
        residual += at(successes, cell) - at(weights, cell) * at(taskBaseline, task);
      }
      modelEffect[model] = residual / (at(modelWeight, model) + MODEL_EFFECT_STRENGTH);
    }
  }
}
