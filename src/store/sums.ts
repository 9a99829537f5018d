/** Additive rows: many small additions to the same key become one, in an order that all replicas share. */
import type { BeliefDelta } from '../core/learning/delta.ts';
import { ruleOf } from '../core/outcome/endings.ts';
import type { AttemptStart } from './contract.ts';
import type { BeliefRow, EndRow, TrafficRow } from './statements.ts';

const HOUR_MS = 3_600_000;

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

/**
 * One row per key, sorted: two replicas that lock the same rows in different orders would deadlock. Deltas that are
 * not finite would poison a sum for ever and are left out.
 */
export function sumDeltas(deltas: Iterable<BeliefDelta>): BeliefRow[] {
  const keyToRow = new Map<string, BeliefRow>();
  for (const delta of deltas) {
    const { kind, subject, task, source, epoch, a, b, c } = delta;
    if (!Number.isFinite(a + b + c)) continue;
    const key = `${kind}\n${subject}\n${task}\n${source}\n${epoch}`;
    const row = keyToRow.get(key);
    if (row === undefined) {
      keyToRow.set(key, { kind, subject, task, source, epoch, a, b, c });
    } else {
      row.a += a;
      row.b += b;
      row.c += c;
    }
  }
  return inKeyOrder(keyToRow);
}

/** The share of these ended attempts in the hourly roll-up. Latencies are summed over completed ones only. */
export function sumTraffic(ended: Iterable<{ start: AttemptStart; end: EndRow }>): TrafficRow[] {
  const keyToRow = new Map<string, TrafficRow>();
  for (const { start, end } of ended) {
    const { task, modelId, endpointId, keyId } = start;
    const hourMs = hourOf(end.endedAtMs);
    const key = `${hourMs}\n${task}\n${modelId}\n${endpointId}\n${keyId}`;
    let row = keyToRow.get(key);
    if (row === undefined) {
      row = emptyHour({ hourMs, task, modelId, endpointId, keyId });
      keyToRow.set(key, row);
    }
    addEnding(row, end);
  }
  return inKeyOrder(keyToRow);
}

function addEnding(row: TrafficRow, end: EndRow): void {
  row.requests += 1;
  row.costMicroUsd += end.costMicroUsd;
  row.inputTokens += end.inputTokens;
  row.outputTokens += end.outputTokens;
  if (end.ending === 'completed') {
    row.completed += 1;
    row.latencyMsSum += end.latencyMs;
    row.ttftMsSum += end.ttftMs;
  } else if (ruleOf(end.ending).learnt === 'failure') {
    row.failures += 1;
  }
}

function emptyHour(
  key: Pick<TrafficRow, 'hourMs' | 'task' | 'modelId' | 'endpointId' | 'keyId'>,
): TrafficRow {
  return {
    ...key,
    requests: 0,
    completed: 0,
    failures: 0,
    costMicroUsd: 0,
    inputTokens: 0,
    outputTokens: 0,
    latencyMsSum: 0,
    ttftMsSum: 0,
  };
}

function inKeyOrder<SumRow>(keyToRow: Map<string, SumRow>): SumRow[] {
  return [...keyToRow].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}
