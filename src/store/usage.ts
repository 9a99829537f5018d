import type { LoopTurns } from '../core/loop/loop-turns.ts';
import type { GroupPage, UsagePage, UsageQuery, UsageSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { readTrafficPage, readTrafficSums } from './read-traffic-sums.ts';

/** See `Store.readUsage`. */
export async function readUsage(
  queryable: Queryable & RowReader,
  query: UsageQuery,
  turns: LoopTurns,
): Promise<readonly UsageSum[]> {
  return readTrafficSums(queryable, query, turns);
}

/** See `Store.readUsagePage`. */
export async function readUsagePage(
  queryable: Queryable & RowReader,
  query: UsageQuery,
  turns: LoopTurns,
  page: GroupPage,
): Promise<UsagePage> {
  return readTrafficPage(queryable, query, turns, page);
}
