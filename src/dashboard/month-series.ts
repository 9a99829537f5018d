import type { SpendForecast } from './answers.ts';

const DAY_MS = 86_400_000;

export interface MonthSeries {
  /** Seconds since 1970: the end of each day, and now. */
  readonly times: readonly number[];
  /** All spent from the beginning of the month to then; null ahead. */
  readonly spent: readonly (number | null)[];
  /** All that will have been spent by then; null in the past. */
  readonly expected: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/**
 * The month as a curve: what is spent so far, and what is expected on top of it. The band is that of the month's end, drawn
 * back to now: at each time the same factor below and above what is expected, as it is for the dates at which budgets are
 * used up.
 *
 * @param dayToUsd by the day's beginning in epoch ms
 */
export function monthSeries(forecast: SpendForecast, dayToUsd: ReadonlyMap<number, number>): MonthSeries {
  const startMs = Date.parse(forecast.starts_at);
  const nowMs = Date.parse(forecast.generated_at);
  const points: { atMs: number; spent: number | null; ahead: number | null }[] = [];
  if (startMs < nowMs) points.push({ atMs: startMs, spent: 0, ahead: null });
  let sum = 0;
  for (let dayMs = startMs; dayMs + DAY_MS < nowMs; dayMs += DAY_MS) {
    sum += dayToUsd.get(dayMs) ?? 0;
    points.push({ atMs: dayMs + DAY_MS, spent: sum, ahead: null });
  }
  points.push({ atMs: nowMs, spent: forecast.spent_usd, ahead: 0 });
  let ahead = 0;
  for (const { hour, expected_usd } of forecast.hours) {
    ahead += expected_usd;
    const endMs = Date.parse(hour) + 3_600_000;
    if (endMs % DAY_MS === 0) points.push({ atMs: endMs, spent: null, ahead });
  }
  const total = forecast.expected_usd - forecast.spent_usd;
  const factorOf = (bound: number) => (total > 0 ? (bound - forecast.spent_usd) / total : 1);
  const at = (factor: number) =>
    points.map(({ ahead: more }) => (more === null ? null : forecast.spent_usd + factor * more));
  return {
    times: points.map(({ atMs }) => atMs / 1_000),
    spent: points.map(({ spent }) => spent),
    expected: at(1),
    low: at(factorOf(forecast.p10_usd)),
    high: at(factorOf(forecast.p90_usd)),
  };
}
