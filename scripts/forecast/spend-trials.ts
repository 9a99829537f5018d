import type { Random } from '../../src/core/learning/random.ts';
import { forecastSpend } from '../../src/core/money/spend-forecast.ts';
import { generateSpend, type TrafficKind } from './generated-spend.ts';
import type { Trial } from './score.ts';

const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Of history, days. */
const HISTORY_DAYS = [10, 56] as const;

export interface SpendTrial extends Trial {
  /** The same forecast at the end of nearer days, with the band of that day, and with that of the end. */
  readonly byDay: readonly { readonly days: number; readonly own: Trial; readonly ofTheEnd: Trial }[];
}

/** Hours ahead. */
export const HORIZONS = { day: [4, 24], month: [120, 720] } as const;

/** Days ahead at whose end a month's forecast is looked at as well. */
export const DAYS_AHEAD = [1, 2, 3, 7, 14] as const;

/** Ten days to eight weeks of history, then the rest of a day or of a month. Naive: the last week again, hour for hour. */
export function spendTrial(kind: TrafficKind, horizon: keyof typeof HORIZONS, random: Random): SpendTrial {
  const between = ([low, high]: readonly [number, number]) => Math.floor(low + (high - low) * random());
  const ahead = between(HORIZONS[horizon]);
  const history = between([HISTORY_DAYS[0] * DAY_HOURS, HISTORY_DAYS[1] * DAY_HOURS]);
  const { firstHour, amounts } = generateSpend(kind, history, ahead, random);
  const { hours, lowFactor, highFactor, lowFactors, highFactors } = forecastSpend(
    { firstHour, amounts: amounts.slice(0, history) },
    ahead,
  );
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const expected = total(hours);
  const byDay = DAYS_AHEAD.filter((days) => days * DAY_HOURS <= ahead).map((days) => {
    const count = days * DAY_HOURS;
    const near = total(hours.slice(0, count));
    const spent = {
      expected: near,
      actual: total(amounts.slice(history, history + count)),
      naive: undefined,
    };
    const bounds = (low: number, high: number) => ({ ...spent, low: near * low, high: near * high });
    return {
      days,
      own: bounds(lowFactors[count - 1] ?? Number.NaN, highFactors[count - 1] ?? Number.NaN),
      ofTheEnd: bounds(lowFactor, highFactor),
    };
  });
  const week = amounts.slice(history - WEEK_HOURS, history);
  return {
    byDay,
    expected,
    low: expected * lowFactor,
    high: expected * highFactor,
    actual: total(amounts.slice(history)),
    naive: total(Float64Array.from(hours, (_, hour) => week[hour % WEEK_HOURS] ?? 0)),
  };
}
