import { usdOf } from '../money/cost.ts';
import type { Circumstances, Decision, ExcludedCandidate, RankedCandidate } from './decision.ts';

/** A decision in the words of the API, of the models a caller may know of; undefined for all. */
export function explainDecision(decision: Decision, visibleModels: ReadonlySet<string> | undefined): object {
  const { profile } = decision;
  return {
    strategy: decision.strategy,
    reason: decision.reason,
    value_of_quality_usd: decision.valueOfQualityUsd,
    value_of_second_usd: decision.valueOfSecondUsd,
    task: {
      type: profile.task,
      confidence: profile.confidence,
      complexity: profile.complexity,
      language: profile.language,
      needs: [...profile.needs],
      input_tokens: profile.inputTokens,
    },
    ...explainCandidates(decision.ranking, decision.excluded, visibleModels),
    ...explainCircumstances(decision.circumstances, decision.ranking, visibleModels),
  };
}

/**
 * What else had a part in it; nothing where nothing had.
 *
 * @param served the ranking that was served
 */
export function explainCircumstances(
  circumstances: Circumstances | undefined,
  served: readonly RankedCandidate[],
  visibleModels: ReadonlySet<string> | undefined,
): object {
  const { costPenalty, staying, dryRun, trials, capped } = circumstances ?? {};
  return {
    ...(costPenalty === undefined ? {} : { budget: { cost_penalty: costPenalty } }),
    ...(staying === undefined
      ? {}
      : { sticky: { warm_cache_usd: staying.warmCacheUsd, forgone_usd: staying.gainUsd } }),
    ...(trials === undefined ? {} : { on_trial: trials.filter((id) => visibleModels?.has(id) !== false) }),
    ...(capped === undefined ? {} : { capped: capped.filter((id) => visibleModels?.has(id) !== false) }),
    ...(dryRun === undefined ? {} : { dry_run: explainDryRun(dryRun, served[0], visibleModels) }),
  };
}

function explainDryRun(
  { reason, ranking, excluded }: NonNullable<Circumstances['dryRun']>,
  served: RankedCandidate | undefined,
  visibleModels: ReadonlySet<string> | undefined,
): object {
  const [chosen] = ranking;
  const isVisible = chosen !== undefined && visibleModels?.has(chosen.modelId) !== false;
  const saved = (served?.expectedCostMicroUsd ?? 0) - (chosen?.expectedCostMicroUsd ?? 0);
  return {
    would_have_chosen: isVisible ? chosen.modelId : null,
    provider: isVisible ? chosen.provider : null,
    reason,
    agrees: chosen !== undefined && chosen.modelId === served?.modelId,
    expected_saving_usd: isVisible ? saved / 1_000_000 : null,
    expected_quality_gain: isVisible && served ? chosen.quality - served.quality : null,
    ...explainCandidates(ranking, excluded, visibleModels),
  };
}

export function explainCandidates(
  ranking: readonly RankedCandidate[],
  excluded: readonly ExcludedCandidate[],
  visibleModels: ReadonlySet<string> | undefined,
): { candidates: object[]; excluded: object[] } {
  const isVisible = ({ modelId }: { modelId: string }) => visibleModels?.has(modelId) !== false;
  return {
    candidates: ranking.filter(isVisible).map((candidate, position) => ({
      position,
      model: candidate.modelId,
      provider: candidate.provider,
      endpoint: candidate.endpointId,
      probability: candidate.propensity,
      utility_usd: candidate.utilityUsd,
      quality: candidate.quality,
      expected_cost_usd: usdOf(candidate.expectedCostMicroUsd),
      expected_output_tokens: candidate.expectedOutputTokens,
      expected_ttft_ms: candidate.expectedTtftMs,
      expected_latency_ms: candidate.expectedLatencyMs,
    })),
    excluded: excluded.filter(isVisible).map((candidate) => ({
      model: candidate.modelId,
      endpoint: candidate.endpointId,
      reason: candidate.reason,
      ...(candidate.retryAtMs === undefined ? {} : { retry_at: new Date(candidate.retryAtMs).toISOString() }),
    })),
  };
}
