import { expect, it } from 'vitest';
import { createSpendingLedger } from '../../../src/core/money/spending-ledger.ts';
import type { Spending, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, requestOf, START_MS, startOf } from '../records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_START_MS = Math.floor(START_MS / DAY_MS) * DAY_MS;

async function begin(store: Store, id: string, keyId = 'key_a', estimatedCostMicroUsd = 1_500) {
  await store.journal.begin(requestOf(id, { keyId }), startOf(id, { keyId, estimatedCostMicroUsd }));
}

function end(store: Store, id: string, costMicroUsd: number, endedAtMs = START_MS + 1_000) {
  store.journal.end(endOf(id, { costMicroUsd, endedAtMs, deltas: [], automatic: undefined }));
}

async function read(store: Store, sinceMs = DAY_START_MS): Promise<Spending> {
  let taken: Spending | undefined;
  await store.readSpending(sinceMs, (spending) => {
    taken = spending;
  });
  return taken as Spending;
}

async function removeAll(store: Store, accountsBeforeMs: number): Promise<void> {
  const limits = { requestsBeforeMs: undefined, usageBeforeMs: undefined, accountsBeforeMs, nowMs: 0 };
  while ((await store.removeExpired(limits)) !== undefined);
}

export function spendingContract({ createUrl, open }: Databases): void {
  it('tells what is spent by key and day, endings on their way to disk included', async () => {
    const store = await open(await createUrl());
    await begin(store, 'r1');
    end(store, 'r1', 700);
    await store.journal.flush();
    await begin(store, 'r2');
    await begin(store, 'r3', 'key_b');
    end(store, 'r2', 30);
    end(store, 'r3', 5, START_MS + DAY_MS);
    const spending = await read(store);
    expect(spending.isWhole).toBe(true);
    expect([...spending.days].sort((one, other) => (one.keyId < other.keyId ? -1 : 1))).toEqual([
      { keyId: 'key_a', dayStartMs: DAY_START_MS, costMicroUsd: 730 },
      { keyId: 'key_b', dayStartMs: DAY_START_MS + DAY_MS, costMicroUsd: 5 },
    ]);
    expect(spending.reservedElsewhere.size).toBe(0);
  });

  it('tells only of days that may have changed from then on, and of everything again after an hour', async () => {
    let nowMs = START_MS;
    const url = await createUrl();
    const store = await open(url, () => nowMs);
    await begin(store, 'old', 'key_b');
    end(store, 'old', 11, START_MS - 5 * HOUR_MS);
    await store.journal.flush();
    await begin(store, 'r1');
    end(store, 'r1', 700);
    const ledger = createSpendingLedger();
    const take = ({ isWhole, days }: Spending) => {
      if (isWhole) ledger.load(DAY_START_MS, days);
      else ledger.put(days);
    };
    await store.readSpending(DAY_START_MS, take);
    const other = await open(url, () => nowMs);
    await begin(other, 'r2');
    end(other, 'r2', 40);
    await other.journal.flush();
    const later = await read(store);
    expect(later).toEqual({
      isWhole: false,
      days: [{ keyId: 'key_a', dayStartMs: DAY_START_MS, costMicroUsd: 740 }],
      reservedElsewhere: new Map(),
    });
    take(later);
    nowMs += HOUR_MS;
    const whole = await read(store);
    expect(whole.isWhole).toBe(true);
    expect(whole.days).toHaveLength(2);
    const total = ledger.standingsOf(
      { kind: 'total' },
      { budgetMicroUsdPerDay: 1, budgetMicroUsdPerMonth: undefined, onExhausted: 'stop' },
      START_MS,
    );
    expect(total[0]?.spentMicroUsd).toBe(751);
  });

  it('does not lose what comes late, because storage was away or the clock was set', async () => {
    const store = await open(await createUrl());
    await begin(store, 'late');
    end(store, 'late', 11, START_MS - 5 * HOUR_MS);
    const expected = [{ keyId: 'key_a', dayStartMs: DAY_START_MS, costMicroUsd: 11 }];
    const early = DAY_START_MS - DAY_MS;
    expect((await read(store, early)).days).toEqual(expected);
    await store.journal.flush();
    expect((await read(store, early)).days).toEqual(expected);
  });

  it('counts each ending once while it is read again and again under load, in two processes', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)] as const;
    const spent = [0, 0];
    const ledgers = stores.map(() => createSpendingLedger());
    const terms = {
      budgetMicroUsdPerDay: 1,
      budgetMicroUsdPerMonth: undefined,
      onExhausted: 'stop',
    } as const;
    const totalOf = (which: number) =>
      ledgers[which]?.standingsOf({ kind: 'total' }, terms, START_MS)[0]?.spentMicroUsd ?? -1;
    const readInto = async (which: 0 | 1) => {
      let ownBefore = 0;
      await stores[which].readSpending(DAY_START_MS, ({ isWhole, days }) => {
        if (isWhole) ledgers[which]?.load(DAY_START_MS, days);
        else ledgers[which]?.put(days);
        ownBefore = spent[which] ?? 0;
        // All of its own, and of the other no more than it had.
        expect(totalOf(which)).toBeGreaterThanOrEqual(ownBefore);
        expect(totalOf(which)).toBeLessThanOrEqual((spent[0] as number) + (spent[1] as number));
      });
    };
    let isOver = false;
    const work = async (which: 0 | 1) => {
      for (let round = 0; round < 30; round += 1) {
        const ids = Array.from({ length: 5 }, (_, at) => `w${which}-${round}-${at}`);
        await Promise.all(ids.map((id) => begin(stores[which], id)));
        for (const [at, id] of ids.entries()) {
          // Handed to the journal and to the ledger in one breath, as the gateway does.
          end(stores[which], id, 10 + at);
          ledgers[which]?.settle('key_a', 0, 10 + at, START_MS);
          spent[which] = (spent[which] ?? 0) + 10 + at;
        }
      }
    };
    const reader = async (which: 0 | 1) => {
      while (!isOver) await readInto(which);
    };
    await Promise.all([readInto(0), readInto(1)]);
    const readers = [reader(0), reader(1)];
    await Promise.all([work(0), work(1)]);
    isOver = true;
    await Promise.all(readers);
    await Promise.all(stores.map(({ journal }) => journal.flush()));
    await Promise.all([readInto(0), readInto(1)]);
    const all = 2 * 30 * (10 + 11 + 12 + 13 + 14);
    expect([totalOf(0), totalOf(1)]).toEqual([all, all]);
  }, 30_000);

  it('knows what attempts of other processes were estimated at, until they end', async () => {
    const url = await createUrl();
    const [one, other] = [await open(url), await open(url)];
    await begin(other, 'r1', 'key_a', 200);
    await begin(other, 'r2', 'key_a', 50);
    await begin(one, 'own', 'key_a', 7_000);
    expect((await read(one)).reservedElsewhere).toEqual(new Map([['key_a', 250]]));
    end(other, 'r1', 180);
    await other.journal.flush();
    const { reservedElsewhere, days } = await read(one);
    expect(reservedElsewhere).toEqual(new Map([['key_a', 50]]));
    expect(days).toEqual([{ keyId: 'key_a', dayStartMs: DAY_START_MS, costMicroUsd: 180 }]);
  });

  it('sums usage up by whatever is asked for, hour for hour', async () => {
    const store = await open(await createUrl());
    const add = async (
      id: string,
      keyId: string,
      modelId: string,
      task: 'translation' | 'code_generation',
      endedAtMs: number,
    ) => {
      await store.journal.begin(requestOf(id, { keyId, task }), startOf(id, { keyId, modelId, task }));
      const failed = id.startsWith('f');
      store.journal.end(
        endOf(id, {
          ending: failed ? 'server_error' : 'completed',
          endedAtMs,
          costMicroUsd: failed ? 0 : 100,
          inputTokens: 10,
          outputTokens: failed ? 0 : 20,
          deltas: [],
          automatic: undefined,
        }),
      );
    };
    await add('a1', 'key_a', 'large', 'translation', START_MS);
    await add('a2', 'key_a', 'small', 'translation', START_MS);
    await add('f3', 'key_a', 'small', 'code_generation', START_MS + DAY_MS);
    await add('b1', 'key_b', 'large', 'translation', START_MS + 3 * DAY_MS);
    await store.journal.flush();
    const window = { fromMs: DAY_START_MS, toMs: DAY_START_MS + 10 * DAY_MS, keyId: undefined };
    const none = {
      dayStartMs: undefined,
      hourMs: undefined,
      keyId: undefined,
      modelId: undefined,
      task: undefined,
    };
    expect(await store.readUsage({ ...window, groupBy: [] })).toEqual([
      {
        ...none,
        requests: 4,
        completed: 3,
        failures: 1,
        inputTokens: 40,
        outputTokens: 60,
        costMicroUsd: 300,
        units: 0,
        latencyMsSum: 3_750,
        ttftMsSum: 751.5,
      },
    ]);
    const byKey = await store.readUsage({ ...window, groupBy: ['key'] });
    expect(byKey.map(({ keyId, requests }) => [keyId, requests]).sort()).toEqual([
      ['key_a', 3],
      ['key_b', 1],
    ]);
    const byDayAndModel = await store.readUsage({ ...window, groupBy: ['day', 'model'], keyId: 'key_a' });
    expect(byDayAndModel.map(({ dayStartMs, modelId, task }) => [dayStartMs, modelId, task]).sort()).toEqual([
      [DAY_START_MS, 'large', undefined],
      [DAY_START_MS, 'small', undefined],
      [DAY_START_MS + DAY_MS, 'small', undefined],
    ]);
    const byTask = await store.readUsage({ ...window, toMs: START_MS + HOUR_MS, groupBy: ['task'] });
    expect(byTask).toMatchObject([{ task: 'translation', requests: 2 }]);
    expect(await store.readUsage({ ...window, fromMs: START_MS + 5 * DAY_MS, groupBy: ['key'] })).toEqual([]);
  });

  it('gives a name to whoever claims it first, until it is forgotten', async () => {
    const url = await createUrl();
    const [one, other] = [await open(url), await open(url)];
    const taken = await Promise.all([one, other, one].map((store) => store.claim('warning', 1_000)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await other.claim('another', 2_000)).toBe(true);
    await removeAll(one, 1_500);
    expect(await one.claim('warning', 3_000)).toBe(true);
    expect(await one.claim('another', 3_000)).toBe(false);
  });

  it('forgets the accounts of the daily cap of days long past, and no others', async () => {
    const store = await open(await createUrl());
    await begin(store, 'r1');
    end(store, 'r1', 1);
    await store.journal.flush();
    const weightOn = async (day: number, adding = 0) => {
      const seen = await store.changeEvidence(
        'r1',
        undefined,
        () => ({
          automaticCounts: false,
          deltas: [],
          bookings: adding === 0 ? [] : [{ keyId: 'key_a', day, weight: adding }],
        }),
        { keyId: 'key_a', day },
      );
      return seen?.bookedWeight;
    };
    await weightOn(10, 3);
    await weightOn(20, 5);
    await removeAll(store, 20 * DAY_MS);
    expect(await weightOn(10)).toBe(0);
    expect(await weightOn(20)).toBe(5);
  });
}
