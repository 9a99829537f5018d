import { at, TASK_COUNT } from './belief-sums.ts';

export const BASELINE_QUALITY = 0.65;
const BASELINE_STRENGTH = 2;
const MODEL_EFFECT_STRENGTH = 5;
/** In exact arithmetic no pivot is below 2: the matrix exceeds its off-diagonal rows by more than that. */
const PIVOT_FLOOR = 1;

/** Task baselines and model effects, and the weight of evidence they rest on. */
export interface TwoWayFit {
  /** b[k], quality points. */
  readonly taskBaseline: Float64Array;
  /** a[m], quality points above or below the baseline. */
  modelEffect: Float64Array;
  /** Σ_m n[k,m]. */
  readonly taskWeight: Float64Array;
  /** Working space of the solver: tasks × tasks. */
  readonly matrix: Float64Array;
}

export function createTwoWayFit(): TwoWayFit {
  return {
    taskBaseline: new Float64Array(TASK_COUNT).fill(BASELINE_QUALITY),
    modelEffect: new Float64Array(0),
    taskWeight: new Float64Array(TASK_COUNT),
    matrix: new Float64Array(TASK_COUNT * TASK_COUNT),
  };
}

/**
 * Two-way empirical Bayes over the cells (task k, model m):
 *
 *     b[k] = ( Σ_m (s[k,m] − n[k,m]·a[m]) + 2·0.65 ) / ( Σ_m n[k,m] + 2 )
 *     a[m] =   Σ_k (s[k,m] − n[k,m]·b[k])            / ( Σ_k n[k,m] + 5 )
 *
 * Pooling raw means over tasks instead would be Simpson's paradox: a model that gets the hard tasks looks bad.
 * Both are linear, so they are solved, not iterated: putting a into b leaves one symmetric system over the tasks,
 * and 12 models cost 4 µs. Eight sweeps of iterating cost twice that and missed b + a by up to .09 on skewed
 * traffic, where few outcomes tie the tasks together.
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
  if (fit.modelEffect.length < modelCount) fit.modelEffect = new Float64Array(modelCount * 2);
  const { taskBaseline, taskWeight, modelEffect, matrix } = fit;
  taskWeight.fill(0);
  matrix.fill(0);
  taskBaseline.fill(BASELINE_STRENGTH * BASELINE_QUALITY);
  for (let model = 0; model < modelCount; model += 1) {
    const cells = model * TASK_COUNT;
    let success = 0;
    let weight = 0;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      success += at(successes, cells + task);
      weight += at(weights, cells + task);
    }
    if (weight === 0) continue;
    const shrinkage = 1 / (weight + MODEL_EFFECT_STRENGTH);
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const cellWeight = at(weights, cells + task);
      if (cellWeight === 0) continue;
      taskWeight[task] = at(taskWeight, task) + cellWeight;
      const gain = at(successes, cells + task) - cellWeight * success * shrinkage;
      taskBaseline[task] = at(taskBaseline, task) + gain;
      const row = task * TASK_COUNT;
      for (let other = 0; other <= task; other += 1) {
        matrix[row + other] = at(matrix, row + other) - cellWeight * at(weights, cells + other) * shrinkage;
      }
    }
  }
  for (let task = 0; task < TASK_COUNT; task += 1) {
    const diagonal = task * TASK_COUNT + task;
    matrix[diagonal] = at(matrix, diagonal) + at(taskWeight, task) + BASELINE_STRENGTH;
  }
  solveSymmetric(matrix, taskBaseline);
  for (let model = 0; model < modelCount; model += 1) {
    let residual = 0;
    let weight = 0;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const cell = model * TASK_COUNT + task;
      residual += at(successes, cell) - at(weights, cell) * at(taskBaseline, task);
      weight += at(weights, cell);
    }
    modelEffect[model] = residual / (weight + MODEL_EFFECT_STRENGTH);
  }
}

/** Solves A·x = y in place by Cholesky's factors: `matrix` holds A's lower triangle and is used up, `values` y, then x. */
function solveSymmetric(matrix: Float64Array, values: Float64Array): void {
  const size = values.length;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = at(matrix, row * size + column);
      for (let inner = 0; inner < column; inner += 1) {
        sum -= at(matrix, row * size + inner) * at(matrix, column * size + inner);
      }
      matrix[row * size + column] =
        row === column ? Math.sqrt(Math.max(PIVOT_FLOOR, sum)) : sum / at(matrix, column * size + column);
    }
  }
  for (let row = 0; row < size; row += 1) {
    let sum = at(values, row);
    for (let inner = 0; inner < row; inner += 1) sum -= at(matrix, row * size + inner) * at(values, inner);
    values[row] = sum / at(matrix, row * size + row);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = at(values, row);
    for (let inner = row + 1; inner < size; inner += 1)
      sum -= at(matrix, inner * size + row) * at(values, inner);
    values[row] = sum / at(matrix, row * size + row);
  }
}
