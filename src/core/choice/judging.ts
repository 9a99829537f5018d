import { judgingProbability } from '../judge/sampling.ts';
import { at } from '../learning/belief-sums.ts';
import { CELL_FIELDS, CELL_STRIDE, type Learner } from '../learning/contract.ts';
import { RESHAPING } from '../learning/quality-posterior.ts';
import type { AnyTask } from '../task/operation-task.ts';

/** A judge that may be asked about the answer. */
export interface Judging {
  /** Of answers whose quality is well known, 0–1. */
  readonly share: number;
  /** Uniform on 0–1: the answer is judged where it lies below the probability. Not of the generator of choices. */
  readonly drawn: number;
  /** Labelled outcomes that a verdict is worth, 0–1. */
  readonly weight: number;
}

/** Draws this many times sharper are all but certain: the best mean wins, equals share. */
const RESTRAINT = 100;

/**
 * With which probability the answer is drawn to be judged, which is known before anybody is chosen: by how wide the belief
 * about the model in the lead is.
 *
 * @param lead where its posterior stands in `cells`
 */
export function judgedWithOf({ share }: Judging, cells: Float64Array, lead: number): number {
  const alpha = at(cells, lead + CELL_FIELDS.reshapedAlpha) / RESHAPING;
  const beta = at(cells, lead + CELL_FIELDS.reshapedBeta) / RESHAPING;
  return judgingProbability(share, alpha, beta);
}

/**
 * Whether this request, whose answer nobody is going to judge, is no place to try models on: where more is learnt from
 * verdicts than from the labels on answers that are not judged (docs/decisions/0042-…). Trying a model costs the same
 * on every request and teaches only where somebody says what came of it.
 */
export function isBetterTriedElsewhere(
  { weight }: Judging,
  probability: number,
  learner: Learner,
  task: AnyTask,
): boolean {
  return learner.labelRateOf(task) * (1 - probability) < probability * weight;
}

/** Makes the draws of all models all but certain. */
export function restrain(cells: Float64Array, modelCount: number): void {
  for (let slot = 0; slot < modelCount; slot += 1) {
    const start = slot * CELL_STRIDE;
    cells[start + CELL_FIELDS.reshapedAlpha] = RESTRAINT * at(cells, start + CELL_FIELDS.reshapedAlpha);
    cells[start + CELL_FIELDS.reshapedBeta] = RESTRAINT * at(cells, start + CELL_FIELDS.reshapedBeta);
  }
}
