import type { Random } from '../../src/core/learning/random.ts';
import type { OutcomeTable } from './outcome-table.ts';
import type { ReplayJudge } from './outrider-policy.ts';
import type { Policy, ReplayRequest } from './policy.ts';
import { type Scenario, STEADY } from './scenario.ts';
import type { TableCatalog } from './table-catalog.ts';

/** How the labels come. */
export interface Feedback {
  /** Share of the requests that get one, 0–1. */
  readonly labelRate: number;
  /** How many times as likely a useless answer is to get one as a perfect one, which gets it at `labelRate`; 1 where left out. */
  readonly labelBias?: number;
  /** Requests between an answer and its label. */
  readonly labelDelay: number;
  /** `share` of a judge beside the labels, as under `[judge]`; 0: none. */
  readonly judgeRate: number;
  /** What the router is told of the judge; `learnt` where left out. */
  readonly judgeReliability?: ReplayJudge['reliability'];
  /** Probability that the judge says the opposite; without a judge, that a label does. */
  readonly judgeFlip: number;
  /** Probability that the classifier names a task at random. */
  readonly taskNoise: number;
}

export const PLAIN_FEEDBACK: Feedback = {
  labelRate: 1,
  labelDelay: 0,
  judgeRate: 0,
  judgeFlip: 0,
  taskNoise: 0,
};

/** Everything that happened, per request. */
export interface Trace {
  readonly prompts: Int32Array;
  readonly models: Int32Array;
  /** As answered: drift is in it. */
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
  /** Of the choice; NaN where the policy knows none. */
  readonly propensities: Float64Array;
  /** Largest |Σπ − 1| seen; 0 for policies without propensities. */
  readonly propensityError: number;
  /** Per model Σπ and Σπ(1−π) over the stream: how often it should have been chosen, and the variance of that. */
  readonly expectedChoices: Float64Array;
  readonly choiceVariance: Float64Array;
  /** Requests (1-based) after which an alarm had been raised. */
  readonly alarmTimes: readonly number[];
  /** Of all answers. */
  readonly judgedShare: number;
}

/**
 * A shuffled stream: the prompts in random order, again and again.
 *
 * @param requests its length; may be more than there are prompts
 */
export function shuffledStream(promptCount: number, requests: number, random: Random): Int32Array {
  const stream = new Int32Array(requests);
  const order = Int32Array.from({ length: promptCount }, (_, prompt) => prompt);
  for (let time = 0; time < requests; time += 1) {
    const place = time % promptCount;
    const other = place + Math.floor(random() * (promptCount - place));
    const prompt = order[other] ?? 0;
    order[other] = order[place] ?? 0;
    order[place] = prompt;
    stream[time] = prompt;
  }
  return stream;
}

/**
 * Plays a stream of prompts to a policy. The chosen model's outcome is all it learns of; whether a label comes, and
 * what it says, is drawn from `random`, never from the policy's own.
 */
export function replay(options: {
  readonly table: OutcomeTable;
  readonly catalog: TableCatalog;
  readonly stream: Int32Array;
  readonly policy: Policy;
  readonly feedback: Feedback;
  readonly random: Random;
  readonly scenario?: Scenario;
}): Trace {
  const { table, catalog, stream, policy, feedback, random, scenario = STEADY } = options;
  const { labelBias: bias = 1 } = feedback;
  const modelCount = table.models.length;
  const length = stream.length;
  const models = new Int32Array(length);
  const quality = new Float64Array(length);
  const costUsd = new Float64Array(length);
  const propensities = new Float64Array(length).fill(Number.NaN);
  const alarmTimes: number[] = [];
  const waiting: { request: ReplayRequest; model: number; label: number }[] = [];
  const expectedChoices = new Float64Array(modelCount);
  const choiceVariance = new Float64Array(modelCount);
  let propensityError = 0;
  let nextWaiting = 0;
  let judgedCount = 0;
  let nextChange = 0;

  for (let time = 0; time < length; time += 1) {
    if (time === nextChange) {
      policy.enter(scenario.worldAt(time));
      nextChange = scenario.changes.find((change) => change > time) ?? -1;
    }
    const prompt = stream[time] ?? 0;
    const request = { prompt, task: taskSeen(prompt), time };
    const model = policy.choose(request);
    const cell = prompt * modelCount + model;
    const world = scenario.worldAt(time);
    const outcome = {
      quality: scenario.qualityOf(time, model, table.quality[cell] ?? 0, random),
      costUsd: (table.costUsd[cell] ?? 0) * world.priceFactor(model),
      outputTokens: catalog.outputTokens[cell] ?? 0,
    };
    models[time] = model;
    quality[time] = outcome.quality;
    costUsd[time] = outcome.costUsd;
    const vector = policy.propensities?.();
    if (vector !== undefined) {
      propensities[time] = vector[model] ?? Number.NaN;
      let total = 0;
      for (let index = 0; index < modelCount; index += 1) {
        const share = vector[index] ?? 0;
        total += share;
        expectedChoices[index] = (expectedChoices[index] ?? 0) + share;
        choiceVariance[index] = (choiceVariance[index] ?? 0) + share * (1 - share);
      }
      propensityError = Math.max(propensityError, Math.abs(total - 1));
    }
    policy.observe(request, model, outcome);
    const labelRate = feedback.labelRate * (bias - (bias - 1) * outcome.quality);
    const isLabelled = labelRate >= 1 || random() < labelRate;
    const isFlipped = feedback.judgeFlip > 0 && random() < feedback.judgeFlip;
    const flipped = isFlipped ? 1 - outcome.quality : outcome.quality;
    const isJudged = policy.isJudged?.() === true;
    if (isJudged) {
      policy.learn(request, model, flipped, 'judge');
      judgedCount += 1;
    }
    if (isLabelled)
      waiting.push({ request, model, label: feedback.judgeRate > 0 ? outcome.quality : flipped });
    while (nextWaiting < waiting.length) {
      const due = waiting[nextWaiting];
      if (due === undefined || due.request.time + feedback.labelDelay > time) break;
      policy.learn(due.request, due.model, due.label);
      nextWaiting += 1;
    }
    const alarms = policy.alarms?.() ?? 0;
    while (alarmTimes.length < alarms) alarmTimes.push(time + 1);
  }
  return {
    prompts: stream,
    models,
    quality,
    costUsd,
    propensities,
    propensityError,
    expectedChoices,
    choiceVariance,
    alarmTimes,
    judgedShare: judgedCount / Math.max(1, length),
  };

  function taskSeen(prompt: number): number {
    const task = table.promptToTask[prompt] ?? 0;
    if (feedback.taskNoise <= 0 || random() >= feedback.taskNoise) return task;
    return Math.floor(random() * table.tasks.length);
  }
}
