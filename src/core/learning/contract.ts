import type { Model } from '../catalog/model.ts';
import type { AnyTask } from '../task/operation-task.ts';
import type { BeliefDelta } from './delta.ts';
import type { Reliability } from './source-reliability.ts';

export const CHANGE_DIRECTIONS = ['better', 'worse'] as const;

/** Which way a model or an endpoint has changed: higher quality, or a shorter time, is better. */
export type ChangeDirection = (typeof CHANGE_DIRECTIONS)[number];

/**
 * A change as the outcomes show it that made up the alarm: in quality (0–1), ms per output token, or ms to the first token,
 * those of speed being geometric means.
 */
export interface NoticedChange {
  readonly direction: ChangeDirection;
  /** What was expected of these outcomes. */
  readonly before: number;
  /** What they were: rough, as they are few, and overstated where the change is small, which only chance lets be noticed. */
  readonly after: number;
}

/**
 * What is known about models and endpoints, in memory. Everything in it is a sum of `BeliefDelta`s: the same deltas
 * give the same beliefs in any order, and a negated delta takes back what it added.
 *
 * No method throws on any input: numbers that make no sense are ignored at write and clamped at read, so the learner
 * can never fail a request.
 */
export interface Learner {
  /** Takes a new catalogue. What is known stays, also about models that left: they may return. */
  setModels(models: readonly Model[]): void;
  /** Takes another offline prior; undefined takes it away. Its weight depends on the task's outcomes, not on when. */
  setPrior(prior: QualityPrior | undefined): void;

  /** Adds stored rows at start, new evidence, another replica's evidence, or (negated) takes evidence back. */
  apply(delta: BeliefDelta): void;

  /** The epoch new evidence about this model belongs to: write it into its `quality` and `tokens` deltas. */
  epochOf(modelId: string): number;
  /** Starts a new epoch: everything older counts a tenth, 0.1^d after d of them. Going back, or to the same epoch, does nothing. */
  openEpoch(modelId: string, epoch: number): void;
  /** The same for an endpoint: its `ttft`, `token_time` and `availability` deltas. */
  endpointEpochOf(endpointId: string): number;
  openEndpointEpoch(endpointId: string, epoch: number): void;

  /** The belief about quality with its interval. For reports: a few microseconds. */
  qualityOf(task: AnyTask, modelId: string): QualityBelief;
  /** Expected tokens of one answer, E[min(tokens, bound)] under a log-normal belief. At least 1. */
  expectedOutputTokens(task: AnyTask, modelId: string, bound?: number): number;
  /** The belief behind it, for reports; of `''`, all models together. */
  answerSizeOf(task: AnyTask, modelId: string): AnswerSize;
  timingOf(endpointId: string, task: AnyTask): EndpointTiming;
  /** Probability that a call to this endpoint is answered, 0–1. */
  availabilityOf(endpointId: string): number;

  /**
   * Probability that each model is the best for the task, in the order given; sums to 1. With `handicaps` (quality
   * points, e.g. cost divided by the value of quality) the best by θ − handicap. The same beliefs give the same.
   */
  bestProbabilities(task: AnyTask, modelIds: readonly string[], handicaps?: readonly number[]): number[];

  /**
   * Watches for a change of a model's quality (CUSUM over all its tasks). Call it once per labelled outcome, before
   * the outcome is applied. What it returns is an alarm: open the next epoch and store it.
   *
   * @param judge the source of a judge's verdict, which is expected to say what such a source says
   */
  watchQuality(modelId: string, task: AnyTask, quality: number, judge?: string): NoticedChange | undefined;
  /**
   * A model that fell behind after a change and has hardly been asked since: open this epoch of it and store it, and what
   * is held against it fades enough for it to be tried again. Ask once per labelled outcome, after `watchQuality`.
   */
  secondLook(): { readonly modelId: string; readonly epoch: number } | undefined;
  /**
   * The same for an endpoint's pace, in ms per output token, and for its time to the first token in ms. An alarm of
   * either asks for the next epoch of the endpoint.
   */
  watchTiming(endpointId: string, task: AnyTask, msPerToken: number): NoticedChange | undefined;
  watchFirstToken(endpointId: string, task: AnyTask, ttftMs: number): NoticedChange | undefined;

  /** How far a source of verdicts can be relied on: of one that nobody checked, what is expected of a judge. */
  reliabilityOf(source: string): Reliability;
  /** The names of all whose verdicts were compared with labels, or count as a judge's. */
  sources(): readonly string[];
  /** Share of the answers at a task that are labelled, by people, tests or checks, 0–1. Under 1 µs. */
  labelRateOf(task: AnyTask): number;

  /** The hot path: writes `CELL_FIELDS` of one cell to `into[at …]`. Allocates nothing. */
  readCell(task: AnyTask, modelId: string, into: Float64Array, at: number): void;
}

/** What `readCell` writes, by position. */
export const CELL_FIELDS = {
  /** Parameters of the reshaped posterior Beta(ρα, ρβ): what a draw is taken from. */
  reshapedAlpha: 0,
  reshapedBeta: 1,
  /** Posterior mean of quality. */
  mean: 2,
  /** Weighted outcomes of this very cell; those that nobody labelled count 4 at most, however many. */
  cellWeight: 3,
  /** Weighted outcomes of the model over all tasks, with the same bound. */
  modelWeight: 4,
} as const;
export const CELL_STRIDE = 5;

export interface QualityBelief {
  readonly alpha: number;
  readonly beta: number;
  readonly mean: number;
  /** Bounds of the central 90 % interval of Beta(alpha, beta). */
  readonly low90: number;
  readonly high90: number;
  /**
   * Labelled outcomes it is worth, min(Σw, (Σw)²/Σw²), those of older epochs counting less. Kish's count alone is
   * blind to scale: a thousand unlabelled passes would be a thousand samples. They are 4 at most (`bounded-outcomes.ts`).
   */
  readonly samples: number;
  /** `prior`: no outcome of its own; `observed`: its labelled outcomes weigh most; `mixed`: something else does. */
  readonly evidence: 'prior' | 'mixed' | 'observed';
}

/** What is believed of ln(tokens of an answer): normal, so the tokens are log-normal. */
export interface AnswerSize {
  readonly logMean: number;
  readonly logVariance: number;
  /** Variance of `logMean` itself, σ²/(n + κ): what more answers would tell. */
  readonly logMeanVariance: number;
  /** Answers of this model and task whose tokens were counted; of older epochs they count less. */
  readonly samples: number;
}

export interface EndpointTiming {
  readonly ttftMs: number;
  readonly msPerToken: number;
  /** Answers of this endpoint, any task, whose first token was timed. */
  readonly samples: number;
}

/** Offline knowledge: how far a model lies above or below the task's average, in quality points (−1 to 1). */
export interface QualityPrior {
  /** Undefined where nothing is known, which is not the same as 0: such a model's belief stays wide. */
  deviationOf(task: AnyTask, modelId: string): number | undefined;
  /** Pseudo-outcomes that the deviation counts while the task has none of its own, 0–30; 30 where left out. */
  strengthOf?(task: AnyTask, modelId: string): number;
}
