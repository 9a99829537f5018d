import type { UsageGroup } from './answers.ts';

/** Of more models the chart would be a rainbow. */
const MOST_SERIES = 7;
const OTHERS = 'others';

/**
 * Rows of the roll-up as one series of values for each name, the largest first; small ones are put together.
 *
 * @param times epoch ms at which each value begins, ascending; a row belongs to the one that its `hour` or `day` names
 */
export function seriesOf(
  times: readonly number[],
  rows: readonly UsageGroup[],
  names: readonly string[],
  amountOf: (row: UsageGroup) => number,
  nameOf: (row: UsageGroup) => string = ({ model }) => model ?? '',
): { readonly name: string; readonly values: number[] }[] {
  const timeToPlace = new Map(times.map((time, index) => [time, index]));
  const all = names.map((name) => ({ name, values: times.map(() => 0), total: 0 }));
  const nameToSeries = new Map(all.map((series) => [series.name, series]));
  for (const row of rows) {
    const place = timeToPlace.get(Date.parse(row.hour ?? row.day ?? ''));
    const series = nameToSeries.get(nameOf(row));
    if (place === undefined || series === undefined) continue;
    const value = amountOf(row);
    series.values[place] = (series.values[place] ?? 0) + value;
    series.total += value;
  }
  all.sort((one, other) => other.total - one.total);
  if (all.length <= MOST_SERIES + 1) return all;
  const rest = all.slice(MOST_SERIES);
  const values = times.map((_, index) => rest.reduce((sum, series) => sum + (series.values[index] ?? 0), 0));
  return [...all.slice(0, MOST_SERIES), { name: OTHERS, values }];
}
