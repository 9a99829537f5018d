import { expect, it } from 'vitest';
import { JUDGE_KEY_ID } from '../../../src/core/judge/judge-key.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import type { Store, UsageGroup, UsageSum } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, requestOf, startOf } from '../records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The beginning of a UTC day. */
const DAY_START_MS = Math.floor(1_800_000_000_000 / DAY_MS) * DAY_MS;
const MODELS = ['large', 'medium', 'small'] as const;
const TASKS = ['code_generation', 'translation'] as const;
const KEYS = ['', 'key_a', 'key_b', JUDGE_KEY_ID] as const;
const GROUPS: readonly (readonly UsageGroup[])[] = [
  [],
  ['key'],
  ['model'],
  ['day'],
  ['hour'],
  ['day', 'key'],
  ['hour', 'key'],
  ['model', 'task'],
  ['day', 'model', 'task'],
  ['hour', 'task'],
  ['key', 'model'],
  ['day', 'key', 'model', 'task'],
  ['key', 'model', 'task', 'day', 'hour'],
];

let ids = 0;
async function end(store: Store, endedAtMs: number, random: () => number): Promise<void> {
  ids += 1;
  const requestId = `u${ids}`;
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  const [keyId, task, modelId] = [pick(KEYS), pick(TASKS), pick(MODELS)];
  const start = startOf(requestId, { keyId, task, modelId, endpointId: `acme/${modelId}` });
  await store.journal.begin(requestOf(requestId, { keyId, task }), start);
  const ending = random() < 0.8 ? 'completed' : 'timeout';
  // Halves: sums of them are exact in any order.
  store.journal.end(
    endOf(requestId, {
      ending,
      endedAtMs,
      latencyMs: Math.floor(random() * 100) / 2,
      costMicroUsd: Math.floor(random() * 5),
      deltas: [],
    }),
  );
}

async function rollUpAll(store: Store): Promise<number> {
  let steps = 0;
  while ((await store.rollUp()) !== undefined) steps += 1;
  return steps;
}

async function packAll(store: Store): Promise<number> {
  let days = 0;
  while ((await store.packDay()) !== undefined) days += 1;
  return days;
}

function inOrder(sums: readonly UsageSum[]): string[] {
  return sums
    .map((sum) => JSON.stringify(Object.entries(sum).sort(([one], [other]) => (one < other ? -1 : 1))))
    .sort();
}

/** As `Store.readUsagePage` promises. */
function asListed(one: UsageSum, other: UsageSum): number {
  const compare = (a = '', b = '') => (a < b ? -1 : Number(a > b));
  return (
    (one.dayStartMs ?? 0) - (other.dayStartMs ?? 0) ||
    (one.hourMs ?? 0) - (other.hourMs ?? 0) ||
    other.costMicroUsd - one.costMicroUsd ||
    compare(one.keyId, other.keyId) ||
    compare(one.modelId, other.modelId) ||
    compare(one.task, other.task)
  );
}

/** All that can be asked of some window. */
async function everything(store: Store, fromMs: number, toMs: number): Promise<string[][]> {
  const answers: string[][] = [];
  for (const [index, groupBy] of GROUPS.entries()) {
    const keyId = index % 3 === 2 ? 'key_a' : undefined;
    answers.push(inOrder(await store.readUsage({ fromMs, toMs, groupBy, keyId })));
  }
  return answers;
}

export function rollUpContract({ createUrl, open }: Databases): void {
  const WINDOWS = [
    [DAY_START_MS, DAY_START_MS + 5 * DAY_MS],
    [DAY_START_MS + 7 * HOUR_MS, DAY_START_MS + 3 * DAY_MS + 2 * HOUR_MS],
    [DAY_START_MS + DAY_MS, DAY_START_MS + 2 * DAY_MS],
    [DAY_START_MS + 2 * DAY_MS + HOUR_MS, DAY_START_MS + 2 * DAY_MS + 3 * HOUR_MS],
    [0, DAY_START_MS + 100 * DAY_MS],
  ] as const;

  it('says the same of every window and grouping before and after, and after endings that came late', async () => {
    let nowMs = DAY_START_MS + 3 * DAY_MS + 5 * HOUR_MS + 600_000;
    const url = await createUrl();
    const store = await open(url, () => nowMs);
    const random = createRandom(3);
    for (let count = 0; count < 120; count += 1) {
      // Some hours of each day: the others stay without traffic.
      const hour = Math.floor(random() * 77);
      await end(store, DAY_START_MS + (hour - (hour % 3)) * HOUR_MS + Math.floor(random() * HOUR_MS), random);
    }
    await store.journal.flush();
    const ask = async () => {
      const answers: string[][][] = [];
      for (const [fromMs, toMs] of WINDOWS) answers.push(await everything(store, fromMs, toMs));
      return answers;
    };
    const before = await ask();
    expect(await rollUpAll(store)).toBeGreaterThan(20);
    expect(await ask()).toEqual(before);
    expect(await store.rollUp()).toBeUndefined();
    expect(await packAll(store)).toBe(3);
    expect(await ask()).toEqual(before);
    expect(await store.packDay()).toBeUndefined();

    // Into an hour of a day long summed up, into the present day, and into a day before all others.
    await end(store, DAY_START_MS + 30 * HOUR_MS, random);
    await end(store, DAY_START_MS + 3 * DAY_MS + HOUR_MS, random);
    await end(store, DAY_START_MS - 2 * DAY_MS, random);
    await store.journal.flush();
    const reopened = await ask();
    expect(reopened).not.toEqual(before);
    await store.rollUp();
    await store.rollUp();
    expect(await ask()).toEqual(reopened);
    await rollUpAll(store);
    expect(await ask()).toEqual(reopened);
    // The day that was reopened, and those without traffic before it.
    expect(await packAll(store)).toBe(3);
    expect(await ask()).toEqual(reopened);

    // Time goes on: hours that were not over are.
    nowMs += 30 * HOUR_MS;
    await end(store, nowMs - 20 * HOUR_MS, random);
    await end(store, nowMs, random);
    await store.journal.flush();
    const later = await ask();
    await rollUpAll(store);
    expect(await ask()).toEqual(later);
    expect(await packAll(store)).toBe(1);
    expect(await ask()).toEqual(later);
    expect(later).not.toEqual(reopened);
  }, 120_000);

  it('gives pages of all groups in one order, with the sum of all, from rows, sums and packs alike', async () => {
    const nowMs = DAY_START_MS + 4 * DAY_MS + 3 * HOUR_MS + 600_000;
    const store = await open(await createUrl(), () => nowMs);
    const random = createRandom(13);
    for (let count = 0; count < 150; count += 1) {
      await end(store, DAY_START_MS + Math.floor(random() * (4 * DAY_MS + 3 * HOUR_MS)), random);
    }
    await store.journal.flush();
    const window = { fromMs: DAY_START_MS + 5 * HOUR_MS, toMs: nowMs };
    const groupings = [...GROUPS, ['day', 'hour', 'model'], ['hour', 'key', 'model', 'task']] as const;
    const check = async () => {
      for (const [index, groupBy] of groupings.entries()) {
        const keyId = index % 4 === 3 ? 'key_b' : undefined;
        const task = index % 5 === 4 ? TASKS[1] : undefined;
        const query = { ...window, groupBy, keyId, task };
        const all = [...(await store.readUsage(query))].sort(asListed);
        for (const limit of [1, 7, 1_000]) {
          const pages: UsageSum[] = [];
          for (let first = 0, hasMore = true; hasMore; first += limit) {
            const page = await store.readUsagePage(query, { first, limit });
            pages.push(...page.groups);
            ({ hasMore } = page);
            for (const name of ['requests', 'costMicroUsd', 'outputTokens', 'latencyMsSum'] as const) {
              expect(page.total[name]).toBe(all.reduce((sum, one) => sum + one[name], 0));
            }
            // All pages of one row each would take a while.
            if (limit === 1 && first === 9) break;
          }
          expect(pages).toEqual(limit === 1 ? all.slice(0, 10) : all);
        }
      }
    };
    await check();
    await rollUpAll(store);
    await check();
    expect(await packAll(store)).toBe(4);
    await check();
  }, 120_000);

  it('leaves an hour alone that has just ended, and that a clock set back may come to', async () => {
    let nowMs = DAY_START_MS + HOUR_MS + 60_000;
    const store = await open(await createUrl(), () => nowMs);
    const random = createRandom(5);
    await end(store, DAY_START_MS + 1, random);
    await store.journal.flush();
    expect(await store.rollUp()).toBeUndefined();
    nowMs += 120_000;
    expect(await rollUpAll(store)).toBeGreaterThan(0);
    // Ten days ahead, and back.
    nowMs += 10 * DAY_MS;
    await rollUpAll(store);
    nowMs = DAY_START_MS + 3 * HOUR_MS;
    const window = { fromMs: DAY_START_MS, toMs: DAY_START_MS + DAY_MS, keyId: undefined };
    for (let turn = 1; turn <= 3; turn += 1) {
      await end(store, nowMs, random);
      await store.journal.flush();
      for (const groupBy of [[], ['day']] as const) {
        expect(await store.readUsage({ ...window, groupBy })).toMatchObject([{ requests: 1 + turn }]);
      }
      await store.rollUp();
      nowMs += HOUR_MS;
    }
    await rollUpAll(store);
    expect(await store.readUsage({ ...window, groupBy: ['day'] })).toMatchObject([{ requests: 4 }]);
  });

  it('comes to its end also where a clock once stood at 1970', async () => {
    const nowMs = 1_200 * DAY_MS + 3 * HOUR_MS;
    const store = await open(await createUrl(), () => nowMs);
    const random = createRandom(7);
    await end(store, nowMs - DAY_MS, random);
    await store.journal.flush();
    await rollUpAll(store);
    await end(store, 5, random);
    await end(store, nowMs - 2 * HOUR_MS, random);
    await store.journal.flush();
    // A thousand days at a time.
    for (let turn = 0; turn < 3; turn += 1) expect(await store.rollUp()).toBeDefined();
    const sums = await store.readUsage({ fromMs: 0, toMs: nowMs, groupBy: ['day'], keyId: undefined });
    expect(sums.map(({ requests }) => requests)).toEqual([1, 1, 1]);
  }, 120_000);

  it('knows what models did without what a judge asked of them', async () => {
    const nowMs = DAY_START_MS + 2 * DAY_MS + HOUR_MS + 300_000;
    const store = await open(await createUrl(), () => nowMs);
    const random = createRandom(9);
    for (let count = 0; count < 60; count += 1) {
      await end(store, DAY_START_MS + Math.floor(random() * (nowMs - DAY_START_MS)), random);
    }
    await store.journal.flush();
    const rows = await store.readTraffic(DAY_START_MS + HOUR_MS);
    const expected = rows.filter(({ keyId }) => keyId !== JUDGE_KEY_ID);
    const total = (all: readonly { requests: number; latencyMsSum: number }[]) => [
      all.reduce((sum, { requests }) => sum + requests, 0),
      all.reduce((sum, { latencyMsSum }) => sum + latencyMsSum, 0),
    ];
    const read = () => store.readModelTraffic(DAY_START_MS + HOUR_MS + 1);
    const before = await read();
    expect(total(before)).toEqual(total(expected));
    expect(before.length).toBe(new Set(expected.map(({ task, modelId }) => `${task} ${modelId}`)).size);
    await rollUpAll(store);
    expect(total(await read())).toEqual(total(expected));
  });

  it('is summed up once by many processes at a time', async () => {
    const url = await createUrl();
    const nowMs = DAY_START_MS + 6 * HOUR_MS + 300_000;
    const stores = [await open(url, () => nowMs), await open(url, () => nowMs), await open(url, () => nowMs)];
    const [first] = stores as [Store];
    const random = createRandom(11);
    for (let count = 0; count < 60; count += 1) {
      await end(first, DAY_START_MS + Math.floor(random() * 6 * HOUR_MS), random);
    }
    await first.journal.flush();
    const before = await everything(first, DAY_START_MS, nowMs);
    await Promise.all(stores.map(rollUpAll));
    await rollUpAll(first);
    expect(await everything(first, DAY_START_MS, nowMs)).toEqual(before);
  });

  it('counts every hour once while it is being summed up', async () => {
    const nowMs = DAY_START_MS + 4 * DAY_MS + 600_000;
    const store = await open(await createUrl(), () => nowMs);
    const random = createRandom(5);
    for (let hour = 0; hour < 96; hour += 1) await end(store, DAY_START_MS + hour * HOUR_MS, random);
    await store.journal.flush();
    const requestsBy = async (groupBy: readonly UsageGroup[]) =>
      (await store.readUsage({ fromMs: DAY_START_MS, toMs: nowMs, groupBy, keyId: undefined })).reduce(
        (sum, one) => sum + one.requests,
        0,
      );
    let isRolling = true;
    const rolling = rollUpAll(store).finally(() => {
      isRolling = false;
    });
    const counts = new Set<number>();
    while (isRolling) {
      for (const groupBy of [[], ['model', 'task'], ['hour']] as const) counts.add(await requestsBy(groupBy));
    }
    expect(await rolling).toBeGreaterThan(90);
    expect([...counts]).toEqual([96]);
  });
}
