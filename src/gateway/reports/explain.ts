import { readDecision } from '../../core/choice/decision-record.ts';
import { explainCandidates, explainCircumstances } from '../../core/choice/explain-decision.ts';
import { answeringAttempt } from '../../core/outcome/answering-attempt.ts';
import { byRequestId } from '../../core/outcome/by-request-id.ts';
import { requestNotFound } from '../../core/outcome/request-not-found.ts';
import { teachesQuality } from '../../core/reward/evidence-weight.ts';
import type { AttemptFact, FeedbackRecord } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';
import { sourceNameFor } from './source-name.ts';

/** Who asks: the key whose requests it may see, and the ids of the models it may know of; undefined for all. */
interface Viewer {
  readonly keyId: string | undefined;
  readonly visibleModels: ReadonlySet<string> | undefined;
}

/**
 * Why a request went where it went, what came of it and what was learnt.
 *
 * @throws GatewayError 404 also for a request of another key: as if it did not exist.
 */
export async function explainRequest(deps: GatewayDeps, requestId: string, viewer: Viewer): Promise<object> {
  const { keyId, visibleModels } = viewer;
  await deps.store.journal.flush();
  const history = await byRequestId(requestId, async (id) => {
    const found = await deps.store.readRequest(id);
    return keyId === undefined || found?.request.keyId === keyId ? found : undefined;
  });
  if (history === undefined) throw requestNotFound(requestId, await deps.store.purgedBeforeMs());
  const { request, attempts, feedback } = history;
  const { ranking, excluded, circumstances } = readDecision(request.decision);
  const served = answeringAttempt(attempts.filter(({ ending }) => ending === 'completed'));
  const estimated = attempts.reduce((sum, attempt) => sum + attempt.estimatedCostMicroUsd, 0);
  const actual = attempts.reduce((sum, attempt) => sum + attempt.costMicroUsd, 0);
  return {
    object: 'explanation',
    request_id: request.requestId,
    created_at: new Date(request.createdAtMs).toISOString(),
    requested_model: request.requestedModel,
    operation: request.operation,
    model: served?.modelId ?? null,
    provider: served?.provider ?? null,
    strategy: request.strategy,
    reason: request.reason,
    stream: request.isStream,
    task: {
      type: request.task,
      confidence: request.taskConfidence,
      complexity: request.complexity,
      language: request.language,
      input_tokens: request.inputTokens,
    },
    ...explainCandidates(ranking, excluded, visibleModels),
    ...explainCircumstances(circumstances, ranking, visibleModels),
    attempts: attempts.map(explainAttempt),
    cost: { estimated_usd: estimated / 1_000_000, actual_usd: actual / 1_000_000 },
    learnt: attempts.map((attempt) => ({
      attempt: attempt.number,
      automatic: attempt.automatic
        ? { ...attempt.automatic, counted: attempt.automaticCounts && teachesQuality(request.reason) }
        : null,
    })),
    feedback: feedback.map((verdict) => ({
      source: sourceNameFor(verdict.sourceName, visibleModels),
      source_class: verdict.source,
      score: verdict.quality,
      weight: weightOf(deps, verdict),
      comment: verdict.comment,
      updated_at: new Date(verdict.updatedAtMs).toISOString(),
    })),
  };
}

/** What it counts where nothing stronger spoke: a judge's by what its source has been worth so far. */
function weightOf({ learner }: GatewayDeps, { source, sourceName, weight }: FeedbackRecord): number {
  return source === 'judge' && weight > 0 ? learner.reliabilityOf(sourceName).weight : weight;
}

function explainAttempt(attempt: AttemptFact): object {
  return {
    number: attempt.number,
    model: attempt.modelId,
    provider: attempt.provider,
    endpoint: attempt.endpointId,
    started_at: new Date(attempt.startedAtMs).toISOString(),
    ending: attempt.ending ?? 'pending',
    http_status: attempt.httpStatus,
    error_code: attempt.errorCode || null,
    finish_reason: attempt.finishReason || null,
    probability: attempt.propensity,
    usage: {
      input_tokens: attempt.inputTokens,
      output_tokens: attempt.outputTokens,
      cached_input_tokens: attempt.cachedInputTokens,
      ...(attempt.units > 0 ? { units: attempt.units } : {}),
    },
    cost: {
      estimated_usd: attempt.estimatedCostMicroUsd / 1_000_000,
      actual_usd: attempt.costMicroUsd / 1_000_000,
      is_estimate: attempt.isCostEstimated,
    },
    ttft_ms: attempt.ttftMs,
    latency_ms: attempt.latencyMs,
  };
}
