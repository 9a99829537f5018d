import { ALL_TASKS, at, type BeliefSums, clamp, TASK_COUNT } from './belief-sums.ts';
import {
  amountAt,
  boundOutcomes,
  createBoundedOutcomes,
  HEURISTIC_STRIDE,
  type QualityMeasures,
  weightAt,
} from './bounded-outcomes.ts';
import { CELL_FIELDS } from './contract.ts';
import { EXPECTED_INTERACTION, interactionVariance } from './interaction-variance.ts';
import {
  createTwoWayFit,
  informationOf,
  MODEL_EFFECT_STRENGTH,
  OUTCOME_VARIANCE,
  refit,
} from './two-way-fit.ts';
import type { VerdictSources } from './verdict-sources.ts';

/** ρ: draws come from Beta(ρα, ρβ) (posterior reshaping, Chapelle & Li 2011). */
export const RESHAPING = 3;
/** Bounds of kG: what is not this very cell never counts more outcomes than this, nor fewer. */
const MODEL_STRENGTH_CEILING = 20;
const MODEL_STRENGTH_FLOOR = 2;
/** Pseudo-outcomes of the offline prior at most, before the task has outcomes of its own. */
export const PRIOR_STRENGTH = 30;
/** Outcomes of a task after which the offline prior has lost half its weight. */
const PRIOR_HALF_LIFE = 300;
/** Updates between refits: the fit moves slowly, and costs 8 µs for 12 models. */
const REFIT_EVERY = 8;
const EFFECT_FLOOR = 0.03;
const EFFECT_CEILING = 0.97;
/** What α and β are at least: outcomes of 0–1 alone never come lower. */
const SHAPE_FLOOR = MODEL_STRENGTH_FLOOR * EFFECT_FLOOR;
const WEIGHT_LIMIT = 1e9;

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
  /** kG: pseudo-outcomes from the task's baseline, the model's price and its other tasks, 2–20. */
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
 *     W' = W[m] − w,  R' = R[m] − w·(s/n − b[k])       what the model did on other tasks (`two-way-fit.ts`)
 *     a' = (R' + 20·β·x[m])/(W' + 20)                  its effect without this cell, of variance v = .2/(W' + 20)
 *     pG = clip(b[k] + a', .03, .97)                   kG = clip(pG(1−pG)/(τ² + v) − 1, 2, 20),  τ² of `interactionVariance`
 *     pP = clip(b[k] + dev[k,m], .03, .97)             kP = kP₀/(1 + n_task[k]/300), 0 where the offline prior is silent
 *     α = s + kG·pG + kP·pP                            β = f + kG·(1−pG) + kP·(1−pP)
 *
 * kG is the size of the Beta distribution with mean pG and variance τ² + v: as much as price and other tasks really say.
 *
 * Heuristic outcomes are summed apart and bounded (`bounded-outcomes.ts`): in s, f and n to four labels, in the fit and
 * n_task to four per model. They may be eight updates old, like the fit.
 *
 * @param measures where labelled and heuristic quality stand in `sums`
 * @param deviationOf dev[k,m]; NaN or undefined where the offline prior is silent
 * @param strengthOf  kP₀, 0–30, where it is not
 * Verdicts of judges are kept as they were given, by source, and read as what that source has shown to be worth
 * (`source-reliability.ts`); they too may be eight updates old.
 *
 * @param priceLevels x[m] of the catalogue as it is now
 */
export function createQualityPosterior(
  sums: BeliefSums,
  measures: QualityMeasures,
  deviationOf: (taskIndex: number, modelIndex: number) => number | undefined,
  strengthOf: (taskIndex: number, modelIndex: number) => number | undefined,
  priceLevels: () => Float64Array,
  sources: VerdictSources,
): QualityPosterior {
  const fit = createTwoWayFit();
  const outcomes = createBoundedOutcomes();
  let heuristics = outcomes.heuristics;
  let judged = outcomes.judged;
  /** The sums of a model that nobody heard of. */
  const nothing = new Float64Array(sums.offsetOf(1, 0, 0));
  let interaction = EXPECTED_INTERACTION;
  let updatesSinceFit = REFIT_EVERY;

  function fitNow(): void {
    const modelCount = sums.count();
    boundOutcomes(outcomes, sums, measures, sources);
    heuristics = outcomes.heuristics;
    judged = outcomes.judged;
    const { successes, weights } = outcomes;
    // Twice, never from the last fit: what is believed must not depend on the order in which outcomes came.
    refit(fit, modelCount, successes, weights, priceLevels(), EXPECTED_INTERACTION);
    interaction = interactionVariance(fit, modelCount, successes, weights);
    refit(fit, modelCount, successes, weights, priceLevels(), interaction);
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
    const verdicts = isKnown ? judged : nothing;
    const labelledSuccess = clamp(at(effective, labelled), 0, WEIGHT_LIMIT);
    const labelledWeight = labelledSuccess + clamp(at(effective, labelled + 1), 0, WEIGHT_LIMIT);
    const success = labelledSuccess + at(bounded, heuristic) + at(verdicts, heuristic);
    const weight = labelledWeight + at(bounded, heuristic + 1) + at(verdicts, heuristic + 1);
    const overall = labelled + 3 * (ALL_TASKS - taskIndex);
    const labelledElsewhere = at(effective, overall) + at(effective, overall + 1) - labelledWeight;
    const elsewhere =
      clamp(labelledElsewhere, 0, WEIGHT_LIMIT) + at(bounded, heuristic + 2) + at(verdicts, heuristic + 2);
    const baseline = at(fit.taskBaseline, taskIndex);
    const fitted = isKnown ? modelIndex * TASK_COUNT + taskIndex : -1;
    const count = at(outcomes.weights, fitted);
    const own = informationOf(count, interaction);
    const ownResidual = count > 0 ? own * (at(outcomes.successes, fitted) / count - baseline) : 0;
    const information = at(fit.modelInformation, modelIndex) - own + MODEL_EFFECT_STRENGTH;
    const fromPrice = MODEL_EFFECT_STRENGTH * fit.priceSlope * at(priceLevels(), modelIndex);
    const effect = (at(fit.modelResidual, modelIndex) - ownResidual + fromPrice) / information;
    const modelQuality = clamp(baseline + effect, EFFECT_FLOOR, EFFECT_CEILING);
    const variance = interaction + OUTCOME_VARIANCE / information;
    const modelStrength = clamp(
      (modelQuality * (1 - modelQuality)) / variance - 1,
      MODEL_STRENGTH_FLOOR,
      MODEL_STRENGTH_CEILING,
    );
    const deviation = (isKnown ? deviationOf(taskIndex, modelIndex) : undefined) ?? Number.NaN;
    const isSilent = Number.isNaN(deviation);
    const priorStrength = isSilent
      ? 0
      : (strengthOf(taskIndex, modelIndex) ?? 0) / (1 + at(fit.taskWeight, taskIndex) / PRIOR_HALF_LIFE);
    const priorQuality = isSilent ? 0 : clamp(baseline + deviation, EFFECT_FLOOR, EFFECT_CEILING);
    cell.weight = weight;
    cell.modelWeight = weight + elsewhere;
    cell.modelStrength = modelStrength;
    cell.modelQuality = modelQuality;
    cell.priorStrength = priorStrength;
    cell.priorQuality = priorQuality;
    const alpha = success + modelStrength * modelQuality + priorStrength * priorQuality;
    const beta = weight - success + modelStrength * (1 - modelQuality) + priorStrength * (1 - priorQuality);
    // De-biased verdicts sum to less than nothing, or more than all, where they are few and noisy.
    const excess = Math.max(0, SHAPE_FLOOR - alpha) - Math.max(0, SHAPE_FLOOR - beta);
    cell.alpha = alpha + excess;
    cell.beta = beta - excess;
  }

  /** What only reports and the change watch ask for: the hot path does without. */
  function computeInFull(taskIndex: number, modelIndex: number): PosteriorCell {
    compute(taskIndex, modelIndex);
    const isKnown = modelIndex >= 0;
    const effective = isKnown ? sums.effective() : nothing;
    const labelled = isKnown ? sums.offsetOf(modelIndex, measures.labelled, taskIndex) : 0;
    const heuristic = (modelIndex * TASK_COUNT + taskIndex) * HEURISTIC_STRIDE;
    cell.labelledSuccesses = amountAt(effective, labelled) + (isKnown ? at(judged, heuristic) : 0);
    cell.labelledWeight = weightAt(effective, labelled) + (isKnown ? at(judged, heuristic + 1) : 0);
    cell.squaredWeight =
      amountAt(effective, labelled + 2) +
      (isKnown ? at(heuristics, heuristic + 3) + at(judged, heuristic + 3) : 0);
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
