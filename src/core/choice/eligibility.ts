import type { RequestProfile } from '../task/task.ts';
import type { Candidate, ChoiceInput } from './choice-input.ts';
import type { ExcludedCandidate, ExclusionReason } from './decision.ts';
import type { Prospect } from './prospect.ts';

/** Labelled outcomes of a cell before its quality may exclude a model. */
export const OUTCOMES_TO_EXCLUDE = 10;
/** Answers of an endpoint before its speed may exclude it. */
const ANSWERS_TO_EXCLUDE = 5;

/** Why this candidate cannot serve the request whatever it costs, or undefined. The static reasons come first. */
export function refusalOfCandidate(input: ChoiceInput, candidate: Candidate): ExcludedCandidate | undefined {
  const reason = incapacityOf(input.profile, candidate, input);
  if (reason !== undefined) return excluded(candidate, reason);
  const refusal = input.refusalOf?.(candidate.endpoint, candidate.model);
  if (refusal === undefined) return undefined;
  return refusal.retryAtMs === undefined
    ? excluded(candidate, refusal.reason)
    : { ...excluded(candidate, refusal.reason), retryAtMs: refusal.retryAtMs };
}

/** Why this candidate breaks a ceiling or floor, given what is expected of it, or undefined. */
export function breachOfLimits(input: ChoiceInput, prospect: Prospect): ExcludedCandidate | undefined {
  const { limits, strategy, budgetMicroUsd } = input;
  const { maxCostUsd, maxLatencyMs } = limits ?? {};
  if (maxCostUsd !== undefined && prospect.costMicroUsd > maxCostUsd * 1e6) {
    return { ...excluded(prospect, 'over_cost_ceiling'), needed: prospect.costMicroUsd / 1e6 };
  }
  if (budgetMicroUsd !== undefined && prospect.costMicroUsd > budgetMicroUsd) {
    return excluded(prospect, 'budget');
  }
  if (
    maxLatencyMs !== undefined &&
    prospect.timingSamples >= ANSWERS_TO_EXCLUDE &&
    prospect.latencyMs > maxLatencyMs
  ) {
    return { ...excluded(prospect, 'over_latency_ceiling'), needed: prospect.latencyMs };
  }
  const isOnTrial = input.trials?.has(prospect.model.id) === true;
  const ownMinimum = isOnTrial ? 0 : strategy.minQuality;
  const minQuality = Math.max(ownMinimum, limits?.minQuality ?? 0);
  if (prospect.quality < minQuality && prospect.cellWeight >= OUTCOMES_TO_EXCLUDE) {
    const breach = excluded(prospect, 'below_min_quality');
    // Below the strategy's own minimum no wish would help.
    return prospect.quality < ownMinimum ? breach : { ...breach, needed: prospect.quality };
  }
  return undefined;
}

function incapacityOf(
  profile: RequestProfile,
  { model }: Candidate,
  { type = 'chat' }: ChoiceInput,
): ExclusionReason | undefined {
  if (model.type !== type) return 'wrong_type';
  for (const need of profile.needs) {
    if (!model.capabilities.has(need)) return 'missing_capability';
  }
  const answerTokens = profile.maxOutputTokens ?? 0;
  const { contextTokens = profile.inputTokens } = profile;
  if (contextTokens + answerTokens > model.contextLength) return 'context_length';
  // An upstream refuses a bound above what its model can write, and a 400 is not failed over.
  if (model.maxOutputTokens !== undefined && answerTokens > model.maxOutputTokens) return 'context_length';
  return undefined;
}

function excluded({ model, endpoint }: Candidate, reason: ExclusionReason): ExcludedCandidate {
  return { endpointId: endpoint.id, modelId: model.id, reason };
}
