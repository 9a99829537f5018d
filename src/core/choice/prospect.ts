import type { Endpoint, Model } from '../catalog/model.ts';
import { CELL_FIELDS, type Learner } from '../learning/contract.ts';
import { estimateCostMicroUsd } from '../money/cost.ts';
import type { RequestProfile } from '../task/task.ts';
import type { Candidate } from './choice-input.ts';
import type { Strategy } from './strategy.ts';

/** What is expected of one candidate for one request: everything of its utility but the draw of θ. */
export interface Prospect {
  readonly model: Model;
  readonly endpoint: Endpoint;
  /** Position of its model among the models of this choice: endpoints of one model share their draws. */
  readonly modelSlot: number;
  /** Posterior mean of quality, 0–1. */
  readonly quality: number;
  /** Weighted outcomes of the (task, model) cell, and of the model over all tasks. */
  readonly cellWeight: number;
  readonly modelWeight: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
  readonly ttftMs: number;
  readonly latencyMs: number;
  readonly timingSamples: number;
  /** What is taken off V·θ: (1 + cost penalty)·E[cost] + T·E[seconds], USD. */
  readonly burdenUsd: number;
  /** V·E[θ] − burden. */
  readonly utilityUsd: number;
}

/**
 * u = V·θ − E[cost] − T·E[seconds], in dollars, with E[seconds] = (TTFT + g·tokens·ms per token)/(1000·availability):
 * an endpoint that answers half the calls takes twice as long to an answer.
 *
 * @param cells    written by `learner.readCell`
 * @param cellAt   where the candidate's model starts in `cells`
 */
export function prospectOf(
  candidate: Candidate,
  context: {
    readonly profile: RequestProfile;
    readonly strategy: Strategy;
    readonly learner: Learner;
    readonly costPenalty?: number;
  },
  modelSlot: number,
  cells: Float64Array,
  cellAt: number,
): Prospect {
  const { profile, strategy, learner } = context;
  const { model, endpoint } = candidate;
  const quality = cells[cellAt + CELL_FIELDS.mean] ?? 0;
  const outputTokens =
    profile.answerTokens ?? learner.expectedOutputTokens(profile.task, model.id, boundOf(profile, model));
  const costMicroUsd = estimateCostMicroUsd(
    {
      inputTokens: profile.inputTokens,
      expectedOutputTokens: outputTokens,
      choices: profile.choices,
      units: profile.units,
    },
    endpoint.price,
  );
  const { ttftMs, msPerToken, samples } = learner.timingOf(endpoint.id, profile.task);
  const generationMs = profile.isTimedWhole ? 0 : outputTokens * msPerToken;
  const seconds =
    (ttftMs + strategy.generationTimeWeight * generationMs) / (1000 * learner.availabilityOf(endpoint.id));
  const burdenUsd =
    (1 + (context.costPenalty ?? 0)) * costMicroUsd * 1e-6 + strategy.valueOfSecondUsd * seconds;
  return {
    model,
    endpoint,
    modelSlot,
    quality,
    cellWeight: cells[cellAt + CELL_FIELDS.cellWeight] ?? 0,
    modelWeight: cells[cellAt + CELL_FIELDS.modelWeight] ?? 0,
    outputTokens,
    costMicroUsd,
    ttftMs,
    latencyMs: ttftMs + generationMs,
    timingSamples: samples,
    burdenUsd,
    utilityUsd: strategy.valueOfQualityUsd * quality - burdenUsd,
  };
}

function boundOf(profile: RequestProfile, model: Model): number | undefined {
  if (profile.maxOutputTokens === undefined) return model.maxOutputTokens;
  if (model.maxOutputTokens === undefined) return profile.maxOutputTokens;
  return Math.min(profile.maxOutputTokens, model.maxOutputTokens);
}
