import { describe, expect, test } from 'vitest';
import { createDailyBudget, dayStartMsOf } from '../../../src/core/judge/daily-budget.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

const NOON_MS = Date.UTC(2026, 5, 1, 12);
const DAY_MS = 24 * 3_600_000;

describe('a budget for a day', () => {
  test('gives nothing before it is known what was spent, and then what is left', () => {
    const budget = createDailyBudget();
    expect(budget.reserve(1, 100, NOON_MS)).toBe(false);
    budget.begin(60, NOON_MS);
    expect(budget.reserve(41, 100, NOON_MS)).toBe(false);
    expect(budget.reserve(40, 100, NOON_MS)).toBe(true);
    expect(budget.reserve(1, 100, NOON_MS)).toBe(false);
    budget.settle(40, 10, NOON_MS);
    expect(budget.spentMicroUsd(NOON_MS)).toBe(70);
    expect(budget.reserve(30, 100, NOON_MS)).toBe(true);
  });

  test('is never exceeded, whatever runs at the same time', () => {
    const random = createRandom(5);
    const limit = 10_000;
    const budget = createDailyBudget();
    budget.begin(0, NOON_MS);
    const running: number[] = [];
    let [spent, granted] = [0, 0];
    for (let step = 0; step < 20_000; step += 1) {
      if (random() < 0.7 || running.length === 0) {
        const most = Math.floor(500 * random());
        if (budget.reserve(most, limit, NOON_MS)) {
          running.push(most);
          granted += 1;
        }
      } else {
        const most = running.splice(Math.floor(random() * running.length), 1)[0] ?? 0;
        const actual = Math.floor(most * random());
        spent += actual;
        budget.settle(most, actual, NOON_MS);
      }
      const inUse = running.reduce((sum, most) => sum + most, spent);
      expect(inUse).toBeLessThanOrEqual(limit);
    }
    expect(budget.spentMicroUsd(NOON_MS)).toBe(spent);
    expect(granted).toBeGreaterThan(40);
  });

  test('starts anew at midnight UTC, and not again when the clock is put back', () => {
    const budget = createDailyBudget();
    budget.begin(100, NOON_MS);
    expect(budget.reserve(1, 100, NOON_MS + DAY_MS / 2 - 1)).toBe(false);
    expect(budget.reserve(80, 100, NOON_MS + DAY_MS / 2)).toBe(true);
    budget.settle(80, 80, NOON_MS + DAY_MS);
    expect(budget.reserve(30, 100, NOON_MS)).toBe(false);
    expect(budget.spentMicroUsd(NOON_MS)).toBe(80);
    expect(dayStartMsOf(NOON_MS)).toBe(NOON_MS - DAY_MS / 2);
  });

  test('a clock that is put back and then on again opens no second purse', () => {
    const budget = createDailyBudget();
    budget.begin(90, NOON_MS);
    expect(budget.spentMicroUsd(NOON_MS - DAY_MS)).toBe(90);
    expect(budget.spentMicroUsd(NOON_MS)).toBe(90);
    expect(budget.reserve(20, 100, NOON_MS)).toBe(false);
    expect(budget.reserve(20, 100, NOON_MS + DAY_MS)).toBe(true);
  });

  test('a cost that is no number takes all of it', () => {
    const budget = createDailyBudget();
    budget.begin(0, NOON_MS);
    expect(budget.reserve(Number.NaN, 100, NOON_MS)).toBe(false);
    budget.settle(0, Number.NaN, NOON_MS);
    expect(budget.reserve(1, 100, NOON_MS)).toBe(false);
  });
});
