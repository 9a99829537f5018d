import { expect, test } from 'vitest';
import type { SpendForecast } from '../../src/dashboard/answers.ts';
import { monthSeries } from '../../src/dashboard/month-series.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-11-01T00:00:00Z');
const NOW_MS = Date.parse('2026-11-28T12:30:00Z');

/** A dollar an hour from the present one on, of which half is left. */
const hours = Array.from({ length: 60 }, (_, ahead) => ({
  hour: new Date(Date.parse('2026-11-28T12:00:00Z') + ahead * 3_600_000).toISOString(),
  expected_usd: ahead === 0 ? 0.5 : 1,
}));
const forecast: SpendForecast = {
  object: 'spend_forecast',
  key_id: null,
  until: 'month',
  starts_at: new Date(START_MS).toISOString(),
  ends_at: '2026-12-01T00:00:00.000Z',
  generated_at: new Date(NOW_MS).toISOString(),
  spent_usd: 100,
  expected_usd: 159.5,
  p10_usd: 100 + 59.5 * 0.5,
  p90_usd: 100 + 59.5 * 2,
  level_usd_per_day: 24,
  trend_usd_per_day: 0,
  history_hours: 640,
  history_as_of: '2026-11-28T12:00:04.000Z',
  past_forecasts: 10,
  season: [],
  hours,
  // Of a near day the band is wider, for its size, than that of the end.
  days: [
    { ends_at: '2026-11-29T00:00:00.000Z', expected_usd: 111.5, p10_usd: 102, p90_usd: 130 },
    { ends_at: '2026-11-30T00:00:00.000Z', expected_usd: 135.5, p10_usd: 115, p90_usd: 175 },
    { ends_at: '2026-12-01T00:00:00.000Z', expected_usd: 159.5, p10_usd: 129.75, p90_usd: 219 },
  ],
  budgets: [],
  budgets_left_out: 0,
};

test('what is spent ends now, what is expected begins there, and its end is what the forecast says', () => {
  const dayToUsd = new Map(Array.from({ length: 27 }, (_, day) => [START_MS + day * DAY_MS, 3]));
  const { times, spent, expected, low, high } = monthSeries(forecast, dayToUsd);
  const now = times.indexOf(NOW_MS / 1_000);
  expect(spent.slice(0, 3)).toEqual([0, 3, 6]);
  expect(spent[now - 1]).toBe(81);
  expect(spent[now]).toBe(100);
  expect(expected.slice(0, now).every((value) => value === null)).toBe(true);
  expect([expected[now], low[now], high[now]]).toEqual([100, 100, 100]);
  // Midnight after the present day: half an hour and eleven whole ones.
  expect([expected[now + 1], low[now + 1], high[now + 1]]).toEqual([111.5, 102, 130]);
  expect(times.at(-1)).toBe(Date.parse(forecast.ends_at) / 1_000);
  expect(expected.at(-1)).toBeCloseTo(forecast.expected_usd);
  expect(low.at(-1)).toBeCloseTo(forecast.p10_usd);
  expect(high.at(-1)).toBeCloseTo(forecast.p90_usd);
  expect([...times]).toEqual([...times].sort((one, other) => one - other));
  expect(new Set(times).size).toBe(times.length);
});

test('without a history nothing is expected', () => {
  const empty = { ...forecast, hours: [], days: [], expected_usd: 0, p10_usd: 0, p90_usd: 0, spent_usd: 0 };
  const { times, expected } = monthSeries(empty, new Map());
  expect(times.at(-1)).toBe(NOW_MS / 1_000);
  expect(expected.filter((value) => value !== null)).toEqual([0]);
});

test.each(['2026-11-28T00:00:00.000Z', forecast.starts_at])(
  'at midnight, %s, no time stands there twice',
  (now) => {
    const { times, spent } = monthSeries({ ...forecast, generated_at: now, hours: [], days: [] }, new Map());
    expect(spent.at(-1)).toBe(forecast.spent_usd);
    expect(new Set(times).size).toBe(times.length);
  },
);
