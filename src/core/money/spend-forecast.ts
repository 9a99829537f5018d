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

/** Hours ahead at which past forecasts are compared with what came; between them the errors are read off. */
const COMPARED_AT_HOURS = [1, 3, 6, 12, 24, 48, 72, 120, 168, 240, 336, 480];

export interface SpendForecast {
  readonly model: SpendModel;
  /** Expected of each hour ahead. */
  readonly hours: Float64Array;
  /**
   * By hour ahead: what the sum to its end may be, as factors of what is expected of it, bounds of the central 80 % interval.
   * Sums of a few hours miss by more than those of a month.
   */
  readonly lowFactors: Float64Array;
  readonly highFactors: Float64Array;
  /** The last of these: of all hours. */
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
  const knots = [...COMPARED_AT_HOURS.filter((hours) => hours < hourCount), hourCount];
  const errors = yield* pastErrors(series, knots);
  const bounds = errors.map((some, knot) => {
    const isOverlapping = (knots[knot] as number) > OVERLAPPING_FROM_HOURS;
    const fewest = isOverlapping ? PRIOR_BESIDE_OVERLAPPING : 0;
    const stand = PRIOR_ERRORS.slice(0, Math.max(fewest, PRIOR_ERRORS.length - some.length));
    const all = [...some, ...stand].sort((one, other) => one - other);
    // Of a month the first days are tried less often than a day alone would be: ten errors know little of their own tenth.
    const isNear = knot < knots.length - 1 && !isOverlapping;
    const quantile = isNear ? quantileOfNext : quantileSorted;
    return { low: quantile(all, 0.1), high: quantile(all, 0.9) };
  });
  const hours = predictSpend(model, firstHour + amounts.length, hourCount);
  const floorAnHour = floorOf(amounts, 1);
  const factorsOf = (side: 'low' | 'high') =>
    factorsBy(hours, floorAnHour, (ahead) => errorAt(knots, bounds, side, ahead));
  const lowFactors = factorsOf('low');
  const highFactors = factorsOf('high');
  return {
    model,
    hours,
    lowFactors,
    highFactors,
    lowFactor: lowFactors[hourCount - 1] as number,
    highFactor: highFactors[hourCount - 1] as number,
    trials: errors.at(-1)?.length ?? 0,
  };
}

/**
 * What the next error stays below with this probability, were it of the same kind: the place (n + 1)·share among n, which is
 * what makes conformal intervals hold for few.
 */
function quantileOfNext(sorted: number[], share: number): number {
  const place = Math.min(sorted.length, Math.max(1, (sorted.length + 1) * share));
  const below = sorted[Math.floor(place) - 1] as number;
  const above = sorted[Math.ceil(place) - 1] as number;
  return below + (place - Math.floor(place)) * (above - below);
}

/** Between two horizons in proportion to ln(hours). */
function errorAt(
  knots: readonly number[],
  bounds: readonly { readonly low: number; readonly high: number }[],
  side: 'low' | 'high',
  ahead: number,
): number {
  const next = knots.findIndex((hours) => hours >= ahead);
  const there = bounds[next]?.[side] ?? 0;
  const before = bounds[next - 1]?.[side];
  if (before === undefined) return there;
  const from = Math.log(knots[next - 1] as number);
  const share = (Math.log(ahead) - from) / (Math.log(knots[next] as number) - from);
  return before + share * (there - before);
}

/** What is spent never falls: no earlier sum has a bound above a later one's. */
function factorsBy(
  hours: Float64Array,
  floorAnHour: number,
  errorOf: (ahead: number) => number,
): Float64Array {
  const factors = new Float64Array(hours.length);
  const sums = new Float64Array(hours.length);
  let total = 0;
  for (const [index, expected] of hours.entries()) {
    total += expected;
    sums[index] = total;
  }
  let least = Number.POSITIVE_INFINITY;
  for (let index = hours.length - 1; index >= 0; index -= 1) {
    const expected = sums[index] as number;
    const floor = floorAnHour * (index + 1);
    least = Math.min(least, Math.max(0, (expected + floor) * Math.exp(errorOf(index + 1)) - floor));
    factors[index] = expected > 0 ? least / expected : 1;
  }
  return factors;
}

/** @returns of each horizon ln(spent / forecast) of the past forecasts */
function* pastErrors(
  { firstHour, amounts }: HourlySpend,
  knots: readonly number[],
): Generator<void, number[][]> {
  const hourCount = knots.at(-1) ?? 1;
  const third = Math.floor(amounts.length / 3 / DAY_HOURS);
  const fewestHours = DAY_HOURS * Math.min(ENOUGH_DAYS, Math.max(FEWEST_DAYS, third));
  const room = amounts.length - fewestHours;
  const triedHours = Math.min(hourCount, Math.max(DAY_HOURS, Math.floor(room / 3)));
  const errors: number[][] = knots.map(() => []);
  const floorAnHour = floorOf(amounts, 1);
  if (!(floorAnHour > 0)) return errors;
  // From one hour of the day: how much of a day is left decides what can be known of it.
  const last = amounts.length - Math.ceil(triedHours / DAY_HOURS) * DAY_HOURS;
  let trials = 0;
  for (let origin = last; origin >= fewestHours && trials < MOST_TRIALS; origin -= DAY_HOURS) {
    const known = { firstHour, amounts: amounts.subarray(0, origin) };
    const hours = predictSpend(fitSpend(known, triedHours), firstHour + origin, triedHours);
    for (const [knot, horizon] of knots.entries()) {
      const tried = Math.min(horizon, triedHours);
      const floor = floorAnHour * tried;
      const spent = sum(amounts, origin, origin + tried);
      const widening = Math.sqrt(horizon / tried);
      errors[knot]?.push(widening * Math.log((spent + floor) / (sum(hours, 0, tried) + floor)));
    }
    trials += 1;
    yield;
  }
  return errors;
}

function floorOf(amounts: Float64Array, hourCount: number): number {
  return (FLOOR_SHARE * hourCount * sum(amounts, 0, amounts.length)) / amounts.length;
}

/**
 * Hours until so much is spent; undefined when it is not within them.
 *
 * @param left money, above 0
 * @param factors by hour: of what is expected to its end, so much is spent; 1 where it is left out
 */
export function hoursUntilSpent(
  hours: Float64Array,
  left: number,
  factors?: Float64Array,
): number | undefined {
  let expected = 0;
  let before = 0;
  for (const [ahead, amount] of hours.entries()) {
    expected += amount;
    const spent = expected * (factors?.[ahead] ?? 1);
    if (spent >= left && spent > before) return ahead + Math.max(0, (left - before) / (spent - before));
    before = Math.max(before, spent);
  }
  return undefined;
}

function sum(values: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let index = start; index < end; index += 1) total += values[index] ?? 0;
  return total;
}
