import type { SpendForecast } from './answers.ts';

const DAY_MS = 86_400_000;

type Ahead = Pick<SpendForecast['days'][number], 'expected_usd' | 'p10_usd' | 'p90_usd'>;

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
 * The month as a curve: what is spent so far, and what is expected on top of it, with the band of each day's end.
 *
 * @param dayToUsd by the day's beginning in epoch ms
 */
export function monthSeries(forecast: SpendForecast, dayToUsd: ReadonlyMap<number, number>): MonthSeries {
  const startMs = Date.parse(forecast.starts_at);
  const nowMs = Date.parse(forecast.generated_at);
  const points: { atMs: number; spent: number | null; ahead: Ahead | null }[] = [];
  if (startMs < nowMs) points.push({ atMs: startMs, spent: 0, ahead: null });
  let sum = 0;
  for (let dayMs = startMs; dayMs + DAY_MS < nowMs; dayMs += DAY_MS) {
    sum += dayToUsd.get(dayMs) ?? 0;
    points.push({ atMs: dayMs + DAY_MS, spent: sum, ahead: null });
  }
  const { spent_usd: now } = forecast;
  points.push({ atMs: nowMs, spent: now, ahead: { expected_usd: now, p10_usd: now, p90_usd: now } });
  for (const day of forecast.days) points.push({ atMs: Date.parse(day.ends_at), spent: null, ahead: day });
  const at = (member: keyof Ahead) => points.map(({ ahead }) => ahead?.[member] ?? null);
  return {
    times: points.map(({ atMs }) => atMs / 1_000),
    spent: points.map(({ spent }) => spent),
    expected: at('expected_usd'),
    low: at('p10_usd'),
    high: at('p90_usd'),
  };
}
