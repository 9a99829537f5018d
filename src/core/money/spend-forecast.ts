import { quantileSorted } from 'simple-statistics';
import { fitSpend, type HourlySpend, predictSpend, type SpendModel } from './spend-model.ts';

const DAY_HOURS = 24;
/** Past forecasts that are compared with what came, at most: one a day. */
const MOST_TRIALS = 35;
/** Days that a past forecast must have had before it: a third of the history, in these bounds. With less it errs more. */
const FEWEST_DAYS = 3;
const ENOUGH_DAYS = 21;
/**
 * ln(spent / forecast) as it is to be expected where little is known yet: these stand in for errors until so many were
 * seen.
 */
const PRIOR_ERRORS = [0.3, -0.3, 0.5, -0.5, 0.7, -0.7, 0.15, -0.15, 0];
/** Past forecasts of more than this overlap so much that a few weeks hold two or three of them: some keep their place. */
const OVERLAPPING_FROM_HOURS = 48;
const PRIOR_BESIDE_OVERLAPPING = 4;
/** Of the usual spend: below it an error in per cent says nothing. */
const FLOOR_SHARE = 0.02;

export interface SpendForecast {
  readonly model: SpendModel;
  /** Expected of each hour ahead. */
  readonly hours: Float64Array;
  /** What the sum may be, as factors of what is expected: bounds of the central 80 % interval. */
  readonly lowFactor: number;
  readonly highFactor: number;
  /** Past forecasts that the interval rests on. */
  readonly trials: number;
}

/**
 * What will be spent in the next hours, with an interval found by forecasting the past: from one point each day, with what
 * was known by then, as far ahead as is asked for; the errors ln(spent / forecast) of these are the errors to be expected
 * (the idea of split conformal prediction, Vovk et al. 2005; on a time series an approximation). Where the
 * history is shorter than three times the horizon, nearer ones are tried and their errors widened by √(horizon / tried),
 * as those of a random walk are.
 *
 * @param series whole hours, at least one
 * @param hourCount ahead, at least 1
 */
export function forecastSpend(series: HourlySpend, hourCount: number): SpendForecast {
  const steps = forecastSpendInSteps(series, hourCount);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, a model at a time (36 of them, 30 µs each): what is done between two steps is the caller's. */
export function* forecastSpendInSteps(
  series: HourlySpend,
  hourCount: number,
): Generator<void, SpendForecast> {
  const { firstHour, amounts } = series;
  const model = fitSpend(series, hourCount);
  yield;
  const errors = yield* pastErrors(series, hourCount);
  const fewest = hourCount > OVERLAPPING_FROM_HOURS ? PRIOR_BESIDE_OVERLAPPING : 0;
  const stand = PRIOR_ERRORS.slice(0, Math.max(fewest, PRIOR_ERRORS.length - errors.length));
  const all = [...errors, ...stand].sort((one, other) => one - other);
  const hours = predictSpend(model, firstHour + amounts.length, hourCount);
  const expected = sum(hours, 0, hourCount);
  const floor = floorOf(amounts, hourCount);
  const factorAt = (share: number) =>
    expected > 0
      ? Math.max(0, (expected + floor) * Math.exp(quantileSorted(all, share)) - floor) / expected
      : 1;
  return {
    model,
    hours,
    lowFactor: factorAt(0.1),
    highFactor: factorAt(0.9),
    trials: errors.length,
  };
}

function* pastErrors({ firstHour, amounts }: HourlySpend, hourCount: number): Generator<void, number[]> {
  const third = Math.floor(amounts.length / 3 / DAY_HOURS);
  const fewestHours = DAY_HOURS * Math.min(ENOUGH_DAYS, Math.max(FEWEST_DAYS, third));
  const room = amounts.length - fewestHours;
  const triedHours = Math.min(hourCount, Math.max(DAY_HOURS, Math.floor(room / 3)));
  const widening = Math.sqrt(hourCount / triedHours);
  const floor = floorOf(amounts, triedHours);
  const errors: number[] = [];
  if (!(floor > 0)) return errors;
  // From one hour of the day: how much of a day is left decides what can be known of it.
  const last = amounts.length - Math.ceil(triedHours / DAY_HOURS) * DAY_HOURS;
  for (let origin = last; origin >= fewestHours && errors.length < MOST_TRIALS; origin -= DAY_HOURS) {
    const known = { firstHour, amounts: amounts.subarray(0, origin) };
    const hours = predictSpend(fitSpend(known, triedHours), firstHour + origin, triedHours);
    const spent = sum(amounts, origin, origin + triedHours);
    errors.push(widening * Math.log((spent + floor) / (sum(hours, 0, triedHours) + floor)));
    yield;
  }
  return errors;
}

function floorOf(amounts: Float64Array, hourCount: number): number {
  return (FLOOR_SHARE * hourCount * sum(amounts, 0, amounts.length)) / amounts.length;
}

/**
 * Hours until so much is spent, by the hours expected times `factor`; undefined when it is not within them.
 *
 * @param left money, above 0
 */
export function hoursUntilSpent(hours: Float64Array, left: number, factor: number): number | undefined {
  let spent = 0;
  for (const [ahead, expected] of hours.entries()) {
    const amount = expected * factor;
    if (spent + amount >= left && amount > 0) return ahead + Math.max(0, (left - spent) / amount);
    spent += amount;
  }
  return undefined;
}

function sum(values: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let index = start; index < end; index += 1) total += values[index] ?? 0;
  return total;
}
