import type { Evaluation } from '../evaluation/evaluation.ts';
import { PRIOR_STRENGTH } from '../learning/quality-posterior.ts';
import { BASELINE_QUALITY } from '../learning/two-way-fit.ts';
import { type AnyTask, OPERATION_TASKS } from '../task/operation-task.ts';
import { TASKS } from '../task/task.ts';
import type { PriorCell } from './shipped-prior.ts';

/** Samples of the baseline that a task's average leans on, as in the two-way fit: one model alone is compared with it. */
const BASELINE_STRENGTH = 2;

/**
 * Prior cells with an operator's own evaluations in them, all evaluations pooled by samples.
 *
 *     average[k] = ( Σ_m w[k,m]·score[k,m] + 2·0.65 ) / ( Σ_m w[k,m] + 2 ),   w = min(samples, 30)/30
 *     deviation  = score − average,  strength = min(samples, 30)
 *
 * What an operator measured replaces what was known before in proportion: at 30 samples nothing of that is left. It stays
 * a prior (it halves after 300 outcomes of the task) and never counts as an outcome.
 *
 * @param modelIds models of the catalogue: scores of others wait until their model is there
 */
export function withEvaluations(
  before: ReadonlyMap<string, ReadonlyMap<AnyTask, PriorCell>>,
  evaluations: readonly Evaluation[],
  modelIds: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyMap<AnyTask, PriorCell>> {
  if (evaluations.length === 0) return before;
  const after = new Map([...before].map(([modelId, cells]) => [modelId, new Map(cells)]));
  for (const task of [...TASKS, ...OPERATION_TASKS]) {
    const modelToMeasured = pooled(evaluations, task, modelIds);
    let weights = BASELINE_STRENGTH;
    let sum = BASELINE_STRENGTH * BASELINE_QUALITY;
    for (const { score, strength } of modelToMeasured.values()) {
      const weight = strength / PRIOR_STRENGTH;
      weights += weight;
      sum += weight * score;
    }
    const average = sum / weights;
    for (const [modelId, { score, strength }] of modelToMeasured) {
      const cells = after.get(modelId) ?? new Map<AnyTask, PriorCell>();
      const known = cells.get(task) ?? { deviation: 0, strength: 0 };
      const left = known.strength * (1 - strength / PRIOR_STRENGTH);
      const total = strength + left;
      cells.set(task, {
        deviation: (strength * (score - average) + left * known.deviation) / total,
        strength: total,
      });
      after.set(modelId, cells);
    }
  }
  return after;
}

function pooled(
  evaluations: readonly Evaluation[],
  task: AnyTask,
  modelIds: ReadonlySet<string>,
): Map<string, { readonly score: number; readonly strength: number }> {
  const modelToSums = new Map<string, { sum: number; samples: number }>();
  for (const { scores } of evaluations) {
    for (const one of scores) {
      if (one.task !== task || !modelIds.has(one.modelId)) continue;
      const sums = modelToSums.get(one.modelId) ?? { sum: 0, samples: 0 };
      sums.sum += one.score * one.samples;
      sums.samples += one.samples;
      modelToSums.set(one.modelId, sums);
    }
  }
  return new Map(
    [...modelToSums].map(([modelId, { sum, samples }]) => [
      modelId,
      { score: sum / samples, strength: Math.min(samples, PRIOR_STRENGTH) },
    ]),
  );
}
