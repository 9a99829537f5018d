import { ALL_TASKS, at, type BeliefSums, clamp, TASK_COUNT } from './belief-sums.ts';
import { CELL_FIELDS } from './contract.ts';
import { interactionVariance } from './interaction-variance.ts';
import { createTwoWayFit, refit } from './two-way-fit.ts';
import { unlabelledScale } from './unlabelled-bound.ts';

/** ρ: draws come from Beta(ρα, ρβ) (posterior reshaping, Chapelle & Li 2011). */
export const RESHAPING = 2;
/** Bounds of L: evidence about a model from other tasks never counts more outcomes than this, nor limits itself below. */
const MODEL_STRENGTH_CEILING = 20;
const MODEL_STRENGTH_FLOOR = 2;
/** Outcomes elsewhere at which half of L is believed. */
const MODEL_HALF_STRENGTH_AT = 20;
const PRIOR_STRENGTH = 30;
/** Where the offline prior is silent, the task's average stands in. At 30 it held good models back (regret +10). */
const AVERAGE_STRENGTH = 2;
/** Outcomes of a task after which the offline prior has lost half its weight. */
const PRIOR_HALF_LIFE = 300;
/** Updates between refits: the fit moves slowly, and costs 4 µs for 12 models. */
const REFIT_EVERY = 8;
const EFFECT_FLOOR = 0.03;
const EFFECT_CEILING = 0.97;
const WEIGHT_LIMIT = 1e9;
const HEURISTIC_STRIDE = 4;

/** One cell of the posterior in full. */
export interface PosteriorCell {
  readonly alpha: number;
  readonly beta: number;
  readonly labelledSuccesses: number;
  readonly labelledWeight: number;
  /** n: labelled outcomes and what the heuristic ones count, 0–4. */
  readonly weight: number;
  /** Σw² of the same. */
  readonly squaredWeight: number;
  /** n over all tasks, in which heuristic ones count 4 at most. */
  readonly modelWeight: number;
  /** kG: pseudo-outcomes from this model's other tasks, 0–20. */
  readonly modelStrength: number;
  /** pG: what those say, .03–.97. */
  readonly modelQuality: number;
  /** kP: pseudo-outcomes from the offline prior, 0–30. */
  readonly priorStrength: number;
  readonly priorQuality: number;
}

export interface QualityPosterior {
  /** Something about quality was added or discounted. */
  readonly touch: () => void;
  /** Rests on the newest fit. An unknown model has the posterior of one without evidence. */
  readonly cellOf: (taskIndex: number, modelIndex: number) => PosteriorCell;
  /** Rests on a fit that may be eight updates old; valid until the next call. */
  readonly peekCell: (taskIndex: number, modelIndex: number) => PosteriorCell;
  /** The same as numbers, for draws. */
  readonly readCell: (taskIndex: number, modelIndex: number, into: Float64Array, at: number) => void;
}

/**
 * The hierarchical posterior of quality (Hong et al. 2022, with an offline prior that decays):
 *
 *     kG = L·N/(N+20),  N = Σ_{k'≠k} n[k',m]         pG = clip(b[k] + a[m], .03, .97)
 *     L  = clip(pG(1−pG)/τ² − 1, 2, 20)               τ² of `interactionVariance`
 *     kP = 30/(1 + n_task[k]/300)                     pP = clip(b[k] + dev[k,m], .03, .97)
 *     α = 1 + s + kG·pG + kP·pP                       β = 1 + f + kG·(1−pG) + kP·(1−pP)
 *
 * L is the size of the Beta distribution with mean pG and variance τ²: as much as other tasks really say.
 *
 * Heuristic outcomes are summed apart and bounded here: in s, f and n to four, in b, a, N and n_task to four per model.
 *
 * @param measures where labelled and heuristic quality stand in `sums`
 * @param deviationOf dev[k,m]; NaN or undefined where the offline prior is silent: kP then starts at 2
 */
export function createQualityPosterior(
  sums: BeliefSums,
  measures: { readonly labelled: number; readonly heuristic: number },
  deviationOf: (taskIndex: number, modelIndex: number) => number | undefined,
): QualityPosterior {
  const fit = createTwoWayFit();
  let successes = new Float64Array(0);
  let weights = new Float64Array(0);
  /** What the heuristic outcomes count, bounded, as of the fit: by cell, as (s, n, n of the other tasks, Σw²). */
  let heuristics = new Float64Array(0);
  /** The sums of a model that nobody heard of. */
  const nothing = new Float64Array(sums.offsetOf(1, 0, 0));
  let interaction = 0;
  let updatesSinceFit = REFIT_EVERY;

  function fitNow(): void {
    const modelCount = sums.count();
    if (successes.length < modelCount * TASK_COUNT) {
      successes = new Float64Array(2 * modelCount * TASK_COUNT);
      weights = new Float64Array(2 * modelCount * TASK_COUNT);
      heuristics = new Float64Array(2 * modelCount * TASK_COUNT * HEURISTIC_STRIDE);
    }
    const effective = sums.effective();
    for (let model = 0; model < modelCount; model += 1) {
      const labelledAt = sums.offsetOf(model, measures.labelled, 0);
      const heuristicAt = sums.offsetOf(model, measures.heuristic, 0);
      const overall = weightAt(effective, heuristicAt + 3 * ALL_TASKS);
      const overallScale = unlabelledScale(overall);
      for (let task = 0; task < TASK_COUNT; task += 1) {
        const cell = model * TASK_COUNT + task;
        const labelled = labelledAt + 3 * task;
        const success = amountAt(effective, labelled);
        const weight = success + amountAt(effective, labelled + 1);
        const heuristic = heuristicAt + 3 * task;
        const heuristicSuccess = amountAt(effective, heuristic);
        const heuristicWeight = heuristicSuccess + amountAt(effective, heuristic + 1);
        successes[cell] = success + overallScale * heuristicSuccess;
        weights[cell] = weight + overallScale * heuristicWeight;
        const scale = unlabelledScale(heuristicWeight);
        const into = cell * HEURISTIC_STRIDE;
        heuristics[into] = scale * heuristicSuccess;
        heuristics[into + 1] = scale * heuristicWeight;
        heuristics[into + 2] = overallScale * clamp(overall - heuristicWeight, 0, WEIGHT_LIMIT);
        heuristics[into + 3] = scale * scale * amountAt(effective, heuristic + 2);
      }
    }
    refit(fit, modelCount, successes, weights);
    interaction = interactionVariance(fit, modelCount, successes, weights);
    updatesSinceFit = 0;
  }

  const cell = {
    alpha: 1,
    beta: 1,
    labelledSuccesses: 0,
    labelledWeight: 0,
    weight: 0,
    squaredWeight: 0,
    modelWeight: 0,
    modelStrength: 0,
    modelQuality: 0,
    priorStrength: 0,
    priorQuality: 0,
  };

  function compute(taskIndex: number, modelIndex: number): void {
    const isKnown = modelIndex >= 0;
    const effective = isKnown ? sums.effective() : nothing;
    const labelled = isKnown ? sums.offsetOf(modelIndex, measures.labelled, taskIndex) : 0;
    const heuristic = isKnown ? (modelIndex * TASK_COUNT + taskIndex) * HEURISTIC_STRIDE : 0;
    const bounded = isKnown ? heuristics : nothing;
    const labelledSuccess = amountAt(effective, labelled);
    const labelledWeight = labelledSuccess + amountAt(effective, labelled + 1);
    const success = labelledSuccess + at(bounded, heuristic);
    const weight = labelledWeight + at(bounded, heuristic + 1);
    const labelledOverall = weightAt(effective, labelled + 3 * (ALL_TASKS - taskIndex));
    const elsewhere = clamp(labelledOverall - labelledWeight, 0, WEIGHT_LIMIT) + at(bounded, heuristic + 2);
    const baseline = at(fit.taskBaseline, taskIndex);
    const effect = modelIndex < 0 ? 0 : at(fit.modelEffect, modelIndex);
    const modelQuality = clamp(baseline + effect, EFFECT_FLOOR, EFFECT_CEILING);
    const strengthLimit = clamp(
      (modelQuality * (1 - modelQuality)) / interaction - 1,
      MODEL_STRENGTH_FLOOR,
      MODEL_STRENGTH_CEILING,
    );
    const modelStrength = (strengthLimit * elsewhere) / (elsewhere + MODEL_HALF_STRENGTH_AT);
    const deviation = (modelIndex < 0 ? undefined : deviationOf(taskIndex, modelIndex)) ?? Number.NaN;
    const isSilent = Number.isNaN(deviation);
    const priorStrength =
      (isSilent ? AVERAGE_STRENGTH : PRIOR_STRENGTH) / (1 + at(fit.taskWeight, taskIndex) / PRIOR_HALF_LIFE);
    const priorQuality = clamp(baseline + (isSilent ? 0 : deviation), EFFECT_FLOOR, EFFECT_CEILING);
    cell.weight = weight;
    cell.modelWeight = weight + elsewhere;
    cell.modelStrength = modelStrength;
    cell.modelQuality = modelQuality;
    cell.priorStrength = priorStrength;
    cell.priorQuality = priorQuality;
    cell.alpha = 1 + success + modelStrength * modelQuality + priorStrength * priorQuality;
    cell.beta =
      1 + (weight - success) + modelStrength * (1 - modelQuality) + priorStrength * (1 - priorQuality);
  }

  /** What only reports and the change watch ask for: the hot path does without. */
  function computeInFull(taskIndex: number, modelIndex: number): PosteriorCell {
    compute(taskIndex, modelIndex);
    const isKnown = modelIndex >= 0;
    const effective = isKnown ? sums.effective() : nothing;
    const labelled = isKnown ? sums.offsetOf(modelIndex, measures.labelled, taskIndex) : 0;
    const heuristic = (modelIndex * TASK_COUNT + taskIndex) * HEURISTIC_STRIDE;
    cell.labelledSuccesses = amountAt(effective, labelled);
    cell.labelledWeight = weightAt(effective, labelled);
    cell.squaredWeight = amountAt(effective, labelled + 2) + (isKnown ? at(heuristics, heuristic + 3) : 0);
    return cell;
  }

  return {
    touch: () => {
      updatesSinceFit += 1;
    },
    cellOf: (taskIndex, modelIndex) => {
      if (updatesSinceFit > 0) fitNow();
      return { ...computeInFull(taskIndex, modelIndex) };
    },
    peekCell: (taskIndex, modelIndex) => {
      if (updatesSinceFit >= REFIT_EVERY) fitNow();
      return computeInFull(taskIndex, modelIndex);
    },
    readCell: (taskIndex, modelIndex, into, start) => {
      if (updatesSinceFit >= REFIT_EVERY) fitNow();
      compute(taskIndex, modelIndex);
      into[start + CELL_FIELDS.reshapedAlpha] = RESHAPING * cell.alpha;
      into[start + CELL_FIELDS.reshapedBeta] = RESHAPING * cell.beta;
      into[start + CELL_FIELDS.mean] = cell.alpha / (cell.alpha + cell.beta);
      into[start + CELL_FIELDS.cellWeight] = cell.weight;
      into[start + CELL_FIELDS.modelWeight] = cell.modelWeight;
    },
  };
}

/** One sum, as it can be believed. */
function amountAt(effective: Float64Array, offset: number): number {
  return clamp(at(effective, offset), 0, WEIGHT_LIMIT);
}

/** s + f of the sums that start here. */
function weightAt(effective: Float64Array, offset: number): number {
  return amountAt(effective, offset) + amountAt(effective, offset + 1);
}
