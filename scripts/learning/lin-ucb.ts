import type { OutcomeTable } from './outcome-table.ts';
import type { Policy, ReplayRequest, ReplayWorld } from './policy.ts';

const WIDTH_OF_INTERVAL = 0.5;
/** Taken off every reward: from 0, a first answer of .8 would look better than anything not yet tried. */
const USUAL_REWARD = 0.65;

/**
 * LinUCB, one ridge regression per model (Li et al. 2010): x·θ + 0.5·√(x·A⁻¹·x), the reward being q − .65 − λ·cost.
 *
 * @param features per prompt, `dimension` numbers each; undefined: one-hot of the task
 */
export function linUcbPolicy(
  table: OutcomeTable,
  lambda: number,
  features: { readonly values: Float64Array; readonly dimension: number } | undefined,
): Policy {
  const dimension = features === undefined ? table.tasks.length : features.dimension + 1;
  const arms = table.models.map(() => ({
    inverse: identity(dimension),
    rewards: new Float64Array(dimension),
    theta: new Float64Array(dimension),
  }));
  const requestToCost = new Map<number, number>();
  const x = new Float64Array(dimension);
  const ax = new Float64Array(dimension);
  let world: ReplayWorld | undefined;

  function readFeatures(request: ReplayRequest): void {
    if (features === undefined) {
      x.fill(0);
      x[request.task] = 1;
      return;
    }
    for (let index = 0; index < features.dimension; index += 1) {
      x[index] = features.values[request.prompt * features.dimension + index] ?? 0;
    }
    x[features.dimension] = 1;
  }

  /** Leaves A⁻¹x in `ax`. @returns x·A⁻¹·x */
  function spread(inverse: Float64Array): number {
    let total = 0;
    for (let row = 0; row < dimension; row += 1) {
      let sum = 0;
      for (let column = 0; column < dimension; column += 1) {
        sum += (inverse[row * dimension + column] as number) * (x[column] as number);
      }
      ax[row] = sum;
      total += sum * (x[row] as number);
    }
    return total;
  }

  return {
    enter: (next) => {
      world = next;
    },
    choose: (request) => {
      readFeatures(request);
      let best = 0;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (const [model, arm] of arms.entries()) {
        if (world !== undefined && !world.isPresent(model)) continue;
        const score = dot(x, arm.theta) + WIDTH_OF_INTERVAL * Math.sqrt(Math.max(0, spread(arm.inverse)));
        if (score > bestScore) {
          bestScore = score;
          best = model;
        }
      }
      return best;
    },
    observe: (request, _model, { costUsd }) => {
      requestToCost.set(request.time, costUsd);
    },
    learn: (request, model, quality) => {
      const arm = arms[model];
      if (arm === undefined) return;
      readFeatures(request);
      const reward = quality - USUAL_REWARD - lambda * (requestToCost.get(request.time) ?? 0);
      requestToCost.delete(request.time);
      // Sherman & Morrison: A⁻¹ − (A⁻¹x)(A⁻¹x)ᵀ/(1 + x·A⁻¹·x)
      const divisor = 1 + spread(arm.inverse);
      for (let row = 0; row < dimension; row += 1) {
        for (let column = 0; column < dimension; column += 1) {
          const cell = row * dimension + column;
          arm.inverse[cell] =
            (arm.inverse[cell] as number) - ((ax[row] as number) * (ax[column] as number)) / divisor;
        }
        arm.rewards[row] = (arm.rewards[row] as number) + reward * (x[row] as number);
      }
      for (let row = 0; row < dimension; row += 1) {
        arm.theta[row] = dot(arm.inverse.subarray(row * dimension, (row + 1) * dimension), arm.rewards);
      }
    },
  };
}

function identity(dimension: number): Float64Array {
  const matrix = new Float64Array(dimension * dimension);
  for (let row = 0; row < dimension; row += 1) matrix[row * dimension + row] = 1;
  return matrix;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1)
    sum += (one[index] as number) * (other[index] as number);
  return sum;
}
