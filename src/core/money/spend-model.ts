import { median, medianAbsoluteDeviation } from 'simple-statistics';

/** What was spent hour by hour, without gaps: an hour without requests is a 0. */
export interface HourlySpend {
  /** Hours since the epoch of the first value. */
  readonly firstHour: number;
  /** Any unit of money, the oldest first. */
  readonly amounts: Float64Array;
}

/** Level, trend and season at the end of a series. */
export interface SpendModel {
  /** Per hour of average season, now. */
  readonly level: number;
  /** Change of the level per day, now; it fades by `DAMPING` a day. */
  readonly trendPerDay: number;
  /** By hours since the epoch modulo 168, mean 1. */
  readonly season: Float64Array;
}

const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** φ: a trend is worth less the further ahead. */
const DAMPING = 0.97;
const LEVEL_WEIGHTS = [0.1, 0.2, 0.35, 0.6];
/** The weights are those that fit best so many days ahead, at most: of further ones too few have come. */
const FARTHEST_DAYS = 7;
/** Differences between a day and the one a week before that a trend is taken from, the latest of them. */
const TREND_PAIRS = 28;
/** With fewer, the seven that a launch lies between would be the half that decides. */
const FEWEST_PAIRS = 21;
/** Days that "every hour is like the others" counts against what was seen of an hour of the day … */
const HOUR_STRENGTH_DAYS = 2;
/** … days of one weekday that "all days are alike" counts … */
const WEEKDAY_STRENGTH_DAYS = 1;
/** … and weeks that hour of the day × weekday counts against one hour of the week. */
const CELL_STRENGTH_WEEKS = 3;

/**
 * Fits level, damped trend and hour-of-week season to hourly spend.
 *
 * - Season (classical ratio to moving average): each hour over the mean of the week around it; hours of the week lean on
 *   hour of the day × weekday, and these on 1, each as (Σy + κ·prior) / (Σbase + κ).
 * - Trend: the median of (day − the same weekday a week before)/7, the seasonal Kendall slope (Hirsch, Slack & Smith 1982),
 *   which a launch does not tilt; shrunk by b·max(0, 1 − s²/b²) with its standard error s, from the median absolute
 *   deviation. It is damped by φ a day ahead (Gardner & McKenzie 1985).
 * - Level: exponential smoothing along the trend over days without season, l' = α·x + (1 − α)(l + b), α being that of a
 *   small grid that would have been nearest to the mean of the days that are to be forecast. Days are counted back from
 *   the end, so each has every hour of the day once.
 *
 * @param series at least one value
 * @param hourCount how far ahead it is to be good for
 */
export function fitSpend(series: HourlySpend, hourCount: number): SpendModel {
  const days = dayTotals(series.amounts);
  const season = seasonOf(series, days);
  const first = series.firstHour + startOfDay(series.amounts.length, days.length, 0);
  const length = Math.min(DAY_HOURS, series.amounts.length);
  // Days that begin at the same hour of the week have the same season.
  const weekdayToWeight = Array.from({ length: 7 }, (_, day) => {
    let weight = 0;
    for (let hour = 0; hour < length; hour += 1)
      weight += season[(first + day * DAY_HOURS + hour) % WEEK_HOURS] ?? 1;
    return weight;
  });
  const levels = days.map((total, day) => {
    const weight = weekdayToWeight[day % 7] ?? 0;
    return weight > 0 ? total / weight : 0;
  });
  const daysAhead = Math.min(FARTHEST_DAYS, Math.max(1, Math.ceil(hourCount / DAY_HOURS)));
  return { ...smooth(levels, daysAhead), season };
}

/**
 * What is expected of each of the next hours.
 *
 * @param fromHour hours since the epoch: the first one after the series
 */
export function predictSpend(model: SpendModel, fromHour: number, hourCount: number): Float64Array {
  return Float64Array.from({ length: hourCount }, (_, ahead) => {
    const level = Math.max(0, model.level + model.trendPerDay * fadedDays((ahead + 0.5) / DAY_HOURS));
    return level * (model.season[(fromHour + ahead) % WEEK_HOURS] ?? 1);
  });
}

/** φ + φ² + … + φᵈ: how much of today's trend is to come in so many days. */
function fadedDays(days: number): number {
  return (DAMPING * (1 - DAMPING ** days)) / (1 - DAMPING);
}

/** Whole days back from the end, the oldest first; of less than a day, that. */
function dayTotals(amounts: Float64Array): number[] {
  const count = Math.max(1, Math.floor(amounts.length / DAY_HOURS));
  return Array.from({ length: count }, (_, day) => {
    const start = startOfDay(amounts.length, count, day);
    return sum(amounts, start, Math.min(start + DAY_HOURS, amounts.length));
  });
}

function startOfDay(hourCount: number, dayCount: number, day: number): number {
  return Math.max(0, hourCount - (dayCount - day) * DAY_HOURS);
}

function seasonOf({ firstHour, amounts }: HourlySpend, days: readonly number[]): Float64Array {
  const cellSpend = new Float64Array(WEEK_HOURS);
  const cellBase = new Float64Array(WEEK_HOURS);
  const first = startOfDay(amounts.length, days.length, 0);
  const dayHours = Math.min(DAY_HOURS, amounts.length);
  const dayToBase = days.map((_, day) => {
    const end = Math.min(day + 4, days.length);
    const start = Math.max(0, day - 3);
    return sum(days, start, end) / (end - start) / dayHours;
  });
  let cell = (firstHour + first) % WEEK_HOURS;
  for (let day = 0, hour = first; hour < amounts.length; day += 1) {
    const base = dayToBase[day] ?? 0;
    for (const end = Math.min(hour + DAY_HOURS, amounts.length); hour < end; hour += 1) {
      cellSpend[cell] = (cellSpend[cell] as number) + (amounts[hour] as number);
      cellBase[cell] = (cellBase[cell] as number) + base;
      cell = cell === WEEK_HOURS - 1 ? 0 : cell + 1;
    }
  }
  const base = sum(cellBase, 0, WEEK_HOURS) / Math.max(1, amounts.length - first);
  const flat = new Float64Array(WEEK_HOURS).fill(1);
  if (!(base > 0)) return flat;
  const hours = ratiosBy((one) => one % DAY_HOURS, DAY_HOURS, HOUR_STRENGTH_DAYS * base);
  const weekdays = ratiosBy(
    (one) => Math.floor(one / DAY_HOURS),
    7,
    WEEKDAY_STRENGTH_DAYS * DAY_HOURS * base,
  );
  const season = flat.map((_, cell) => {
    const prior = (hours[cell % DAY_HOURS] ?? 1) * (weekdays[Math.floor(cell / DAY_HOURS)] ?? 1);
    const strength = CELL_STRENGTH_WEEKS * base;
    return ((cellSpend[cell] ?? 0) + strength * prior) / ((cellBase[cell] ?? 0) + strength);
  });
  const mean = sum(season, 0, WEEK_HOURS) / WEEK_HOURS;
  return season.map((value) => value / mean);

  /** Of each group of cells what was spent over what its days would have spent, leaning on 1 with this strength. */
  function ratiosBy(groupOf: (cell: number) => number, groupCount: number, strength: number): Float64Array {
    const spend = new Float64Array(groupCount).fill(strength);
    const expected = new Float64Array(groupCount).fill(strength);
    for (let one = 0; one < WEEK_HOURS; one += 1) {
      const group = groupOf(one);
      spend[group] = (spend[group] as number) + (cellSpend[one] as number);
      expected[group] = (expected[group] as number) + (cellBase[one] as number);
    }
    return spend.map((amount, group) => amount / (expected[group] as number));
  }
}

function smooth(levels: readonly number[], daysAhead: number): Pick<SpendModel, 'level' | 'trendPerDay'> {
  const trendPerDay = trendOf(levels);
  const meanAhead = levels.map((_, day) => {
    const end = Math.min(day + daysAhead, levels.length);
    return sum(levels, day, end) / (end - day);
  });
  const start = levels.slice(0, 3);
  let best = { level: 0, error: Number.POSITIVE_INFINITY };
  for (const weight of LEVEL_WEIGHTS) {
    let level = start.reduce((total, one) => total + one, 0) / start.length;
    let error = 0;
    for (let day = 0; day < levels.length; day += 1) {
      const seen = levels[day] as number;
      if (day + daysAhead <= levels.length)
        error += Math.abs((meanAhead[day] ?? 0) - level - (trendPerDay * (daysAhead + 1)) / 2);
      level = weight * seen + (1 - weight) * (level + trendPerDay);
    }
    if (error < best.error) best = { level, error };
  }
  return { level: Math.max(0, best.level), trendPerDay };
}

function trendOf(levels: readonly number[]): number {
  const pairs = levels
    .slice(7)
    .map((level, day) => (level - (levels[day] ?? 0)) / 7)
    .slice(-TREND_PAIRS);
  if (pairs.length < FEWEST_PAIRS) return 0;
  const slope = median(pairs);
  // 1.4826 · MAD is the deviation of a normal, 1.2533 the price of the median; pairs within a week share their days.
  const error = (1.4826 * 1.2533 * medianAbsoluteDeviation(pairs)) / Math.sqrt(pairs.length / 7);
  return slope === 0 ? 0 : slope * Math.max(0, 1 - (error / slope) ** 2);
}

function sum(values: ArrayLike<number>, start: number, end: number): number {
  let total = 0;
  for (let index = start; index < end; index += 1) total += values[index] ?? 0;
  return total;
}
