import { ALL_TASKS, at, type BeliefSums, clamp, TASK_COUNT } from './belief-sums.ts';
import type { Reliability } from './source-reliability.ts';
import type { VerdictSources } from './verdict-sources.ts';

/**
 * Labels that all heuristic verdicts about a cell are worth at most, passes and faults together; the same again for
 * what a model's heuristic verdicts say about its other tasks. Labels come by the dozen and unlabelled answers by the
 * thousand: without a bound, minutes of traffic outvote every label, and the model that happened to be used stays.
 * At 1, faults in 40 % of the answers cost a model little; at 16 a few labels are outvoted again
 * (docs/decisions/0015-unlabelled-verdicts-count-as-four-labels.md).
 */
export const UNLABELLED_LIMIT = 4;

const WEIGHT_LIMIT = 1e9;
export const HEURISTIC_STRIDE = 4;

/** Where the kinds of quality evidence stand in the sums. */
export interface QualityMeasures {
  readonly labelled: number;
  readonly heuristic: number;
  /** The first of `VERDICT_SLOTS`. */
  readonly verdicts: number;
}

/** Outcomes as they count, a snapshot by cell (task k, model m) at `m · TASK_COUNT + k`. */
export interface BoundedOutcomes {
  /** s[k,m] and n[k,m] for the fit: a model's heuristic outcomes over all tasks count four labels at most. */
  successes: Float64Array;
  weights: Float64Array;
  /** Heuristic ones alone, `HEURISTIC_STRIDE` per cell: s and n of the cell, n of the model's other tasks, Σw² of the cell. */
  heuristics: Float64Array;
  /** Verdicts of judges, in the same places. */
  judged: Float64Array;
}

export function createBoundedOutcomes(): BoundedOutcomes {
  return {
    successes: new Float64Array(0),
    weights: new Float64Array(0),
    heuristics: new Float64Array(0),
    judged: new Float64Array(0),
  };
}

/** Takes the snapshot. Passes and faults keep their proportion. */
export function boundOutcomes(
  outcomes: BoundedOutcomes,
  sums: BeliefSums,
  measures: QualityMeasures,
  sources: VerdictSources,
): void {
  const modelCount = sums.count();
  if (outcomes.successes.length < modelCount * TASK_COUNT) {
    outcomes.successes = new Float64Array(2 * modelCount * TASK_COUNT);
    outcomes.weights = new Float64Array(2 * modelCount * TASK_COUNT);
    outcomes.heuristics = new Float64Array(2 * modelCount * TASK_COUNT * HEURISTIC_STRIDE);
    outcomes.judged = new Float64Array(2 * modelCount * TASK_COUNT * HEURISTIC_STRIDE);
  }
  const { successes, weights, heuristics } = outcomes;
  const effective = sums.effective();
  for (let model = 0; model < modelCount; model += 1) {
    const labelledAt = sums.offsetOf(model, measures.labelled, 0);
    const heuristicAt = sums.offsetOf(model, measures.heuristic, 0);
    const overall = weightAt(effective, heuristicAt + 3 * ALL_TASKS);
    const overallScale = scaleOf(overall);
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const cell = model * TASK_COUNT + task;
      const labelled = labelledAt + 3 * task;
      const heuristic = heuristicAt + 3 * task;
      const heuristicSuccess = amountAt(effective, heuristic);
      const heuristicWeight = heuristicSuccess + amountAt(effective, heuristic + 1);
      successes[cell] = amountAt(effective, labelled) + overallScale * heuristicSuccess;
      weights[cell] = weightAt(effective, labelled) + overallScale * heuristicWeight;
      const scale = scaleOf(heuristicWeight);
      const into = cell * HEURISTIC_STRIDE;
      heuristics[into] = scale * heuristicSuccess;
      heuristics[into + 1] = scale * heuristicWeight;
      heuristics[into + 2] = overallScale * clamp(overall - heuristicWeight, 0, WEIGHT_LIMIT);
      heuristics[into + 3] = scale * scale * amountAt(effective, heuristic + 2);
    }
  }
  const slotCount = sources.slotCount();
  if (slotCount === 0) return;
  outcomes.judged.fill(0);
  for (let slot = 0; slot < slotCount; slot += 1) {
    addVerdicts(outcomes, sums, measures.verdicts + slot, sources.ofSlot(slot));
  }
}

/** Verdicts v of one source as outcomes q = (v − offset)/slope, which may lie outside 0–1: only so are their sums honest. */
function addVerdicts(
  { successes, weights, judged }: BoundedOutcomes,
  sums: BeliefSums,
  measure: number,
  { slope, offset, weight }: Reliability,
): void {
  if (weight === 0) return;
  const effective = sums.effective();
  for (let model = 0; model < sums.count(); model += 1) {
    const start = sums.offsetOf(model, measure, 0);
    const overall = weight * weightAt(effective, start + 3 * ALL_TASKS);
    if (overall === 0) continue;
    for (let task = 0; task < TASK_COUNT; task += 1) {
      const cell = model * TASK_COUNT + task;
      const into = cell * HEURISTIC_STRIDE;
      const count = weightAt(effective, start + 3 * task);
      const success = (weight * (amountAt(effective, start + 3 * task) - offset * count)) / slope;
      successes[cell] = at(successes, cell) + success;
      weights[cell] = at(weights, cell) + weight * count;
      judged[into] = at(judged, into) + success;
      judged[into + 1] = at(judged, into + 1) + weight * count;
      judged[into + 2] = at(judged, into + 2) + overall - weight * count;
      judged[into + 3] = at(judged, into + 3) + weight * weight * amountAt(effective, start + 3 * task + 2);
    }
  }
}

/** One of the sums, as far as it can be believed. */
export function amountAt(effective: Float64Array, offset: number): number {
  return clamp(at(effective, offset), 0, WEIGHT_LIMIT);
}

/** n = s + f of the sums that start here. */
export function weightAt(effective: Float64Array, offset: number): number {
  return amountAt(effective, offset) + amountAt(effective, offset + 1);
}

function scaleOf(weight: number): number {
  return weight > UNLABELLED_LIMIT ? UNLABELLED_LIMIT / weight : 1;
}
