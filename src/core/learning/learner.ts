import type { Model } from '../catalog/model.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { TASKS } from '../task/task.ts';
import { createAnswerSizes } from './answer-size.ts';
import {
  at,
  type BeliefSums,
  clamp,
  createBeliefSums,
  EVERYONE,
  TASK_COUNT,
  taskIndexOf,
} from './belief-sums.ts';
import { betaQuantile } from './beta-quantile.ts';
import { amountAt, weightAt } from './bounded-outcomes.ts';
import { type Change, createChangeWatch } from './change-watch.ts';
import {
  CELL_FIELDS,
  CELL_STRIDE,
  type Learner,
  type NoticedChange,
  type QualityBelief,
  type QualityPrior,
} from './contract.ts';
import type { BeliefDelta } from './delta.ts';
import { createEndpointSpeeds, type TimedKind } from './endpoint-speed.ts';
import { drawJointQualities } from './joint-draws.ts';
import { priceLevels } from './price-level.ts';
import { createQualityPosterior, type PosteriorCell, PRIOR_STRENGTH } from './quality-posterior.ts';
import { createRandom, type Random } from './random.ts';
import { createSecondLooks } from './second-look.ts';
import { createVerdictSources, VERDICT_SLOTS } from './verdict-sources.ts';

const MODEL_MEASURES = { labelled: 0, tokens: 1, heuristic: 2, verdicts: 3 } as const;
const ENDPOINT_MEASURES = { ttft: 0, tokenTime: 1, availability: 2 } as const;
const RANKING_DRAWS = 1000;
/** Outcomes that must be known before a deviation can be called a change. */
const WATCH_FROM = 15;
const WATCH_STRENGTH = 10;
/** Answers without a label that are taken for granted, so that the first label is no rate of 1. */
const UNLABELLED_START = 10;
/** A second look leaves a thousandth of what was known: at a tenth a fallen model is still not drawn. */
const EPOCHS_PER_LOOK = 3;
/** Response times have tails: without this bound three stragglers are a change. */
const TIMING_Z_LIMIT = 3;
/** A judge whose word rises less than this from a useless to a perfect answer does not tell what the quality was. */
const TELLING_SLOPE = 0.1;

/**
 * The learner: sums in, beliefs out (docs/learning.md).
 *
 * @param random for reports only; choices bring their own
 * @param prior  offline knowledge; without it every model starts at its task's average
 */
export function createLearner(options: {
  models: readonly Model[];
  random: Random;
  prior?: QualityPrior;
}): Learner {
  const rankingSeed = Math.floor(options.random() * 2 ** 32);
  let catalogue = options.models;
  let prior = options.prior;
  const models = createBeliefSums(MODEL_MEASURES.verdicts + VERDICT_SLOTS);
  const sources = createVerdictSources();
  const endpoints = createBeliefSums(3);
  /** dev[k,m] by model index and task; NaN where the prior is silent. */
  let deviations = new Float64Array(0);
  /** How strong it is there, in pseudo-outcomes. */
  let priorStrengths = new Float64Array(0);
  /** x[m] by model index; 0 for models that left. */
  let levels = new Float64Array(0);
  const quality = createQualityPosterior(
    models,
    MODEL_MEASURES,
    (taskIndex, modelIndex) => deviations[modelIndex * TASK_COUNT + taskIndex],
    (taskIndex, modelIndex) => priorStrengths[modelIndex * TASK_COUNT + taskIndex],
    () => levels,
    sources,
  );
  const answerSizes = createAnswerSizes(models, MODEL_MEASURES.tokens);
  const speeds = createEndpointSpeeds(endpoints, ENDPOINT_MEASURES);
  const qualityWatch = createChangeWatch();
  const looks = createSecondLooks();
  const paceWatch = createChangeWatch();
  const firstTokenWatch = createChangeWatch();

  function setModels(next: readonly Model[]): void {
    catalogue = next;
    for (const model of catalogue) {
      models.register(model.id);
      for (const endpoint of model.endpoints) endpoints.register(endpoint.id);
    }
    levels = new Float64Array(models.count());
    for (const [modelId, level] of priceLevels(catalogue)) levels[models.indexOf(modelId)] = level;
    quality.touch();
    deviations = new Float64Array(models.count() * TASK_COUNT).fill(Number.NaN);
    priorStrengths = new Float64Array(models.count() * TASK_COUNT).fill(PRIOR_STRENGTH);
    if (prior === undefined) return;
    for (const model of catalogue) {
      const start = models.indexOf(model.id) * TASK_COUNT;
      for (const [taskIndex, task] of TASKS.entries()) {
        const deviation = prior.deviationOf(task, model.id);
        if (deviation !== undefined && Number.isFinite(deviation)) {
          deviations[start + taskIndex] = clamp(deviation, -1, 1);
          const strength = prior.strengthOf?.(task, model.id) ?? PRIOR_STRENGTH;
          priorStrengths[start + taskIndex] = clamp(strength, 0, PRIOR_STRENGTH);
        }
      }
    }
  }

  function apply(delta: BeliefDelta): void {
    if (delta.subject === EVERYONE) return;
    switch (delta.kind) {
      case 'quality':
        // Another replica saw the alarm first: its evidence tells us.
        if (delta.epoch > models.epochOf(delta.subject)) openEpoch(delta.subject, delta.epoch);
        if (addTo(models, qualityMeasureOf(delta), delta)) quality.touch();
        return;
      case 'verdicts':
        if (delta.epoch > models.epochOf(delta.subject)) openEpoch(delta.subject, delta.epoch);
        if (addTo(models, MODEL_MEASURES.verdicts + sources.slotOf(delta.source), delta)) quality.touch();
        return;
      case 'agreement':
      case 'agreement_squares':
        sources.addPairs(delta);
        quality.touch();
        return;
      case 'tokens':
        addWithEveryone(models, MODEL_MEASURES.tokens, delta);
        return;
      case 'ttft':
        addWithEveryone(endpoints, ENDPOINT_MEASURES.ttft, delta);
        return;
      case 'token_time':
        addWithEveryone(endpoints, ENDPOINT_MEASURES.tokenTime, delta);
        return;
      case 'availability':
        addTo(endpoints, ENDPOINT_MEASURES.availability, delta);
    }
  }

  function openEpoch(modelId: string, epoch: number): void {
    const before = models.epochOf(modelId);
    models.openEpoch(modelId, epoch);
    if (models.epochOf(modelId) > before) looks.begin(models.indexOf(modelId));
    quality.touch();
  }

  function qualityOf(task: AnyTask, modelId: string): QualityBelief {
    const cell = quality.cellOf(knownTaskIndexOf(task), models.indexOf(modelId));
    const { alpha, beta, weight } = cell;
    return {
      alpha,
      beta,
      mean: alpha / (alpha + beta),
      low90: betaQuantile(0.05, alpha, beta),
      high90: betaQuantile(0.95, alpha, beta),
      samples: cell.squaredWeight > 0 ? Math.min(weight, (weight * weight) / cell.squaredWeight) : 0,
      evidence: evidenceOf(cell),
    };
  }

  function bestProbabilities(
    task: AnyTask,
    modelIds: readonly string[],
    handicaps?: readonly number[],
  ): number[] {
    const count = modelIds.length;
    const cells = new Float64Array(count * CELL_STRIDE);
    for (const [index, modelId] of modelIds.entries()) {
      const { alpha, beta } = quality.cellOf(knownTaskIndexOf(task), models.indexOf(modelId));
      cells[index * CELL_STRIDE + CELL_FIELDS.reshapedAlpha] = alpha;
      cells[index * CELL_STRIDE + CELL_FIELDS.reshapedBeta] = beta;
    }
    const draws = new Float64Array(count * RANKING_DRAWS);
    // The same draws each time: two looks at the same beliefs are to see the same.
    drawJointQualities(cells, count, RANKING_DRAWS, createRandom(rankingSeed), draws);
    const wins = new Array<number>(count).fill(0);
    for (let draw = 0; draw < RANKING_DRAWS && count > 0; draw += 1) {
      let best = 0;
      let bestValue = Number.NEGATIVE_INFINITY;
      for (let model = 0; model < count; model += 1) {
        const value = at(draws, draw * count + model) - (handicaps?.[model] ?? 0);
        if (value > bestValue) {
          best = model;
          bestValue = value;
        }
      }
      wins[best] = (wins[best] ?? 0) + 1;
    }
    return wins.map((won) => won / RANKING_DRAWS);
  }

  /** z = (q−p)/√(p(1−p) + .02 + p(1−p)/(n+10)), p = (s + 10·pG)/(n+10), once n > 15 labels in the cell. */
  function watchQuality(
    modelId: string,
    task: AnyTask,
    outcome: number,
    judge?: string,
  ): NoticedChange | undefined {
    const modelIndex = models.indexOf(modelId);
    const taskIndex = taskIndexOf(task);
    if (modelIndex < 0 || taskIndex < 0 || !Number.isFinite(outcome)) return undefined;
    looks.hear(modelIndex);
    const cell = quality.peekCell(taskIndex, modelIndex);
    if (cell.labelledWeight <= WATCH_FROM) return undefined;
    const count = cell.labelledWeight + WATCH_STRENGTH;
    const expected = clamp((cell.labelledSuccesses + WATCH_STRENGTH * cell.modelQuality) / count, 0, 1);
    const spread = expected * (1 - expected);
    const variance = spread + 0.02 + spread / count;
    const seen = clamp(outcome, 0, 1);
    if (judge === undefined) {
      return qualityChange(
        qualityWatch.observe(modelIndex, (seen - expected) / Math.sqrt(variance), expected, seen),
      );
    }
    const { slope, offset, noise, weight } = sources.ofName(judge);
    // A source that is not listened to, as its word does not rise with quality, cannot tell a change either, or its direction.
    if (weight === 0) return undefined;
    const z = (seen - offset - slope * expected) / Math.sqrt(slope * slope * variance + noise);
    const meant = slope > TELLING_SLOPE ? (seen - offset) / slope : expected;
    return qualityChange(qualityWatch.observe(modelIndex, z, expected, meant));
  }

  /** z = (ln t − μ)/σ of the endpoint's belief for the task, cut to ±3, once more than 15 answers were timed. */
  function watchSpeed(
    kind: TimedKind,
    watch: ReturnType<typeof createChangeWatch>,
    endpointId: string,
    task: AnyTask,
    ms: number,
  ): NoticedChange | undefined {
    const endpointIndex = endpoints.indexOf(endpointId);
    if (endpointIndex < 0 || !(ms > 0) || !Number.isFinite(ms)) return undefined;
    if (speeds.countOf(endpointIndex, kind) <= WATCH_FROM) return undefined;
    const belief = speeds.beliefOf(endpointIndex, taskIndexOf(task), kind);
    const z = (Math.log(ms) - belief.mean) / Math.sqrt(belief.variance);
    const change = watch.observe(
      endpointIndex,
      clamp(z, -TIMING_Z_LIMIT, TIMING_Z_LIMIT),
      belief.mean,
      Math.log(ms),
    );
    if (change === undefined) return undefined;
    return {
      direction: change.isRise ? 'worse' : 'better',
      before: Math.exp(change.expected),
      after: Math.exp(change.seen),
    };
  }

  function labelRateOf(task: AnyTask): number {
    const taskIndex = knownTaskIndexOf(task);
    const effective = models.effective();
    let labels = 0;
    let answers = UNLABELLED_START;
    for (let model = 0; model < models.count(); model += 1) {
      const labelled = weightAt(effective, models.offsetOf(model, MODEL_MEASURES.labelled, taskIndex));
      const measured =
        models.subjectAt(model) === EVERYONE ? 0 : models.offsetOf(model, MODEL_MEASURES.tokens, taskIndex);
      labels += labelled;
      if (measured > 0) answers += amountAt(effective, measured);
    }
    return Math.min(1, labels / answers);
  }

  function secondLook(): { modelId: string; epoch: number } | undefined {
    const index = looks.next();
    const modelId = index < 0 ? undefined : models.subjectAt(index);
    if (modelId === undefined) return undefined;
    return { modelId, epoch: models.epochOf(modelId) + EPOCHS_PER_LOOK };
  }

  setModels(catalogue);
  return {
    setModels,
    setPrior: (next) => {
      prior = next;
      setModels(catalogue);
    },
    apply,
    epochOf: models.epochOf,
    openEpoch,
    endpointEpochOf: endpoints.epochOf,
    openEndpointEpoch: endpoints.openEpoch,
    qualityOf,
    expectedOutputTokens: (task, modelId, bound) =>
      answerSizes.expectedTokens(taskIndexOf(task), models.indexOf(modelId), bound),
    answerSizeOf: (task, modelId) =>
      answerSizes.sizeOf(taskIndexOf(task), modelId === EVERYONE ? -1 : models.indexOf(modelId)),
    timingOf: (endpointId, task) => speeds.timingOf(endpoints.indexOf(endpointId), taskIndexOf(task)),
    availabilityOf: (endpointId) => speeds.availabilityOf(endpoints.indexOf(endpointId)),
    bestProbabilities,
    watchQuality,
    secondLook,
    labelRateOf,
    reliabilityOf: sources.ofName,
    sources: sources.names,
    watchTiming: (endpointId, task, ms) => watchSpeed('tokenTime', paceWatch, endpointId, task, ms),
    watchFirstToken: (endpointId, task, ms) => watchSpeed('ttft', firstTokenWatch, endpointId, task, ms),
    readCell: (task, modelId, into, start) =>
      quality.readCell(knownTaskIndexOf(task), models.indexOf(modelId), into, start),
  };
}

function qualityChange(change: Change | undefined): NoticedChange | undefined {
  if (change === undefined) return undefined;
  return {
    direction: change.isRise ? 'better' : 'worse',
    before: change.expected,
    after: clamp(change.seen, 0, 1),
  };
}

function evidenceOf(cell: PosteriorCell): QualityBelief['evidence'] {
  if (cell.weight === 0) return 'prior';
  const others = cell.modelStrength + cell.priorStrength + (cell.weight - cell.labelledWeight);
  return cell.labelledWeight < others ? 'mixed' : 'observed';
}

function knownTaskIndexOf(task: AnyTask): number {
  const index = taskIndexOf(task);
  return index < 0 ? taskIndexOf('unknown') : index;
}

function addTo(sums: BeliefSums, measure: number, delta: BeliefDelta): boolean {
  const { subject, task, epoch, a, b, c } = delta;
  return sums.add(subject, measure, taskIndexOf(task), epoch, a, b, c);
}

/** Sums of heuristic verdicts stand apart: what they count is bounded when they are read. */
function qualityMeasureOf(delta: BeliefDelta): number {
  return delta.source === 'heuristic' ? MODEL_MEASURES.heuristic : MODEL_MEASURES.labelled;
}

/** What one subject shows is also the first guess about those that nothing is known of. */
function addWithEveryone(sums: BeliefSums, measure: number, delta: BeliefDelta): void {
  const { task, a, b, c } = delta;
  if (addTo(sums, measure, delta)) sums.add(EVERYONE, measure, taskIndexOf(task), 0, a, b, c);
}
