import type { Random } from '../../src/core/learning/random.ts';
import { forecastSpend } from '../../src/core/money/spend-forecast.ts';
import { generateSpend, type TrafficKind } from './generated-spend.ts';
import type { Trial } from './score.ts';

const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Of history, days. */
const HISTORY_DAYS = [10, 56] as const;

/** Hours ahead. */
export const HORIZONS = { day: [4, 24], month: [120, 720] } as const;

/** Ten days to eight weeks of history, then the rest of a day or of a month. Naive: the last week again, hour for hour. */
export function spendTrial(kind: TrafficKind, horizon: keyof typeof HORIZONS, random: Random): Trial {
  const between = ([low, high]: readonly [number, number]) => Math.floor(low + (high - low) * random());
  const ahead = between(HORIZONS[horizon]);
  const history = between([HISTORY_DAYS[0] * DAY_HOURS, HISTORY_DAYS[1] * DAY_HOURS]);
  const { firstHour, amounts } = generateSpend(kind, history, ahead, random);
  const { hours, lowFactor, highFactor } = forecastSpend(
    { firstHour, amounts: amounts.slice(0, history) },
    ahead,
  );
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const expected = total(hours);
  const week = amounts.slice(history - WEEK_HOURS, history);
  return {
    expected,
    low: expected * lowFactor,
    high: expected * highFactor,
    actual: total(amounts.slice(history)),
    naive: total(Float64Array.from(hours, (_, hour) => week[hour % WEEK_HOURS] ?? 0)),
  };
}
