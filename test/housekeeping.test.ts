import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { limitsOf, startHousekeeping } from '../src/housekeeping.ts';
import { openStore } from '../src/store/open.ts';
import { endOf, requestOf, START_MS, startOf } from './store/records.ts';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = START_MS + 100 * DAY_MS;
const RETENTION = { requestsDays: 50, usageDays: undefined, accountsDays: 62 };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-housekeeping-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('sums up and removes, tells how much, and ends when it is told to', async () => {
  const store = await openStore({ url: `sqlite:${join(folder, 'a.db')}`, now: () => NOW_MS });
  for (const [id, atMs] of [
    ['old', START_MS],
    ['new', START_MS + 80 * DAY_MS],
  ] as const) {
    await store.journal.begin(requestOf(id, { createdAtMs: atMs }), startOf(id));
    store.journal.end(endOf(id, { endedAtMs: atMs, deltas: [] }));
  }
  await store.journal.flush();
  const removed: [string, number][] = [];
  const [info, warn] = [vi.fn(), vi.fn()];
  const housekeeping = startHousekeeping({
    store,
    retention: () => RETENTION,
    nowMs: () => NOW_MS,
    monotonicMs: () => performance.now(),
    onRemoved: (what, rows) => removed.push([what, rows]),
    log: { info, warn },
  });
  await vi.waitFor(() => expect(removed).toEqual([['requests', 1]]), 20_000);
  await vi.waitFor(() => expect(info).toHaveBeenCalledWith({ requests: 1 }, expect.any(String)), 20_000);
  await housekeeping.close();
  expect(await store.rollUp()).toBeUndefined();
  expect(await store.packDay()).toBeUndefined();
  expect(await store.readRequest('old')).toBeUndefined();
  expect(await store.readRequest('new')).toBeDefined();
  expect(warn).not.toHaveBeenCalled();
  await store.close();
});

test('says once that the store is away', async () => {
  const warn = vi.fn();
  const housekeeping = startHousekeeping({
    store: {
      rollUp: () => Promise.reject(new Error('away')),
      packDay: () => Promise.reject(new Error('away')),
      removeExpired: () => Promise.reject(new Error('away')),
    },
    retention: () => RETENTION,
    nowMs: () => NOW_MS,
    monotonicMs: () => performance.now(),
    onRemoved: () => {},
    log: { info: vi.fn(), warn },
  });
  await vi.waitFor(() => expect(warn).toHaveBeenCalled());
  await housekeeping.close();
  expect(warn).toHaveBeenCalledTimes(1);
});

test('what is kept for ever has no bound', () => {
  expect(limitsOf(RETENTION, NOW_MS)).toEqual({
    requestsBeforeMs: NOW_MS - 50 * DAY_MS,
    usageBeforeMs: undefined,
    accountsBeforeMs: NOW_MS - 62 * DAY_MS,
    nowMs: NOW_MS,
  });
});
