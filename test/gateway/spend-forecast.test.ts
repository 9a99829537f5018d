import { expect, test } from 'vitest';
import { createLoopTurns } from '../../src/core/loop/loop-turns.ts';
import type { KnownBudget } from '../../src/gateway/admission/spending.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { forecastSpending } from '../../src/gateway/reports/spend-forecast.ts';
import { openSpendHistories } from '../../src/gateway/reports/spend-history.ts';
import type { Store, UsageQuery } from '../../src/store/contract.ts';
import { startGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';

const HOUR_MS = 3_600_000;
/** A Saturday, 12:30. */
const NOW_MS = Date.UTC(2026, 10, 28, 12, 30);

const TURNS = createLoopTurns(setImmediate, undefined);

interface Answer {
  readonly spent_usd: number;
  readonly expected_usd: number;
  readonly p10_usd: number;
  readonly p90_usd: number;
  readonly level_usd_per_day: number;
  readonly history_hours: number;
  readonly season: readonly number[];
  readonly hours: readonly { readonly expected_usd: number }[];
  readonly starts_at: string;
  readonly ends_at: string;
  readonly days: readonly {
    readonly ends_at: string;
    readonly p10_usd: number;
    readonly expected_usd: number;
    readonly p90_usd: number;
  }[];
  readonly budgets: readonly {
    readonly exhausted_at: string | null;
    readonly exhausted_at_earliest: string | null;
    readonly exhausted_at_latest: string | null;
    readonly runway_hours: number | null;
    readonly expected_usd: number;
  }[];
  readonly budgets_left_out: number;
}

/** One dollar in each hour of the last `days` days, half a dollar in this one. */
async function steady(
  query: object,
  budgets: readonly KnownBudget[] = [],
  days = 40,
  nowMs = NOW_MS,
): Promise<Answer> {
  const thisHourMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
  const deps = {
    nowMs: () => nowMs,
    turns: TURNS,
    spending: { listKeys: async () => {}, refresh: async () => {}, standings: () => budgets },
    store: {
      journal: { flush: async () => {} },
      findKey: async () => undefined,
      readUsage: async ({ fromMs, toMs }: UsageQuery) =>
        Array.from({ length: days * 24 + 1 }, (_, back) => thisHourMs - back * HOUR_MS)
          .filter((hourMs) => hourMs >= fromMs && hourMs < toMs)
          .map((hourMs) => ({ hourMs, costMicroUsd: hourMs === thisHourMs ? 500_000 : 1_000_000 })),
    },
  };
  return (await forecastSpending(
    deps as object as GatewayDeps & { store: Store },
    query,
    undefined,
  )) as Answer;
}

/** Rows as a store has them: by hour, of two keys; what is asked for is noted. */
function ledger(hourToUsd: Map<number, number>) {
  const asked: UsageQuery[] = [];
  return {
    asked,
    store: {
      readUsage: async (query: UsageQuery) => {
        asked.push(query);
        return [...hourToUsd]
          .filter(([hourMs]) => hourMs >= query.fromMs && hourMs < query.toMs)
          .flatMap(([hourMs, usd]) =>
            query.groupBy.includes('key')
              ? ['key_a', 'key_b'].map((keyId) => ({ hourMs, keyId, costMicroUsd: usd * 500_000 }))
              : [{ hourMs, costMicroUsd: usd * (query.keyId === undefined ? 1_000_000 : 500_000) }],
          );
      },
    } as object as Store,
  };
}

test('a history goes on for an hour without being read anew, no longer, and says what a fresh one says', async () => {
  const thisHourMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
  const hourToUsd = new Map(
    Array.from({ length: 100 }, (_, back) => [thisHourMs - back * HOUR_MS, 1 + back]),
  );
  const monthStartMs = Date.UTC(2026, 10, 1);
  const told = async (store: Store, hours: number, isThorough = false) => {
    const histories = await openSpendHistories(
      { store, turns: TURNS },
      NOW_MS + hours * HOUR_MS,
      monthStartMs,
      { isThorough },
    );
    return Promise.all(
      [undefined, 'key_a'].map(async (keyId) => {
        const { series, spentSince } = await histories.historyOf(keyId);
        return { series, day: spentSince(Date.UTC(2026, 10, 28)), month: spentSince(monthStartMs) };
      }),
    );
  };
  const kept = ledger(hourToUsd);
  await told(kept.store, 0);
  const wasRead = ['key,hour', 'hour', 'hour'];
  // That somebody asks each hour keeps nobody from reading it anew: rows leave, and come late.
  for (const [later, reads] of [
    [1, ['key,hour']],
    [2, wasRead],
    [3, ['key,hour']],
    [4, wasRead],
    [6, wasRead],
  ] as const) {
    for (let hour = 0; hour <= later; hour += 1)
      hourToUsd.set(thisHourMs + hour * HOUR_MS, 7 + ((hour * 3) % 5));
    kept.asked.length = 0;
    expect(await told(kept.store, later)).toEqual(await told(ledger(hourToUsd).store, later));
    expect(kept.asked.map(({ groupBy }) => groupBy.join())).toEqual(reads);
  }
  // Away for too long, and what was removed meanwhile.
  expect(await told(kept.store, 9)).toEqual(await told(ledger(hourToUsd).store, 9));
  hourToUsd.delete(thisHourMs - 5 * HOUR_MS);
  expect(await told(kept.store, 9, true)).toEqual(await told(kept.store, 9));
  expect(await told(kept.store, 10, true)).toEqual(await told(ledger(hourToUsd).store, 10));
});

test('a key that spent nothing before begins its history with the hour in which it does', async () => {
  const thisHourMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
  const hourToUsd = new Map<number, number>();
  const { store } = ledger(hourToUsd);
  const at = async (hours: number) => {
    const histories = await openSpendHistories(
      { store, turns: TURNS },
      NOW_MS + hours * HOUR_MS,
      Date.UTC(2026, 10, 1),
    );
    return (await histories.historyOf('key_a')).series;
  };
  expect(await at(0)).toBeUndefined();
  hourToUsd.set(thisHourMs + HOUR_MS, 4);
  expect(await at(1)).toBeUndefined();
  const firstHour = thisHourMs / HOUR_MS + 1;
  expect(await at(2)).toEqual({ firstHour, amounts: Float64Array.of(2_000_000) });
  expect(await at(3)).toEqual({ firstHour, amounts: Float64Array.of(2_000_000, 0) });
});

test('whoever asks while a forecast is fitted waits for the same', async () => {
  const thisHourMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
  const { store } = ledger(
    new Map(Array.from({ length: 100 }, (_, back) => [thisHourMs - back * HOUR_MS, 2])),
  );
  const ask = async () => {
    const histories = await openSpendHistories({ store, turns: TURNS }, NOW_MS, Date.UTC(2026, 10, 1));
    const history = await histories.historyOf(undefined);
    return history.forecast(history.series ?? { firstHour: 0, amounts: new Float64Array() }, 12);
  };
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(second).toBe(first);
  expect(await ask()).toBe(first);
});

const budgetOf = (limitUsd: number, spentUsd: number): KnownBudget => ({
  standing: {
    holder: { kind: 'total' },
    window: 'day',
    limitMicroUsd: limitUsd * 1e6,
    spentMicroUsd: spentUsd * 1e6,
    reservedMicroUsd: 0,
    startsAtMs: Date.UTC(2026, 10, 28),
    resetsAtMs: Date.UTC(2026, 10, 29),
  },
  terms: { budgetMicroUsdPerDay: limitUsd * 1e6, budgetMicroUsdPerMonth: undefined, onExhausted: 'stop' },
  keyName: '',
});

test('a dollar an hour is 24 a day and 720 a month of 30 days, and nearly certain', async () => {
  const day = await steady({ until: 'day' });
  expect(day.spent_usd).toBeCloseTo(12.5, 6);
  expect(day.expected_usd).toBeCloseTo(24, 3);
  expect(day.level_usd_per_day).toBeCloseTo(24, 3);
  expect(day.hours).toHaveLength(12);
  expect(day.season).toHaveLength(168);
  expect(day.p90_usd - day.p10_usd).toBeLessThan(0.5);
  const month = await steady({});
  expect(month.expected_usd).toBeCloseTo(720, 1);
  expect(month.p10_usd).toBeLessThanOrEqual(month.expected_usd);
  expect(month.p90_usd).toBeGreaterThanOrEqual(month.expected_usd);
  // By the end of each UTC day, the present one and the month's last included.
  const { p10_usd, expected_usd, p90_usd } = month;
  expect(month.days.at(-1)).toEqual({ ends_at: month.ends_at, p10_usd, expected_usd, p90_usd });
  expect(month.days[0]?.expected_usd).toBeCloseTo(month.spent_usd + 11.5, 3);
  const startsMs = Date.parse(month.starts_at);
  expect(month.days.map(({ ends_at }) => (Date.parse(ends_at) - startsMs) / (24 * HOUR_MS))).toEqual(
    Array.from({ length: month.days.length }, (_, day) => 30 - month.days.length + 1 + day),
  );
  for (const day of month.days) {
    expect(day.p10_usd).toBeLessThanOrEqual(day.expected_usd);
    expect(day.p90_usd).toBeGreaterThanOrEqual(day.expected_usd);
  }
});

test('a budget is used up when so many dollars have gone, or lasts', async () => {
  const { budgets } = await steady({ until: 'month' }, [
    budgetOf(15, 12.5),
    budgetOf(100, 12.5),
    budgetOf(10, 12.5),
  ]);
  const [short, ample, gone] = budgets;
  expect(short?.runway_hours).toBeCloseTo(2.5, 1);
  expect(Date.parse(short?.exhausted_at ?? '')).toBeCloseTo(NOW_MS + 2.5 * HOUR_MS, -6);
  expect(Date.parse(short?.exhausted_at_earliest ?? '')).toBeLessThanOrEqual(
    Date.parse(short?.exhausted_at_latest ?? ''),
  );
  expect(ample).toMatchObject({ exhausted_at: null, runway_hours: null });
  expect(gone).toMatchObject({ exhausted_at: new Date(NOW_MS).toISOString(), runway_hours: 0 });
});

test('within a minute without traffic two answers are the same but for when they were made', async () => {
  const standing = {
    holder: { kind: 'total' },
    window: 'month',
    limitMicroUsd: 500_000_000,
    spentMicroUsd: 480_000_000,
    reservedMicroUsd: 0,
    startsAtMs: Date.UTC(2026, 10, 1),
    resetsAtMs: Date.UTC(2026, 11, 1),
  };
  const at = async (ms: number) => {
    const answer = await steady({}, [{ standing } as object as KnownBudget], 40, NOW_MS + ms);
    expect(answer.budgets[0]?.exhausted_at).not.toBeNull();
    return { ...answer, generated_at: '', history_as_of: '' };
  };
  expect(await at(50_000)).toEqual(await at(10));
  expect(await at(60_000)).not.toEqual(await at(10));
});

test('no traffic is no forecast; a first day is a wide one', async () => {
  const nothing = await steady({}, [], -1);
  expect(nothing).toMatchObject({ history_hours: 0, season: [], hours: [], spent_usd: 0, expected_usd: 0 });
  const young = await steady({}, [], 1);
  expect(young.history_hours).toBe(24);
  expect(young.p90_usd - young.p10_usd).toBeGreaterThan(0.3 * (young.expected_usd - young.spent_usd));
});

test('over HTTP: who may ask about whom', async () => {
  const gateway = await startGateway();
  try {
    const url = `${gateway.url}/v1/intelligence/cost-forecast`;
    const { key, record } = await gateway.createKey({ scopes: ['intelligence'], budgetMicroUsdPerDay: 5e6 });
    const other = await gateway.createKey({ budgetMicroUsdPerDay: 5e6 });
    const admin = await gateway.createKey({ scopes: ['admin'] });
    const own = await send(url, { key });
    expect(own.json).toMatchObject({
      key_id: record.id,
      budgets: [{ key_id: record.id }],
      budgets_left_out: 0,
    });
    expect((await send(`${url}?key_id=${other.record.id}`, { key })).status).toBe(404);
    const all = await send(`${url}?until=day`, { key: admin.key });
    expect((all.json as Answer).budgets).toHaveLength(2);
    const one = await send(`${url}?key_id=${other.record.id}`, { key: admin.key });
    expect(one.json).toMatchObject({ key_id: other.record.id, budgets: [{ key_id: other.record.id }] });
    for (const query of ['until=forever', 'until=', 'untill=day', 'until=day&until=month']) {
      const answer = await send(`${url}?${query}`, { key });
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect((await send(`${url}?key_id=nobody`, { key: admin.key })).status).toBe(404);
  } finally {
    await gateway.stop();
  }
});
