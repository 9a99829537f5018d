import { at, TASK_COUNT } from './belief-sums.ts';

/** σ²: variance of an outcome, the unit of all weights. */
export const OUTCOME_VARIANCE = 0.2;
export const BASELINE_QUALITY = 0.65;
/** Outcomes' worth of .65 in a task's baseline. */
export const BASELINE_STRENGTH = 2;
/** σ²/σ_a² = .2/.01: outcomes that a model's effect is held to its price's by; models differ by about .1. */
export const MODEL_EFFECT_STRENGTH = 20;
/** β expected, quality points per factor e of price, and how firmly: a standard deviation of √(.2/100) = .045. */
export const EXPECTED_PRICE_SLOPE = 0.04;
const PRICE_SLOPE_STRENGTH = 100;
/** In exact arithmetic no pivot is below 2: the matrix exceeds its off-diagonal rows by more than that. */
const PIVOT_FLOOR = 1;
const UNKNOWNS = TASK_COUNT + 1;

/** Task baselines and model effects, and the weight of evidence they rest on. */
export interface TwoWayFit {
  /** b[k], quality points. */
  readonly taskBaseline: Float64Array;
  /** β: quality points per factor e of price. */
  priceSlope: number;
  /** Σ_m n[k,m]. */
  readonly taskWeight: Float64Array;
  /** W[k] = Σ_m w[k,m]. */
  readonly taskInformation: Float64Array;
  /** a[m], quality points above or below the baseline. */
  modelEffect: Float64Array;
  /** W[m] = Σ_k w[k,m]. */
  modelInformation: Float64Array;
  /** R[m] = Σ_k w[k,m]·(s/n − b[k]). */
  modelResidual: Float64Array;
  /** Working space of the solver. */
  readonly matrix: Float64Array;
  readonly unknowns: Float64Array;
}

export function createTwoWayFit(): TwoWayFit {
  return {
    taskBaseline: new Float64Array(TASK_COUNT).fill(BASELINE_QUALITY),
    priceSlope: EXPECTED_PRICE_SLOPE,
    taskWeight: new Float64Array(TASK_COUNT),
    taskInformation: new Float64Array(TASK_COUNT),
    modelEffect: new Float64Array(0),
    modelInformation: new Float64Array(0),
    modelResidual: new Float64Array(0),
    matrix: new Float64Array(UNKNOWNS * UNKNOWNS),
    unknowns: new Float64Array(UNKNOWNS),
  };
}

/**
 * w = n/(1 + n·τ²/σ²): what n outcomes of a cell say about its task and its model, in outcomes. However many, they are
 * one cell's, which differs from the others by τ.
 *
 * @param interaction τ²
 */
export function informationOf(count: number, interaction: number): number {
  return count / (1 + (count * interaction) / OUTCOME_VARIANCE);
}

/**
 * Two-way mixed effects with the price as a covariate, over the cells (task k, model m):
 *
 *     q[k,m] = b[k] + a[m] + c[k,m],   a[m] ~ N(β·x[m], .01),   c ~ N(0, τ²),   β ~ N(.04, .045²)
 *
 * so that, with an outcome's variance σ² = .2 taken as the unit, w = n/(1 + n·τ²/σ²) and ȳ = s/n,
 *
 *     b[k] = ( Σ_m w·(ȳ − a[m]) + 2·.65 ) / ( W[k] + 2 )
 *     a[m] = ( Σ_k w·(ȳ − b[k]) + 20·β·x[m] ) / ( W[m] + 20 )
 *     β    = ( Σ_m 20·x[m]·a[m] + 100·.04 ) / ( Σ_m 20·x[m]² + 100 )
 *
 * Pooling raw means over tasks instead would be Simpson's paradox: a model that gets the hard tasks looks bad. Counting
 * n instead of w would let the one task that gets most of the traffic speak for all (docs/decisions/0016-…).
 * All three are linear, so they are solved, not iterated: putting a into b and β leaves one symmetric system over the
 * tasks and β, and 12 models cost 4 µs. Eight sweeps of iterating cost twice that and missed b + a by up to .09 on
 * skewed traffic, where few outcomes tie the tasks together.
 *
 * @param successes s[k,m] ≥ 0 at `m · TASK_COUNT + k`
 * @param weights   n[k,m] ≥ 0 in the same places
 * @param priceLevels x[m], as `priceLevels` gives it; what is missing is 0
 * @param interaction τ² > 0
 */
export function refit(
  fit: TwoWayFit,
  modelCount: number,
  successes: Float64Array,
  weights: Float64Array,
  priceLevels: Float64Array,
  interaction: number,
): void {
  makeRoom(fit, modelCount);
  const { taskBaseline, taskWeight, taskInformation, modelInformation, modelResidual } = fit;
  const { matrix, unknowns } = fit;
  const slopeRow = TASK_COUNT * UNKNOWNS;
  taskWeight.fill(0);
  taskInformation.fill(0);
  matrix.fill(0);
  unknowns.fill(BASELINE_STRENGTH * BASELINE_QUALITY);
  unknowns[TASK_COUNT] = PRICE_SLOPE_STRENGTH * EXPECTED_PRICE_SLOPE;
  matrix[slopeRow + TASK_COUNT] = PRICE_SLOPE_STRENGTH;
  for (let model = 0; model < modelCount; model += 1) {
    const cells = model * TASK_COUNT;
    let success = 0;
    let information = 0;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const count = at(weights, cells + task);
      if (count === 0) continue;
      const own = informationOf(count, interaction);
      information += own;
      success += (own / count) * at(successes, cells + task);
    }
    modelInformation[model] = information;
    modelResidual[model] = success;
    if (information === 0) continue;
    const shrinkage = 1 / (information + MODEL_EFFECT_STRENGTH);
    const pull = MODEL_EFFECT_STRENGTH * at(priceLevels, model) * shrinkage;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const count = at(weights, cells + task);
      if (count === 0) continue;
      const own = informationOf(count, interaction);
      taskWeight[task] = at(taskWeight, task) + count;
      taskInformation[task] = at(taskInformation, task) + own;
      const gain = (own / count) * at(successes, cells + task) - own * success * shrinkage;
      unknowns[task] = at(unknowns, task) + gain;
      const row = task * UNKNOWNS;
      for (let other = 0; other <= task; other += 1) {
        const overlap = own * informationOf(at(weights, cells + other), interaction) * shrinkage;
        matrix[row + other] = at(matrix, row + other) - overlap;
      }
      matrix[slopeRow + task] = at(matrix, slopeRow + task) + pull * own;
    }
    unknowns[TASK_COUNT] = at(unknowns, TASK_COUNT) + pull * success;
    const lever = pull * at(priceLevels, model) * information;
    matrix[slopeRow + TASK_COUNT] = at(matrix, slopeRow + TASK_COUNT) + lever;
  }
  for (let task = 0; task < TASK_COUNT; task += 1) {
    const diagonal = task * UNKNOWNS + task;
    matrix[diagonal] = at(matrix, diagonal) + at(taskInformation, task) + BASELINE_STRENGTH;
  }
  solveSymmetric(matrix, unknowns);
  taskBaseline.set(unknowns.subarray(0, TASK_COUNT));
  fit.priceSlope = at(unknowns, TASK_COUNT);
  for (let model = 0; model < modelCount; model += 1) {
    let expected = 0;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      expected += informationOf(at(weights, model * TASK_COUNT + task), interaction) * at(taskBaseline, task);
    }
    modelResidual[model] = at(modelResidual, model) - expected;
    const fromPrice = MODEL_EFFECT_STRENGTH * fit.priceSlope * at(priceLevels, model);
    fit.modelEffect[model] =
      (at(modelResidual, model) + fromPrice) / (at(modelInformation, model) + MODEL_EFFECT_STRENGTH);
  }
}

function makeRoom(fit: TwoWayFit, modelCount: number): void {
  if (fit.modelEffect.length >= modelCount) return;
  fit.modelEffect = new Float64Array(modelCount * 2);
  fit.modelInformation = new Float64Array(modelCount * 2);
  fit.modelResidual = new Float64Array(modelCount * 2);
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
