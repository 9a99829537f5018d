/**
 * What is removed because its time is over, in steps of milliseconds: each a transaction of its own, between which requests
 * go on. Sums are removed after the rows they were made of, so that nothing is summed up anew from what is left.
 */
import { and, asc, eq, exists, gt, inArray, isNull, lt, lte, min, not, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { DAY_MS } from '../core/durations.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { OPERATION_TASKS } from '../core/task/operation-task.ts';
import { REQUEST_SIZES } from '../core/task/request-size.ts';
import { TASKS } from '../core/task/task.ts';
import { removeClaimsBefore } from './claims.ts';
import type { Removed, RetentionLimits } from './contract.ts';
import { ask, type Database, type Queryable, type Steps } from './database.ts';
import { loadState, saveState } from './process-state.ts';
import { DAY_LEVELS, HOUR_LEVELS, PACKED_DAY_LEVELS, PACKED_HOUR_LEVELS } from './traffic-levels.ts';

/** Requests with their attempts and verdicts: about 3 ms on SQLite. */
const REQUESTS_AT_ONCE = 50;
/** Sums, with two indexes: as long. */
const ROWS_AT_ONCE = 200;
/** Of 100 kB each. */
const PACKS_AT_ONCE = 8;
/** Responses hold whole prompts and answers. */
const RESPONSES_AT_ONCE = 20;
/** Everything that began before it may be gone, whoever removed it. */
export const PURGED_BEFORE = 'requests_purged_before_ms';

/** See `Store.removeExpired`. */
export async function removeExpired(
  database: Database,
  limits: RetentionLimits,
  turns: LoopTurns,
): Promise<Removed | undefined> {
  const { requestsBeforeMs, usageBeforeMs } = limits;
  if (requestsBeforeMs !== undefined) {
    const removed = await removeRequestsBefore(database, requestsBeforeMs);
    if (removed.requests > 0) return { what: 'requests', rows: removed.requests };
  }
  if (usageBeforeMs !== undefined) {
    const rows = await removeUsageBefore(database, Math.floor(usageBeforeMs / DAY_MS) * DAY_MS, turns);
    if (rows > 0) return { what: 'usage', rows };
  }
  const accounts =
    (await removeAccountsBefore(database, Math.floor(limits.accountsBeforeMs / DAY_MS), turns)) ||
    (await removeClaimsBefore(database, limits.accountsBeforeMs));
  if (accounts > 0) return { what: 'accounts', rows: accounts };
  const responses = await removeResponsesOver(database, limits.nowMs);
  if (responses > 0) return { what: 'responses', rows: responses };
  return undefined;
}

/** A few of the oldest requests, none of which still runs. */
async function removeRequestsBefore(database: Database, beforeMs: number): Promise<{ requests: number }> {
  const { db, tables } = database;
  const { attempts, requests } = tables;
  const running = db
    .select({ requestId: attempts.requestId })
    .from(attempts)
    .where(and(eq(attempts.requestId, requests.requestId), isNull(attempts.ending)));
  const rows = await db
    .select({ requestId: requests.requestId })
    .from(requests)
    .where(and(lt(requests.createdAtMs, beforeMs), not(exists(running))))
    .orderBy(requests.createdAtMs)
    .limit(REQUESTS_AT_ONCE);
  if (rows.length === 0) return { requests: 0 };
  await notePurged(database, beforeMs);
  return {
    requests: await removeRequests(
      database,
      rows.map(({ requestId }) => requestId),
    ),
  };
}

/** @returns how many there were, with everything that belongs to them */
export function removeRequests(database: Database, ids: readonly string[]): Promise<number> {
  return database.transact(function* ({ db, tables: { attempts, feedback, requests } }) {
    // Attempts first, as who changes a verdict locks them first: else both wait for each other, or a verdict is left over.
    yield* ask(db.delete(attempts).where(inArray(attempts.requestId, [...ids])));
    yield* ask(db.delete(feedback).where(inArray(feedback.requestId, [...ids])));
    const removed = yield* ask(
      db
        .delete(requests)
        .where(inArray(requests.requestId, [...ids]))
        .returning({ requestId: requests.requestId }),
    );
    return removed.length;
  });
}

/** Whoever misses a request from before this is told why. Never back: what is gone is gone. */
export async function notePurged(database: Database, beforeMs: number): Promise<void> {
  const known = Number((await loadState(database, PURGED_BEFORE)) ?? Number.NEGATIVE_INFINITY);
  if (beforeMs > known) await saveState(database, PURGED_BEFORE, String(Math.round(beforeMs)));
}

async function removeUsageBefore(database: Database, beforeMs: number, turns: LoopTurns): Promise<number> {
  const { rolledDays, trafficHours, trafficPacks, trafficSums, patternBlocks } = database.tables;
  const hours = await removeFirst(database, turns, beforeMs, {
    table: trafficHours,
    at: trafficHours.hourMs,
    place: [trafficHours.task, trafficHours.modelId, trafficHours.endpointId, trafficHours.keyId],
  });
  if (hours > 0) return hours;
  for (const { name } of [...HOUR_LEVELS, ...DAY_LEVELS]) {
    const sums = await removeFirst(database, turns, beforeMs, {
      table: trafficSums,
      at: trafficSums.startMs,
      place: [trafficSums.keyId, trafficSums.task, trafficSums.modelId],
      isOfLevel: eq(trafficSums.level, name),
    });
    if (sums > 0) return sums;
  }
  for (const { name } of [...PACKED_HOUR_LEVELS, ...PACKED_DAY_LEVELS]) {
    const packs = await removeFirst(database, turns, beforeMs, {
      table: trafficPacks,
      at: trafficPacks.dayMs,
      place: [trafficPacks.part],
      isOfLevel: eq(trafficPacks.level, name),
      rowsAtOnce: PACKS_AT_ONCE,
    });
    if (packs > 0) return packs;
  }
  const days = await removeFirst(database, turns, beforeMs, {
    table: rolledDays,
    at: rolledDays.dayMs,
    place: [],
  });
  if (days > 0) return days;
  const blocks = await removeFirst(database, turns, beforeMs, {
    table: patternBlocks,
    at: patternBlocks.blockMs,
    place: [patternBlocks.task, patternBlocks.shape, patternBlocks.modelId],
  });
  if (blocks > 0) return blocks;
  return removeChoicesBefore(database, beforeMs / DAY_MS, turns);
}

/** Rows of the earliest time that there is before this, in the order of `place`, the rest of the primary key: some of them. */
async function removeFirst(
  database: Database,
  turns: LoopTurns,
  beforeMs: number,
  {
    table,
    at,
    place,
    isOfLevel,
    rowsAtOnce = ROWS_AT_ONCE,
  }: {
    readonly table: SQLiteTable;
    readonly at: SQLiteColumn;
    readonly place: SQLiteColumn[];
    readonly isOfLevel?: SQL;
    readonly rowsAtOnce?: number;
  },
): Promise<number> {
  const { db } = database;
  if (turns.isOver()) await turns.next();
  const [found] = await db
    .select({ first: min(at) })
    .from(table)
    .where(and(isOfLevel, lt(at, beforeMs)));
  if (found?.first == null) return 0;
  const isFirst = and(isOfLevel, eq(at, Number(found.first)));
  const [last] =
    place.length === 0
      ? []
      : await db
          .select(Object.fromEntries(place.map((column) => [column.name, column])))
          .from(table)
          .where(isFirst)
          .orderBy(...place.map((column) => asc(column)))
          .limit(1)
          .offset(rowsAtOnce - 1);
  const list = (of: readonly (SQLiteColumn | SQL)[]) => sql.join([...of], sql`, `);
  const isUpToThere =
    last && sql`(${list(place)}) <= (${list(place.map((column) => sql`${last[column.name]}`))})`;
  return database.transact(function* (queryable) {
    const removed = yield* ask(queryable.db.delete(table).where(and(isFirst, isUpToThere)).returning({ at }));
    return removed.length;
  });
}

/** Their keys begin with what is counted, not with the day: a piece of the key at a time. */
async function removeChoicesBefore(database: Database, beforeDay: number, turns: LoopTurns): Promise<number> {
  const { choiceDays, ratingDays } = database.tables;
  for (const task of [...TASKS, ...OPERATION_TASKS]) {
    for (const size of REQUEST_SIZES) {
      for (const table of [choiceDays, ratingDays] as const) {
        // Each hour there is nothing to remove in nearly all of these two hundred: a look is enough.
        if (turns.isOver()) await turns.next();
        const isOld = and(eq(table.task, task), eq(table.size, size), lt(table.day, beforeDay));
        const [old] = await database.db.select({ day: table.day }).from(table).where(isOld).limit(1);
        if (old === undefined) continue;
        const removed = await database.transact(function* ({ db }) {
          return yield* ask(db.delete(table).where(isOld).returning({ day: table.day }));
        });
        if (removed.length > 0) return removed.length;
      }
    }
  }
  return 0;
}

async function removeAccountsBefore(
  database: Database,
  beforeDay: number,
  turns: LoopTurns,
): Promise<number> {
  const { feedbackDays } = database.tables;
  for (const keyId of await accountKeys(database, turns)) {
    if (turns.isOver()) await turns.next();
    const isOld = and(eq(feedbackDays.keyId, keyId), lt(feedbackDays.day, beforeDay));
    const [old] = await database.db
      .select({ day: feedbackDays.day })
      .from(feedbackDays)
      .where(isOld)
      .limit(1);
    if (old === undefined) continue;
    const removed = await database.transact(function* ({ db }) {
      return yield* ask(db.delete(feedbackDays).where(isOld).returning({ day: feedbackDays.day }));
    });
    if (removed.length > 0) return removed.length;
  }
  return 0;
}

/** One look into the index for each key: `distinct` would walk through all rows. */
async function accountKeys(
  { db, tables: { feedbackDays } }: Queryable,
  turns: LoopTurns,
): Promise<readonly string[]> {
  const keyIds: string[] = [];
  for (;;) {
    if (turns.isOver()) await turns.next();
    const last = keyIds.at(-1);
    const [next] = await db
      .select({ keyId: feedbackDays.keyId })
      .from(feedbackDays)
      .where(last === undefined ? undefined : gt(feedbackDays.keyId, last))
      .orderBy(feedbackDays.keyId)
      .limit(1);
    if (next === undefined) return keyIds;
    keyIds.push(next.keyId);
  }
}

async function removeResponsesOver(database: Database, nowMs: number): Promise<number> {
  const { db, tables } = database;
  const { responses } = tables;
  const rows = await db
    .select({ responseId: responses.responseId })
    .from(responses)
    .where(lte(responses.expiresAtMs, nowMs))
    .limit(RESPONSES_AT_ONCE);
  if (rows.length === 0) return 0;
  const ids = rows.map(({ responseId }) => responseId);
  await database.transact(function* (queryable): Steps<void> {
    yield* ask(queryable.db.delete(responses).where(inArray(responses.responseId, ids)));
  });
  return ids.length;
}
