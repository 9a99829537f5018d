import type { Endpoint, Model, ModelType } from '../catalog/model.ts';
import type { Learner } from '../learning/contract.ts';
import { estimateCostMicroUsd } from '../money/cost.ts';
import type { AnyTask } from '../task/operation-task.ts';
import type { Strategy } from './strategy.ts';

type Beliefs = Pick<Learner, 'expectedOutputTokens' | 'timingOf'>;

/** Work that comes in one piece has no tokens that take their time (`RequestProfile.isTimedWhole`). */
export function expectedTokens(learner: Beliefs, task: AnyTask, { id, type }: Model): number {
  const isText = type === 'chat' || type === 'completion';
  return isText ? learner.expectedOutputTokens(task, id) : 0;
}

/** A prompt of this many tokens stands for a task until it has traffic of its own. */
export const TYPICAL_INPUT_TOKENS = 500;
/** What stands for a request in rankings: a picture, a minute, a short paragraph, a search. */
const TYPE_TO_TYPICAL_UNITS: Readonly<Partial<Record<ModelType, number>>> = {
  image: 1,
  transcription: 60,
  speech: 500,
  rerank: 1,
};

/** Below any price: where quality is worth nothing cost decides, and quality only among those that cost the same. */
const LEAST_VALUE_USD = 1e-9;

/** V by which money is told in points of quality, above 0, USD. */
export function valueOfPoint({ valueOfQualityUsd }: Pick<Strategy, 'valueOfQualityUsd'>): number {
  return Math.max(LEAST_VALUE_USD, valueOfQualityUsd);
}

/** Where a typical request of this task costs the least, and how much; 0 for a model without endpoints. */
export function cheapestEndpoint(learner: Beliefs, task: AnyTask, model: Model) {
  let endpoint: Endpoint | undefined;
  let costMicroUsd = Number.POSITIVE_INFINITY;
  const expectedOutputTokens = expectedTokens(learner, task, model);
  const units = TYPE_TO_TYPICAL_UNITS[model.type];
  for (const candidate of model.endpoints) {
    const request = { inputTokens: TYPICAL_INPUT_TOKENS, expectedOutputTokens, choices: 1, units };
    const cost = estimateCostMicroUsd(request, candidate.price);
    if (cost < costMicroUsd) {
      costMicroUsd = cost;
      endpoint = candidate;
    }
  }
  return { endpoint, costMicroUsd: endpoint ? costMicroUsd : 0 };
}

/**
 * What a model costs in money and waiting, as points of quality: ((1 + cost penalty)·cost + T·seconds) / V.
 *
 * @param costPenalty of the strategy's budget, 0 without one
 */
export function handicapOf(
  learner: Beliefs,
  { strategy, costPenalty }: { readonly strategy: Strategy; readonly costPenalty: number },
  task: AnyTask,
  model: Model,
): number {
  const { endpoint, costMicroUsd } = cheapestEndpoint(learner, task, model);
  if (!endpoint) return 0;
  const timing = learner.timingOf(endpoint.id, task);
  const tokens = expectedTokens(learner, task, model);
  const seconds = (timing.ttftMs + strategy.generationTimeWeight * tokens * timing.msPerToken) / 1000;
  const costUsd = ((1 + costPenalty) * costMicroUsd) / 1_000_000;
  return (costUsd + strategy.valueOfSecondUsd * seconds) / valueOfPoint(strategy);
}
