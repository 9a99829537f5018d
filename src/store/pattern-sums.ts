/** The roll-up of what traffic looks like (`pattern_blocks`): its share of ended attempts and of later verdicts. */
import { HOUR_MS } from '../core/durations.ts';
import type { BeliefDelta } from '../core/learning/delta.ts';
import { ruleOf } from '../core/outcome/endings.ts';
import { EVIDENCE_WEIGHTS } from '../core/reward/evidence-weight.ts';
import { bothBits, keyBitOf } from '../core/tally/key-bits.ts';
import type { AttemptStart } from './contract.ts';
import type { EndRow, PatternRow } from './statements.ts';
import { inOrder, rowsOf } from './sums.ts';

/** Six hours, so that a window of a day can be told from the day before, and a year is 1,460 of them. */
export const PATTERN_BLOCK_MS = 6 * HOUR_MS;

export function patternBlockOf(atMs: number): number {
  return Math.floor(atMs / PATTERN_BLOCK_MS) * PATTERN_BLOCK_MS;
}

/** One row per cell, sorted, as all replicas do it. Attempts without a shape are nobody's traffic. */
export function sumPatterns(
  ended: Iterable<{ start: AttemptStart; end: EndRow; deltas?: readonly BeliefDelta[] }>,
): PatternRow[] {
  const shapeToRows = new Map<string, PatternRow[]>();
  for (const { start, end, deltas } of ended) {
    const { shape, task, modelId } = start;
    if (shape === undefined || shape === '') continue;
    const blockMs = patternBlockOf(end.endedAtMs);
    const rows = rowsOf(shapeToRows, shape);
    let row = rows.find((one) => one.task === task && one.modelId === modelId && one.blockMs === blockMs);
    if (row === undefined) {
      row = emptyRow(blockMs, task, shape, modelId);
      rows.push(row);
    }
    addEnding(row, start, end);
    if (deltas !== undefined) addVerdicts(row, deltas);
  }
  return inOrder(shapeToRows, ({ blockMs, task, shape, modelId }) =>
    [blockMs, task, shape, modelId].join('\n'),
  );
}

/** What a later verdict changes, in the block where its answer was counted; none where nothing is changed. */
export function patternOfVerdict(
  answer: {
    readonly shape: string;
    readonly task: string;
    readonly modelId: string;
    readonly endedAtMs: number;
  },
  deltas: readonly BeliefDelta[],
): PatternRow[] {
  if (answer.shape === '') return [];
  const row = emptyRow(patternBlockOf(answer.endedAtMs), answer.task, answer.shape, answer.modelId);
  addVerdicts(row, deltas);
  return row.successes === 0 && row.shortfalls === 0 && row.squares === 0 ? [] : [row];
}

function addEnding(row: PatternRow, { number, keyId }: AttemptStart, end: EndRow): void {
  if (number === 0) row.requests += 1;
  row.attempts += 1;
  row.costMicroUsd += end.costMicroUsd;
  row.keyBits = bothBits(row.keyBits, keyBitOf(keyId));
  if (end.ending === 'completed') {
    row.completed += 1;
    row.latencyMsSum += end.latencyMs;
  } else if (ruleOf(end.ending).learnt === 'failure') {
    row.failures += 1;
  }
}

/** A judge's verdict is summed up at its usual weight: what it turns out to be worth is known to the beliefs only. */
function addVerdicts(row: PatternRow, deltas: readonly BeliefDelta[]): void {
  for (const { kind, source, a, b, c } of deltas) {
    const isLabelled = kind === 'quality' && source !== 'heuristic';
    if ((!isLabelled && kind !== 'verdicts') || !Number.isFinite(a + b + c)) continue;
    const weight = isLabelled ? 1 : EVIDENCE_WEIGHTS.judge;
    row.successes += weight * a;
    row.shortfalls += weight * b;
    row.squares += weight * weight * c;
  }
}

function emptyRow(blockMs: number, task: string, shape: string, modelId: string): PatternRow {
  return {
    blockMs,
    task,
    shape,
    modelId,
    requests: 0,
    attempts: 0,
    completed: 0,
    failures: 0,
    costMicroUsd: 0,
    latencyMsSum: 0,
    successes: 0,
    shortfalls: 0,
    squares: 0,
    keyBits: 0,
  };
}
