/**
 * Labels that all heuristic verdicts about a cell are worth at most, passes and faults together; the same again for
 * what a model's heuristic verdicts say about its other tasks. Labels come by the dozen and unlabelled answers by the
 * thousand: without a bound, minutes of traffic outvote every label, and the model that happened to be used stays.
 * At 1, faults in 40 % of the answers cost a model little; at 16 a few labels are outvoted again
 * (docs/decisions/0015-unlabelled-verdicts-count-as-four-labels.md).
 */
export const UNLABELLED_LIMIT = 4;

/** What to multiply heuristic sums of this total weight by: passes and faults keep their proportion. In (0, 1]. */
export function unlabelledScale(weight: number): number {
  return weight > UNLABELLED_LIMIT ? UNLABELLED_LIMIT / weight : 1;
}
