/** Attempts as rows and back. Numbers that no honest caller sends are clamped here, at write. */
import { OPERATION_NAMES } from '../core/catalog/operation.ts';
import type { EvidenceSource, QualityEvidence } from '../core/learning/delta.ts';
import { EVIDENCE_SOURCES } from '../core/learning/delta.ts';
import { ENDINGS, type Ending } from '../core/outcome/endings.ts';
import { type AnyTask, anyTaskNamed } from '../core/task/operation-task.ts';
import type { AttemptEnd, AttemptFact, AttemptStart, RequestRecord } from './contract.ts';
import type { Tables } from './database.ts';
import type { EndRow, RequestRow, StartRow } from './statements.ts';

export type AttemptSelect = Tables['attempts']['$inferSelect'];
type RequestSelect = Tables['requests']['$inferSelect'];

export function requestRow(request: RequestRecord): RequestRow {
  return {
    requestId: request.requestId,
    keyId: request.keyId,
    createdAtMs: whole(request.createdAtMs),
    requestedModel: request.requestedModel,
    operation: request.operation,
    task: request.task,
    taskConfidence: finite(request.taskConfidence),
    complexity: finite(request.complexity),
    language: request.language,
    inputTokens: whole(request.inputTokens),
    isStream: request.isStream,
    strategy: request.strategy,
    reason: request.reason,
    shape: request.shape,
    decision: request.decision,
  };
}

export function startRow(attempt: AttemptStart, instanceId: number): StartRow {
  return {
    requestId: attempt.requestId,
    number: attempt.number,
    keyId: attempt.keyId,
    task: attempt.task,
    modelId: attempt.modelId,
    endpointId: attempt.endpointId,
    provider: attempt.provider,
    epoch: attempt.epoch,
    endpointEpoch: attempt.endpointEpoch,
    startedAtMs: whole(attempt.startedAtMs),
    propensity: finite(attempt.propensity),
    estimatedCostMicroUsd: whole(attempt.estimatedCostMicroUsd),
    instanceId,
  };
}

export function endRow(end: AttemptEnd): EndRow {
  const { automatic } = end;
  return {
    requestId: end.requestId,
    number: end.number,
    ending: end.ending,
    endedAtMs: whole(end.endedAtMs),
    httpStatus: whole(end.httpStatus),
    finishReason: end.finishReason,
    inputTokens: whole(end.inputTokens),
    outputTokens: whole(end.outputTokens),
    cachedInputTokens: whole(end.cachedInputTokens),
    units: finite(end.units),
    costMicroUsd: whole(end.costMicroUsd),
    isCostEstimated: end.isCostEstimated,
    ttftMs: finite(end.ttftMs),
    latencyMs: finite(end.latencyMs),
    errorCode: end.errorCode,
    automaticSource: automatic?.source ?? null,
    automaticQuality: automatic === undefined ? null : finite(automatic.quality),
    automaticWeight: automatic === undefined ? null : finite(automatic.weight),
  };
}

/** The ending of an attempt whose process died: what it cost is not known, so it is charged its estimate. */
export function unknownEndRow(start: AttemptStart, endedAtMs: number): EndRow {
  return {
    requestId: start.requestId,
    number: start.number,
    ending: 'unknown',
    endedAtMs: whole(endedAtMs),
    httpStatus: 0,
    finishReason: '',
    inputTokens: 0,
    outputTokens: 0,
    cachedInputTokens: 0,
    units: 0,
    costMicroUsd: whole(start.estimatedCostMicroUsd),
    isCostEstimated: true,
    ttftMs: 0,
    latencyMs: 0,
    errorCode: 'unknown',
    automaticSource: null,
    automaticQuality: null,
    automaticWeight: null,
  };
}

export function toAttemptStart(row: AttemptSelect): AttemptStart {
  return {
    requestId: row.requestId,
    number: row.number,
    keyId: row.keyId,
    task: toTask(row.task),
    modelId: row.modelId,
    endpointId: row.endpointId,
    provider: row.provider,
    epoch: row.epoch,
    endpointEpoch: row.endpointEpoch,
    startedAtMs: row.startedAtMs,
    propensity: row.propensity,
    estimatedCostMicroUsd: row.estimatedCostMicroUsd,
  };
}

export function toAttemptFact(row: AttemptSelect): AttemptFact {
  return {
    ...toAttemptStart(row),
    ending: toEnding(row.ending),
    endedAtMs: row.endedAtMs ?? undefined,
    httpStatus: row.httpStatus,
    finishReason: row.finishReason,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    cachedInputTokens: row.cachedInputTokens,
    units: row.units,
    costMicroUsd: row.costMicroUsd,
    isCostEstimated: row.isCostEstimated,
    ttftMs: row.ttftMs,
    latencyMs: row.latencyMs,
    errorCode: row.errorCode,
    automatic: toAutomatic(row),
    automaticCounts: row.automaticCounts,
  };
}

export function toRequestRecord(row: RequestSelect): RequestRecord {
  const operation = OPERATION_NAMES.find((name) => name === row.operation) ?? 'chat';
  return { ...row, operation, task: toTask(row.task) };
}

export function toTask(text: string): AnyTask {
  return anyTaskNamed(text) ?? 'unknown';
}

export function toEvidenceSource(text: string | null): EvidenceSource | undefined {
  return EVIDENCE_SOURCES.find((source) => source === text);
}

/** Beyond 2^53 a number is not whole any more, and PostgreSQL's bigint refuses what is not. */
export function whole(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(finite(value))));
}

export function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function toAutomatic(
  row: Pick<AttemptSelect, 'automaticSource' | 'automaticQuality' | 'automaticWeight'>,
): QualityEvidence | undefined {
  const source = toEvidenceSource(row.automaticSource);
  if (source === undefined || row.automaticQuality === null || row.automaticWeight === null) return undefined;
  return { source, quality: row.automaticQuality, weight: row.automaticWeight };
}

function toEnding(text: string | null): Ending | undefined {
  if (text === null) return undefined;
  return text in ENDINGS ? (text as Ending) : 'unknown';
}

/** The verdict in a row that was read as an array: its source, quality and weight stand from `at` on. */
export function automaticIn(row: readonly unknown[], at: number): QualityEvidence | undefined {
  const [source, quality, weight] = row.slice(at, at + 3);
  if (source === null || quality === null || weight === null) return undefined;
  return toAutomatic({
    automaticSource: String(source),
    automaticQuality: Number(quality),
    automaticWeight: Number(weight),
  });
}

/** The ending in such a row; undefined while the attempt runs. */
export function endingIn(row: readonly unknown[], at: number): Ending | undefined {
  const ending = row[at];
  return toEnding(ending === null ? null : String(ending));
}
