import { describe, expect, test } from 'vitest';
import { forecastSpend, hoursUntilSpent } from '../../../src/core/money/spend-forecast.ts';
import { fitSpend, predictSpend } from '../../../src/core/money/spend-model.ts';

const series = (days: number, amountAt: (hour: number) => number) => ({
  firstHour: 168 * 2900,
  amounts: Float64Array.from({ length: days * 24 }, (_, hour) => amountAt(hour)),
});
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
/** Office hours, half as much on two days of the week. */
const office = (hour: number) =>
  (hour % 24 >= 8 && hour % 24 < 18 ? 10 : 1) * (Math.floor(hour / 24) % 7 < 5 ? 1 : 0.5);

describe('spend', () => {
  test('with a season comes again hour by hour', () => {
    const { hours } = forecastSpend(series(42, office), 168);
    for (const [ahead, expected] of hours.entries())
      expect(expected / office(42 * 24 + ahead)).toBeCloseTo(1, 0.5);
    expect(sum(hours) / sum(series(7, office).amounts)).toBeCloseTo(1, 1);
  });

  test('that grows goes on growing, and less so the further ahead', () => {
    const { level, trendPerDay } = fitSpend(
      series(42, (hour) => 100 + hour / 24),
      168,
    );
    expect(trendPerDay).toBeCloseTo(1, 1);
    expect(level).toBeGreaterThan(135);
    const ahead = predictSpend({ level, trendPerDay, season: new Float64Array(168).fill(1) }, 0, 720);
    expect(ahead[719]).toBeGreaterThan(level + 10);
    expect(ahead[719]).toBeLessThan(level + 30);
  });

  test.each([2, 10, 20])('that trebled at once %i days ago is three times as much, and no trend', (ago) => {
    const { trendPerDay, level } = fitSpend(
      series(42, (hour) => (hour < (42 - ago) * 24 ? 1 : 3)),
      24,
    );
    expect(trendPerDay).toBe(0);
    expect(level).toBeGreaterThan(2.2);
    expect(level).toBeLessThan(3.2);
  });

  test('of nothing, and of a single hour, is a number', () => {
    for (const length of [1, 5, 24, 30]) {
      const zeros = { firstHour: 487_200, amounts: new Float64Array(length) };
      const none = forecastSpend(zeros, 700);
      expect([sum(none.hours), none.lowFactor, none.highFactor]).toEqual([0, 1, 1]);
      const some = forecastSpend({ ...zeros, amounts: zeros.amounts.map(() => 2) }, 700);
      expect(sum(some.hours)).toBeCloseTo(1400, 3);
      expect(some.lowFactor).toBeLessThan(0.8);
      expect(some.highFactor).toBeGreaterThan(1.2);
    }
  });
});

test('how long it lasts', () => {
  const hours = Float64Array.of(1, 0, 2, 2);
  expect(hoursUntilSpent(hours, 0.5, 1)).toBe(0.5);
  expect(hoursUntilSpent(hours, 2, 1)).toBe(2.5);
  expect(hoursUntilSpent(hours, 2, 2)).toBe(1 - 0);
  expect(hoursUntilSpent(hours, 5.01, 1)).toBeUndefined();
});
