import { describe, expect, test } from 'vitest';
import type { BudgetTerms } from '../../../src/core/money/budget.ts';
import { createSpendingLedger, type SpendingLedger } from '../../../src/core/money/spending-ledger.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON_MS = Date.UTC(2026, 0, 30, 12);
const MIDNIGHT_MS = Date.UTC(2026, 0, 30);
const TOTAL = { kind: 'total' } as const;

function terms(day?: number, month?: number, onExhausted: BudgetTerms['onExhausted'] = 'stop'): BudgetTerms {
  return { budgetMicroUsdPerDay: day, budgetMicroUsdPerMonth: month, onExhausted };
}
const spenderOf = (keyTerms?: BudgetTerms, totalTerms?: BudgetTerms, keyId = 'key_a') => ({
  keyId,
  keyTerms,
  totalTerms,
});
function loaded(nowMs = NOON_MS): SpendingLedger {
  const ledger = createSpendingLedger();
  ledger.load(nowMs, []);
  return ledger;
}
const spentToday = (ledger: SpendingLedger, nowMs = NOON_MS) =>
  ledger.standingsOf(TOTAL, terms(1), nowMs)[0]?.spentMicroUsd;

test('what is left is that of the tightest budget, whoever holds it and whatever it does when it is used up', () => {
  const ledger = loaded();
  const left = (keyTerms?: BudgetTerms, totalTerms?: BudgetTerms) =>
    ledger.left(spenderOf(keyTerms, totalTerms), NOON_MS);
  expect(left()).toBe(Number.POSITIVE_INFINITY);
  ledger.reserve(spenderOf(terms(100)), 30, NOON_MS);
  ledger.settle('key_b', 0, 50, NOON_MS);
  expect(left(terms(100))).toBe(70);
  expect(left(terms(100, 60))).toBe(30);
  expect(left(terms(100, 60), terms(100, undefined, 'downgrade'))).toBe(20);
  expect(left(undefined, terms(70))).toBe(-10);
});

describe('what is reserved', () => {
  test('counts against the budget until it is settled or released', () => {
    const ledger = loaded();
    const spender = spenderOf(terms(100));
    expect(ledger.reserve(spender, 60, NOON_MS)).toBeUndefined();
    expect(ledger.reserve(spender, 41, NOON_MS)).toMatchObject({
      holder: { kind: 'key', keyId: 'key_a' },
      window: 'day',
      limitMicroUsd: 100,
      spentMicroUsd: 0,
      reservedMicroUsd: 60,
      neededMicroUsd: 41,
      startsAtMs: MIDNIGHT_MS,
      resetsAtMs: MIDNIGHT_MS + DAY_MS,
    });
    ledger.release('key_a', 60);
    expect(ledger.reserve(spender, 60, NOON_MS)).toBeUndefined();
    ledger.settle('key_a', 60, 20, NOON_MS);
    expect(ledger.reserve(spender, 80, NOON_MS)).toBeUndefined();
    expect(ledger.reserve(spender, 1, NOON_MS)).toBeDefined();
  });

  test('is taken from all budgets or from none', () => {
    const ledger = loaded();
    const total = terms(undefined, 100);
    expect(ledger.reserve(spenderOf(terms(1000), total, 'key_b'), 90, NOON_MS)).toBeUndefined();
    expect(ledger.reserve(spenderOf(terms(1000), total), 11, NOON_MS)).toMatchObject({
      holder: TOTAL,
      window: 'month',
    });
    // Nothing of the refused one is left on its key.
    expect(ledger.reserve(spenderOf(terms(10), total), 10, NOON_MS)).toBeUndefined();
  });

  test('what costs nothing fits into a budget that is overspent; what makes no sense is nothing', () => {
    const ledger = loaded();
    const spender = spenderOf(terms(100, undefined, 'downgrade'));
    ledger.settle('key_a', 0, 500, NOON_MS);
    expect(ledger.reserve(spender, 0, NOON_MS)).toBeUndefined();
    expect(ledger.reserve(spender, 1, NOON_MS)).toBeDefined();
    expect(ledger.leftToDowngrade(spender, NOON_MS)).toBe(0);
    for (const cost of [Number.NaN, -5, Number.POSITIVE_INFINITY])
      ledger.settle('key_a', cost, cost, NOON_MS);
    expect(spentToday(ledger)).toBe(500);
  });

  test('is never more than the budget, whatever runs at the same time, and comes back to nothing', () => {
    const ledger = loaded();
    const spender = spenderOf(terms(10_000), terms(undefined, 15_000));
    const running: number[] = [];
    let spent = 0;
    let drawn = 7;
    const random = () => {
      drawn = (drawn * 16_807) % 2_147_483_647;
      return drawn / 2_147_483_647;
    };
    for (let step = 0; step < 5_000; step += 1) {
      if (random() < 0.6) {
        const estimate = Math.floor(400 * random());
        if (ledger.reserve(spender, estimate, NOON_MS) === undefined) running.push(estimate);
      } else if (running.length > 0) {
        const [estimate = 0] = running.splice(Math.floor(random() * running.length), 1);
        const cost = Math.floor(estimate * random());
        if (random() < 0.2) ledger.release('key_a', estimate);
        else {
          ledger.settle('key_a', estimate, cost, NOON_MS);
          spent += cost;
        }
      }
      const reserved = running.reduce((sum, one) => sum + one, 0);
      expect(spent + reserved).toBeLessThanOrEqual(10_000);
    }
    for (const estimate of running) ledger.release('key_a', estimate);
    expect(ledger.standingsOf({ kind: 'key', keyId: 'key_a' }, terms(10_000), NOON_MS)).toMatchObject([
      { spentMicroUsd: spent, reservedMicroUsd: 0 },
    ]);
  });
});

describe('windows', () => {
  test("are UTC days and months: what ends after midnight is the next day's, and the reservation goes with it", () => {
    const ledger = loaded();
    const spender = spenderOf(terms(100, 150));
    const lateMs = MIDNIGHT_MS + DAY_MS - 1;
    expect(ledger.reserve(spender, 100, lateMs)).toBeUndefined();
    expect(ledger.reserve(spender, 1, lateMs + 1)).toMatchObject({ window: 'day', reservedMicroUsd: 100 });
    ledger.settle('key_a', 100, 90, lateMs + 1);
    expect(spentToday(ledger, lateMs)).toBe(0);
    expect(spentToday(ledger, lateMs + 1)).toBe(90);
    expect(ledger.reserve(spender, 10, lateMs + 1)).toBeUndefined();
    ledger.settle('key_a', 10, 10, lateMs + 1);
    // February begins two days on.
    const february = Date.UTC(2026, 1, 1);
    ledger.settle('key_a', 0, 50, Date.UTC(2026, 0, 30));
    expect(ledger.reserve(spender, 1, Date.UTC(2026, 0, 30, 23))).toMatchObject({ window: 'month' });
    expect(ledger.reserve(spender, 100, february)).toBeUndefined();
    expect(ledger.standingsOf(TOTAL, terms(undefined, 1), february)).toMatchObject([
      { spentMicroUsd: 0, startsAtMs: february, resetsAtMs: Date.UTC(2026, 2, 1) },
    ]);
  });

  test('a clock that jumps opens no second purse', () => {
    const ledger = loaded();
    const spender = spenderOf(terms(100));
    ledger.settle('key_a', 0, 100, NOON_MS);
    for (const jump of [DAY_MS, 30 * DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS, 0]) {
      const at = NOON_MS + jump;
      if (ledger.reserve(spender, 100, at) === undefined) ledger.settle('key_a', 100, 100, at);
      expect(ledger.reserve(spender, 1, at)).toBeDefined();
    }
    // Three different days were seen, each with its one purse.
    expect(ledger.standingsOf(TOTAL, terms(100), NOON_MS)[0]?.spentMicroUsd).toBe(100);
    expect(ledger.standingsOf(TOTAL, terms(100), NOON_MS + DAY_MS)[0]?.spentMicroUsd).toBe(100);
    expect(ledger.standingsOf(TOTAL, terms(100), NOON_MS + 30 * DAY_MS)[0]?.spentMicroUsd).toBe(100);
  });

  test('days before what was loaded, and long after, are not covered', () => {
    const ledger = createSpendingLedger();
    expect(ledger.covers(NOON_MS)).toBe(false);
    ledger.load(NOON_MS, []);
    expect(ledger.covers(NOON_MS)).toBe(true);
    expect(ledger.covers(Date.UTC(2026, 0, 1))).toBe(true);
    expect(ledger.covers(Date.UTC(2026, 0, 1) - 1)).toBe(false);
    expect(ledger.covers(NOON_MS + 31 * DAY_MS)).toBe(true);
    expect(ledger.covers(NOON_MS + 80 * DAY_MS)).toBe(false);
  });
});

describe('what others spent', () => {
  test('is loaded, corrected by day, and leaves reservations alone', () => {
    const ledger = loaded();
    const spender = spenderOf(terms(1000, 5000), terms(undefined, 9000));
    ledger.reserve(spender, 100, NOON_MS);
    ledger.load(NOON_MS, [
      { keyId: 'key_a', dayStartMs: MIDNIGHT_MS, costMicroUsd: 300 },
      { keyId: 'key_a', dayStartMs: MIDNIGHT_MS - DAY_MS, costMicroUsd: 400 },
      { keyId: 'key_b', dayStartMs: MIDNIGHT_MS, costMicroUsd: 50 },
    ]);
    const ofKey = () => ledger.standingsOf({ kind: 'key', keyId: 'key_a' }, terms(1000, 5000), NOON_MS);
    expect(ofKey()).toMatchObject([
      { window: 'day', spentMicroUsd: 300, reservedMicroUsd: 100 },
      { window: 'month', spentMicroUsd: 700 },
    ]);
    ledger.put([{ keyId: 'key_a', dayStartMs: MIDNIGHT_MS, costMicroUsd: 310 }]);
    ledger.putReservedElsewhere(new Map([['key_a', 25]]));
    expect(ofKey()).toMatchObject([{ spentMicroUsd: 310, reservedMicroUsd: 125 }, { spentMicroUsd: 710 }]);
    expect(ledger.standingsOf(TOTAL, terms(undefined, 9000), NOON_MS)).toMatchObject([
      { spentMicroUsd: 760, reservedMicroUsd: 125 },
    ]);
    ledger.putReservedElsewhere(new Map());
    expect(ofKey()[0]?.reservedMicroUsd).toBe(100);
    ledger.load(NOON_MS, []);
    expect(ofKey()).toMatchObject([{ spentMicroUsd: 0, reservedMicroUsd: 100 }, { spentMicroUsd: 0 }]);
  });
});

test('says whether a share of any of its budgets is spent', () => {
  const ledger = loaded();
  ledger.settle('key_a', 0, 80, NOON_MS);
  expect(ledger.hasReached(spenderOf(terms(100)), 0.8, NOON_MS)).toBe(true);
  expect(ledger.hasReached(spenderOf(terms(101)), 0.8, NOON_MS)).toBe(false);
  expect(ledger.hasReached(spenderOf(terms(200, 100)), 0.8, NOON_MS)).toBe(true);
  expect(ledger.hasReached(spenderOf(terms(200), terms(100)), 0.8, NOON_MS)).toBe(true);
  expect(ledger.hasReached(spenderOf(terms(100)), 0.8, NOON_MS + DAY_MS)).toBe(false);
  expect(ledger.hasReached(spenderOf(terms(1)), Number.POSITIVE_INFINITY, NOON_MS)).toBe(false);
  expect(ledger.hasReached(spenderOf(), 0, NOON_MS)).toBe(false);
});

test('only budgets that leave requests to cheaper models say how dear those may be', () => {
  const ledger = loaded();
  ledger.settle('key_a', 0, 30, NOON_MS);
  expect(ledger.leftToDowngrade(spenderOf(terms(100)), NOON_MS)).toBe(Number.POSITIVE_INFINITY);
  expect(ledger.leftToDowngrade(spenderOf(), NOON_MS)).toBe(Number.POSITIVE_INFINITY);
  expect(ledger.leftToDowngrade(spenderOf(terms(100, 500, 'downgrade')), NOON_MS)).toBe(70);
  expect(ledger.leftToDowngrade(spenderOf(terms(100, 50, 'downgrade')), NOON_MS)).toBe(20);
  const total = terms(undefined, 35, 'downgrade');
  expect(ledger.leftToDowngrade(spenderOf(terms(10), total), NOON_MS)).toBe(5);
});
