import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLoopTurns } from '../../src/core/loop/loop-turns.ts';
import { addToTraffic } from '../../src/store/add-to-traffic.ts';
import type { Database } from '../../src/store/database.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { packDay } from '../../src/store/pack-day.ts';
import { readTrafficPage, readTrafficSums } from '../../src/store/read-traffic-sums.ts';
import { removeExpired } from '../../src/store/retention.ts';
import { rollUp } from '../../src/store/roll-up.ts';
import type { TrafficRow } from '../../src/store/statements.ts';
import { MOST_ENTRIES, readPack } from '../../src/store/traffic-pack.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_START_MS = Math.floor(1_800_000_000_000 / DAY_MS) * DAY_MS;
const NOW_MS = DAY_START_MS + 3 * DAY_MS;
const WINDOW = { fromMs: DAY_START_MS, toMs: NOW_MS };
const GROUPINGS = [['key', 'model', 'task'], ['day', 'key'], ['hour', 'model'], ['hour'], ['task']] as const;

let folder: string;
let database: Database;
const turns = createLoopTurns(setImmediate, undefined);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-packs-'));
  database = await openSqlite(join(folder, 'outrider.db'));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

function row(hour: number, of: Partial<TrafficRow> = {}): TrafficRow {
  return {
    hourMs: DAY_START_MS + hour * HOUR_MS,
    task: 'translation',
    modelId: 'large',
    endpointId: 'acme/large',
    keyId: 'key_a',
    requests: 1,
    completed: 1,
    failures: 0,
    costMicroUsd: 7,
    inputTokens: 10,
    outputTokens: 20,
    units: 0,
    latencyMsSum: 100.5,
    ttftMsSum: 10.25,
    ...of,
  };
}

const add = (rows: readonly TrafficRow[]) => database.transact(() => addToTraffic(rows));

async function rollUpAll(): Promise<void> {
  while ((await rollUp(database, NOW_MS + 2 * HOUR_MS, turns)) !== undefined);
}

async function packAll(): Promise<void> {
  while ((await packDay(database, turns)) !== undefined);
}

async function answers(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const groupBy of GROUPINGS) {
    all.push(
      (await readTrafficPage(database, { ...WINDOW, groupBy }, turns, { first: 0, limit: 9_999 })).groups,
    );
  }
  return all;
}

it('is read in the place of rows, and not any more once something came to its day', async () => {
  await add([
    row(1),
    row(5, { modelId: 'small' }),
    row(5, { endpointId: 'other' }),
    row(30, { keyId: 'key_b' }),
  ]);
  await rollUpAll();
  const before = await answers();
  await packAll();
  // Nothing but the packs is left of both days.
  const { trafficHours, trafficSums } = database.tables;
  await database.db.delete(trafficHours);
  await database.db.delete(trafficSums);
  expect(await answers()).toEqual(before);

  await add([row(2, { modelId: 'late' })]);
  const sums = await readTrafficSums(database, { ...WINDOW, groupBy: ['model', 'day'] }, turns);
  expect(sums.map(({ modelId, dayStartMs, requests }) => [modelId, dayStartMs, requests])).toEqual([
    ['late', DAY_START_MS, 1],
    ['large', DAY_START_MS + DAY_MS, 1],
  ]);
});

it('comes in parts where a day is large, each read once however many are read at a time', async () => {
  const keys = Array.from({ length: MOST_ENTRIES + 500 }, (_, at) => `key_${at}`);
  for (const hour of [1, 2, 26]) await add(keys.map((keyId) => row(hour, { keyId })));
  await rollUpAll();
  await packAll();
  const { trafficPacks } = database.tables;
  const packs = await database.db.select().from(trafficPacks);
  const partsOf = (level: string) => packs.filter((pack) => pack.level === level).length;
  expect([partsOf('hour'), partsOf('day_key'), partsOf('hour_key_cell')]).toEqual([2, 4, 5]);
  for (const { body } of packs) expect(readPack(body).hours.length).toBeLessThanOrEqual(MOST_ENTRIES);
  for (const groupBy of [['key'], ['hour', 'key', 'model'], ['day', 'key', 'task']] as const) {
    const sums = await readTrafficSums(database, { ...WINDOW, groupBy }, turns);
    expect(sums.reduce((sum, { requests }) => sum + requests, 0)).toBe(3 * keys.length);
    expect(new Set(sums.map(({ keyId }) => keyId)).size).toBe(keys.length);
    expect(sums.length).toBe(keys.length * { key: 1, hour: 3, day: 2 }[groupBy[0]]);
  }
  // The page is full in the middle of a day that has several parts: the rest of it counts once.
  for (const first of [0, 4_000, keys.length, 2 * keys.length - 10]) {
    const query = { ...WINDOW, groupBy: ['hour', 'key', 'model'] } as const;
    const { groups, total, hasMore } = await readTrafficPage(database, query, turns, { first, limit: 20 });
    expect([groups.length, total.requests, hasMore]).toEqual([20, 3 * keys.length, true]);
  }
}, 60_000);

it('does not hold when something comes to the day while it is made', async () => {
  for (let step = 0; step < 12; step += 1) {
    await add([row(step), row(step + 24)]);
    await rollUpAll();
    const packing = packAll();
    for (let pause = 0; pause < step * 3; pause += 1) await new Promise(setImmediate);
    await add([row(3, { keyId: `late_${step}` })]);
    await packing;
    const sums = await readTrafficSums(database, { ...WINDOW, groupBy: ['key'] }, turns);
    const requests = (keyId: string) => sums.find((sum) => sum.keyId === keyId)?.requests;
    expect([requests('key_a'), requests(`late_${step}`)]).toEqual([2 * (step + 1), 1]);
  }
});

it('of a day that is not over, or without traffic, is not made', async () => {
  await add([row(3 * 24), row(0)]);
  await rollUpAll();
  await packAll();
  const { rolledDays, trafficPacks } = database.tables;
  const packed = await database.db.select().from(rolledDays).orderBy(rolledDays.dayMs);
  expect(packed.map(({ packedAs }) => packedAs > 0)).toEqual([true, true, true, false]);
  const days = await database.db.selectDistinct({ dayMs: trafficPacks.dayMs }).from(trafficPacks);
  expect(days).toEqual([{ dayMs: DAY_START_MS }]);
});

it('leaves with its day', async () => {
  await add([row(0), row(30), row(50)]);
  await rollUpAll();
  await packAll();
  const limits = { requestsBeforeMs: undefined, accountsBeforeMs: 0, nowMs: 0 };
  const usageBeforeMs = DAY_START_MS + 2 * DAY_MS;
  while ((await removeExpired(database, { ...limits, usageBeforeMs }, turns)) !== undefined);
  const { rolledDays, trafficPacks } = database.tables;
  const days = await database.db.selectDistinct({ dayMs: trafficPacks.dayMs }).from(trafficPacks);
  expect(days).toEqual([{ dayMs: usageBeforeMs }]);
  const rolled = await database.db.select().from(rolledDays).orderBy(rolledDays.dayMs);
  expect(rolled[0]?.dayMs).toBe(usageBeforeMs);
});

it('does not hold where an older version took the day out of the sums and knows of no packs', async () => {
  await add([row(0), row(1), row(30)]);
  await rollUpAll();
  await packAll();
  const { rolledDays, trafficHours } = database.tables;
  const sumOf = async () =>
    (await readTrafficSums(database, { ...WINDOW, groupBy: ['key'] }, turns)).map(({ requests }) => requests);
  await database.db.insert(trafficHours).values(row(1, { modelId: 'late' }));
  await database.db
    .update(rolledDays)
    .set({ untilMs: DAY_START_MS, closingMs: DAY_START_MS })
    .where(eq(rolledDays.dayMs, DAY_START_MS));
  for (let isLeft = true; isLeft; ) {
    expect(await sumOf()).toEqual([4]);
    isLeft = (await rollUp(database, NOW_MS + 2 * HOUR_MS, turns)) !== undefined;
  }
  await packAll();
  expect(await sumOf()).toEqual([4]);
});
