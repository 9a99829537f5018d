/** Additive rows: many small additions to the same key become one, in an order that all replicas share. */
import { HOUR_MS } from '../core/durations.ts';
import type { BeliefDelta } from '../core/learning/delta.ts';
import { ruleOf } from '../core/outcome/endings.ts';
import type { AttemptStart } from './contract.ts';
import type { BeliefRow, EndRow, TrafficRow } from './statements.ts';

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

/**
 * One row per key, sorted: two replicas that lock the same rows in different orders would deadlock. Deltas that are
 * not finite would poison a sum for ever and are left out.
 */
export function sumDeltas(deltas: Iterable<BeliefDelta>): BeliefRow[] {
  const subjectToRows = new Map<string, BeliefRow[]>();
  for (const delta of deltas) {
    const { kind, subject, task, source, epoch, a, b, c } = delta;
    if (!Number.isFinite(a + b + c)) continue;
    // A few rows a subject: comparing them is cheaper than putting a key together.
    const rows = rowsOf(subjectToRows, subject);
    const row = rows.find(
      (one) => one.kind === kind && one.task === task && one.source === source && one.epoch === epoch,
    );
    if (row === undefined) {
      rows.push({ kind, subject, task, source, epoch, a, b, c });
    } else {
      row.a += a;
      row.b += b;
      row.c += c;
    }
  }
  return inOrder(
    subjectToRows,
    ({ kind, subject, task, source, epoch }) => `${kind}\n${subject}\n${task}\n${source}\n${epoch}`,
  );
}

/** The share of these ended attempts in the hourly roll-up. Latencies are summed over completed ones only. */
export function sumTraffic(ended: Iterable<{ start: AttemptStart; end: EndRow }>): TrafficRow[] {
  const endpointToRows = new Map<string, TrafficRow[]>();
  for (const { start, end } of ended) {
    const { task, modelId, endpointId, keyId } = start;
    const hourMs = hourOf(end.endedAtMs);
    const rows = rowsOf(endpointToRows, endpointId);
    let row = rows.find(
      (one) => one.hourMs === hourMs && one.task === task && one.modelId === modelId && one.keyId === keyId,
    );
    if (row === undefined) {
      row = emptyHour({ hourMs, task, modelId, endpointId, keyId });
      rows.push(row);
    }
    addEnding(row, end);
  }
  return inOrder(
    endpointToRows,
    ({ hourMs, task, modelId, endpointId, keyId }) =>
      `${hourMs}\n${task}\n${modelId}\n${endpointId}\n${keyId}`,
  );
}

function addEnding(row: TrafficRow, end: EndRow): void {
  row.requests += 1;
  row.costMicroUsd += end.costMicroUsd;
  row.inputTokens += end.inputTokens;
  row.outputTokens += end.outputTokens;
  row.units = (row.units ?? 0) + end.units;
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
  // Written out: a spread with further members takes V8 several microseconds.
  return {
    hourMs: key.hourMs,
    task: key.task,
    modelId: key.modelId,
    endpointId: key.endpointId,
    keyId: key.keyId,
    requests: 0,
    completed: 0,
    failures: 0,
    costMicroUsd: 0,
    inputTokens: 0,
    outputTokens: 0,
    units: 0,
    latencyMsSum: 0,
    ttftMsSum: 0,
  };
}

export function rowsOf<SumRow>(subjectToRows: Map<string, SumRow[]>, subject: string): SumRow[] {
  let rows = subjectToRows.get(subject);
  if (rows === undefined) {
    rows = [];
    subjectToRows.set(subject, rows);
  }
  return rows;
}

export function inOrder<SumRow>(
  subjectToRows: Map<string, SumRow[]>,
  keyOf: (row: SumRow) => string,
): SumRow[] {
  return [...subjectToRows.values()]
    .flat()
    .map((row) => ({ key: keyOf(row), row }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ row }) => row);
}
