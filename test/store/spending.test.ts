import { expect, test } from 'vitest';
import type { LoopTurns } from '../../src/core/loop/loop-turns.ts';
import type { DaySpending } from '../../src/core/money/spending-ledger.ts';
import { openStore } from '../../src/store/open.ts';
import { endOf, requestOf, START_MS, startOf } from './records.ts';

const DAY_MS = 86_400_000;

test('is read for the first time without waiting in the line of reports, as requests wait for it', async () => {
  const fullLine: LoopTurns = { isOver: () => true, next: () => new Promise(() => {}) };
  const nowMs = START_MS + 2 * DAY_MS;
  const store = await openStore({ url: 'sqlite::memory:', now: () => nowMs, turns: fullLine });
  await store.journal.begin(requestOf('r1'), startOf('r1', { keyId: 'key_a' }));
  store.journal.end(endOf('r1', { costMicroUsd: 700, endedAtMs: START_MS, deltas: [] }));
  await store.journal.flush();
  let days: readonly DaySpending[] = [];
  await store.readSpending(START_MS - DAY_MS, (spending) => {
    days = spending.days;
  });
  const dayStartMs = Math.floor(START_MS / DAY_MS) * DAY_MS;
  expect(days).toEqual([{ keyId: 'key_a', dayStartMs, costMicroUsd: 700 }]);
  await store.close();
}, 5_000);
