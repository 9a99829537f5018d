import type { RowReader } from './database.ts';

/** The time of a row that is looked at, with its attempts where a filter asks for them, by that of one that is summed up. */
const SUMS_PER_LOOK = 3;

/** How many rows a list with a filter looks at in one query after the other: `most` in all, whichever the database. */
export function lookSizesOf({ rowsAtOnce }: Pick<RowReader, 'rowsAtOnce'>, most: number): readonly number[] {
  const size = Math.min(most, Math.floor(rowsAtOnce / SUMS_PER_LOOK));
  const sizes = new Array<number>(Math.floor(most / size)).fill(size);
  return most % size === 0 ? sizes : [...sizes, most % size];
}
