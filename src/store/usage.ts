import type { UsageQuery, UsageSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { readTrafficSums } from './read-traffic-sums.ts';

/** See `Store.readUsage`. */
export async function readUsage(
  queryable: Queryable & RowReader,
  query: UsageQuery,
): Promise<readonly UsageSum[]> {
  return readTrafficSums(queryable, query);
}
