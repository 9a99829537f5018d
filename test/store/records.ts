import type { BeliefDelta } from '../../src/core/learning/delta.ts';
import type { AttemptEnd, AttemptStart, FeedbackRecord, RequestRecord } from '../../src/store/contract.ts';

export const START_MS = 1_800_000_000_000;

export function requestOf(requestId: string, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId,
    keyId: 'key_a',
    createdAtMs: START_MS,
    requestedModel: 'auto',
    operation: 'chat',
    task: 'code_generation',
    taskConfidence: 0.75,
    complexity: 0.5,
    language: 'en',
    inputTokens: 120,
    isStream: true,
    strategy: 'balanced',
    reason: 'auto',
    shape: 'small/plain/1/en',
    decision: '{"ranking":[]}',
    ...changes,
  };
}

export function startOf(requestId: string, changes: Partial<AttemptStart> = {}): AttemptStart {
  return {
    requestId,
    number: 0,
    keyId: 'key_a',
    task: 'code_generation',
    modelId: 'large',
    endpointId: 'acme/large',
    provider: 'acme',
    epoch: 0,
    endpointEpoch: 0,
    startedAtMs: START_MS,
    propensity: 0.625,
    estimatedCostMicroUsd: 1_500,
    shape: 'small/plain/1/en',
    ...changes,
  };
}

/** The same as it is read back. */
export function storedStartOf(requestId: string): Omit<AttemptStart, 'shape'> {
  const { shape: _notStored, ...stored } = startOf(requestId);
  return stored;
}

export function endOf(requestId: string, changes: Partial<AttemptEnd> = {}): AttemptEnd {
  return {
    requestId,
    number: 0,
    ending: 'completed',
    endedAtMs: START_MS + 1_250,
    httpStatus: 200,
    finishReason: 'stop',
    inputTokens: 118,
    outputTokens: 240,
    cachedInputTokens: 64,
    units: 0,
    costMicroUsd: 2_000,
    isCostEstimated: false,
    ttftMs: 250.5,
    latencyMs: 1_250,
    errorCode: '',
    automatic: { source: 'check', quality: 1, weight: 1 },
    deltas: [qualityDelta()],
    ...changes,
  };
}

/** One success by `check`. Halves and quarters only: sums of them are exact in any order. */
export function qualityDelta(changes: Partial<BeliefDelta> = {}): BeliefDelta {
  return {
    kind: 'quality',
    subject: 'large',
    task: 'code_generation',
    source: 'check',
    epoch: 0,
    a: 1,
    b: 0,
    c: 1,
    ...changes,
  };
}

export function feedbackOf(requestId: string, changes: Partial<FeedbackRecord> = {}): FeedbackRecord {
  return {
    requestId,
    sourceName: 'ci',
    source: 'client_test',
    quality: 0,
    weight: 1,
    comment: '',
    signals: '{}',
    updatedAtMs: START_MS + 5_000,
    ...changes,
  };
}
