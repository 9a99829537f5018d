import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Learner } from '../../core/learning/contract.ts';
import { estimateCostMicroUsd } from '../../core/money/cost.ts';
import type { RequestProfile } from '../../core/task/task.ts';

/** Of the standard normal: nine answers of ten are no longer than so many deviations above the mean of their logarithm. */
const Z_90 = 1.2816;

/**
 * What an attempt can cost, in micro-USD and parts of one: its prompt and an answer as long as the request allows.
 * Where it sets no bound, as long as nine of ten answers of this model to this task are believed to be, exp(μ + z·√(σ² + σ_μ²)),
 * and no longer than the model can write. That alone is a hundred times what it usually writes; a higher quantile would keep
 * more requests out than it spares (decision 69).
 */
export function mostCostMicroUsd(
  learner: Pick<Learner, 'answerSizeOf'>,
  profile: RequestProfile,
  { model, endpoint }: Candidate,
): number {
  return estimateCostMicroUsd(
    {
      inputTokens: profile.inputTokens,
      expectedOutputTokens: mostTokens(learner, profile, model),
      choices: profile.choices,
      units: profile.units,
    },
    endpoint.price,
  );
}

function mostTokens(
  learner: Pick<Learner, 'answerSizeOf'>,
  { answerTokens, maxOutputTokens, task }: RequestProfile,
  model: Candidate['model'],
): number {
  if (answerTokens !== undefined) return answerTokens;
  const writable = model.maxOutputTokens ?? model.contextLength;
  if (maxOutputTokens !== undefined) return Math.min(maxOutputTokens, writable);
  const { logMean, logVariance, logMeanVariance } = learner.answerSizeOf(task, model.id);
  return Math.min(writable, Math.exp(logMean + Z_90 * Math.sqrt(logVariance + logMeanVariance)));
}
