import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
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

  test('of the first days is known less well, for its size, than that of the month; and no sum is above a later one', () => {
    const random = createRandom(5);
    const spent = series(56, (hour) => office(hour) * Math.exp(2 * (random() + random() + random() - 1.5)));
    const { hours, lowFactors, highFactors, lowFactor, highFactor } = forecastSpend(spent, 480);
    expect([lowFactors.length, highFactors.length]).toEqual([480, 480]);
    expect([lowFactors[479], highFactors[479]]).toEqual([lowFactor, highFactor]);
    const widthAt = (hour: number) => Math.log((highFactors[hour - 1] ?? 0) / (lowFactors[hour - 1] ?? 0));
    expect(widthAt(12)).toBeGreaterThan(1.2 * widthAt(480));
    expect(widthAt(24)).toBeGreaterThan(1.1 * widthAt(480));
    let expected = 0;
    let [low, high] = [0, 0];
    for (const [hour, amount] of hours.entries()) {
      expected += amount;
      const bounds = [expected * (lowFactors[hour] ?? 0), expected * (highFactors[hour] ?? 0)] as const;
      expect(bounds[0]).toBeGreaterThanOrEqual(low - 1e-9);
      expect(bounds[1]).toBeGreaterThanOrEqual(high - 1e-9);
      [low, high] = bounds;
    }
  });

  test('falls within the band of each of the first days as often as it should, over 300 forecasts', () => {
    const random = createRandom(3);
    for (const days of [1, 2]) {
      let within = 0;
      for (let trial = 0; trial < 300; trial += 1) {
        const noisy = series(18 + (trial % 20), (hour) => office(hour) * -Math.log(random()));
        const history = noisy.amounts.length - 10 * 24;
        const { hours, lowFactors, highFactors } = forecastSpend(
          { ...noisy, amounts: noisy.amounts.subarray(0, history) },
          240,
        );
        const last = days * 24 - 1;
        const expected = sum(hours.subarray(0, last + 1));
        const spent = sum(noisy.amounts.subarray(history, history + last + 1));
        const isWithin =
          spent >= expected * (lowFactors[last] ?? 0) && spent <= expected * (highFactors[last] ?? 0);
        if (isWithin) within += 1;
      }
      expect(within / 300).toBeGreaterThan(0.75);
      expect(within / 300).toBeLessThan(0.93);
    }
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
  expect(hoursUntilSpent(hours, 0.5)).toBe(0.5);
  expect(hoursUntilSpent(hours, 2)).toBe(2.5);
  expect(hoursUntilSpent(hours, 2, Float64Array.of(2, 2, 2, 2))).toBe(1);
  // Thrice as much at first, and twice in the end: 3, 3, 6, 10.
  expect(hoursUntilSpent(hours, 1.5, Float64Array.of(3, 3, 2, 2))).toBe(0.5);
  expect(hoursUntilSpent(hours, 8, Float64Array.of(3, 3, 2, 2))).toBe(3.5);
  expect(hoursUntilSpent(hours, 5.01)).toBeUndefined();
});
