/**
 * `traffic_packs` from the sums of a day: made when the day is over and summed up, and anew when something came to it late
 * (`reopenDay`). Packs are another form of the sums and hold nothing else: without them reports read rows.
 */
import { and, asc, desc, eq, gte, inArray, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { DAY_MS } from '../core/durations.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { ask, type Database, type Queryable, type Steps } from './database.ts';
import { gatherSums } from './gather-sums.ts';
import { TRAFFIC_SUMS } from './statements.ts';
import {
  DAY,
  HOUR_KEY_CELL,
  PACKED_DAY_LEVELS,
  PACKED_HOUR_LEVELS,
  type TrafficLevel,
} from './traffic-levels.ts';
import { BEING_PACKED, MOST_ENTRIES, PACK_FORMAT, type PackEntry, writePack } from './traffic-pack.ts';

/** About 1.5 ms on SQLite, during which nothing else is done. */
const ROWS_AT_ONCE = 500;
/** Requests come first. */
const PAUSE_MS = 20;

/** See `Store.packDay`. The youngest day first: it is asked for most. */
export async function packDay(database: Database, turns: LoopTurns): Promise<number | undefined> {
  const { db, tables } = database;
  const { rolledDays } = tables;
  const [next] = await db
    .select({ dayMs: rolledDays.dayMs })
    .from(rolledDays)
    .where(and(isOver(rolledDays), ne(rolledDays.packedAs, PACK_FORMAT)))
    .orderBy(desc(rolledDays.dayMs))
    .limit(1);
  if (next === undefined) return undefined;
  const { dayMs } = next;
  // Whoever writes into the day from here on takes this mark away, and what is packed is not used.
  if (!(await database.transact((queryable) => mark(queryable, dayMs, BEING_PACKED)))) return PAUSE_MS;
  await database.transact((queryable) => removePacks(queryable, dayMs));
  const isQuiet = await hadNothing(database, dayMs);
  if (!isQuiet) {
    for (const level of PACKED_DAY_LEVELS) await packLevel(database, turns, level, dayMs);
    for (const level of PACKED_HOUR_LEVELS) await packLevel(database, turns, level, dayMs);
  }
  await database.transact((queryable) => mark(queryable, dayMs, PACK_FORMAT));
  // A clock that once stood at 1970 leaves twenty thousand of them.
  return isQuiet ? 0 : PAUSE_MS;
}

async function hadNothing({ db, tables: { trafficSums } }: Database, dayMs: number): Promise<boolean> {
  const rows = await db
    .select({ startMs: trafficSums.startMs })
    .from(trafficSums)
    .where(and(eq(trafficSums.level, DAY.name), eq(trafficSums.startMs, dayMs)))
    .limit(1);
  return rows.length === 0;
}

function* removePacks({ db, tables: { trafficPacks } }: Queryable, dayMs: number): Steps<void> {
  const names = [...PACKED_DAY_LEVELS, ...PACKED_HOUR_LEVELS].map(({ name }) => name);
  yield* ask(
    db.delete(trafficPacks).where(and(inArray(trafficPacks.level, names), eq(trafficPacks.dayMs, dayMs))),
  );
}

/** Summed up to its end. */
function isOver(rolledDays: Queryable['tables']['rolledDays']): SQL {
  return sql`${rolledDays.untilMs} = ${rolledDays.dayMs} + ${DAY_MS}`;
}

/** @returns false when the day was reopened meanwhile */
function* mark(
  { db, tables: { rolledDays } }: Queryable,
  dayMs: number,
  packedAs: typeof BEING_PACKED | typeof PACK_FORMAT,
): Steps<boolean> {
  const isStillSo = packedAs === PACK_FORMAT ? eq(rolledDays.packedAs, BEING_PACKED) : undefined;
  const marked = yield* ask(
    db
      .update(rolledDays)
      .set({ packedAs })
      .where(and(eq(rolledDays.dayMs, dayMs), isOver(rolledDays), isStillSo))
      .returning({ dayMs: rolledDays.dayMs }),
  );
  return marked.length > 0;
}

async function packLevel(
  database: Database,
  turns: LoopTurns,
  level: TrafficLevel,
  dayMs: number,
): Promise<void> {
  // Of a whole day all rows lie in its first hour.
  const gathering = gatherSums(['key', 'task', 'model', 'hour']);
  for await (const rows of rowsOf(database, level, dayMs)) {
    for (const [atMs, keyId, task, modelId, ...sums] of rows) {
      gathering.addRow(Number(atMs), String(keyId), String(task), String(modelId), sums);
    }
    if (turns.isOver()) await turns.next();
  }
  let entries: PackEntry[] = [];
  let part = 0;
  const write = async () => {
    if (entries.length === 0) return;
    const row = { level: level.name, dayMs, part, body: writePack(entries) };
    await database.transact(({ db, tables: { trafficPacks } }) =>
      ask(db.insert(trafficPacks).values(row).returning({ part: trafficPacks.part })),
    );
    part += 1;
    entries = [];
    if (turns.isOver()) await turns.next();
  };
  for (const entry of gathering.entriesOf(dayMs)) {
    entries.push(entry);
    if (entries.length === MOST_ENTRIES) await write();
  }
  await write();
}

/** The rows of a level and a day, some at a time, in the order in which they lie. */
async function* rowsOf(
  { db, tables: { trafficHours, trafficSums }, readRows }: Database,
  level: TrafficLevel,
  dayMs: number,
): AsyncGenerator<readonly (readonly unknown[])[]> {
  const isInHours = level === HOUR_KEY_CELL;
  const table = isInHours ? trafficHours : trafficSums;
  const at: SQLiteColumn = isInHours ? trafficHours.hourMs : trafficSums.startMs;
  const order: SQLiteColumn[] = isInHours
    ? [at, trafficHours.task, trafficHours.modelId, trafficHours.endpointId, trafficHours.keyId]
    : [at, trafficSums.keyId, trafficSums.task, trafficSums.modelId];
  const columns = {
    at,
    keyId: table.keyId,
    task: table.task,
    modelId: table.modelId,
    ...Object.fromEntries(TRAFFIC_SUMS.map((name) => [name, table[name]])),
    endpointId: isInHours ? trafficHours.endpointId : sql`''`,
  };
  const place = sql.join(order, sql`, `);
  const isOfLevel = isInHours ? undefined : eq(trafficSums.level, level.name);
  let last: readonly unknown[] | undefined;
  do {
    // One lower bound: of two SQLite begins at the first, and walks over all that was read.
    const from: SQL =
      last === undefined
        ? gte(at, dayMs)
        : sql`(${place}) > (${sql.join(
            last.map((value) => sql`${value}`),
            sql`, `,
          )})`;
    const rows: readonly (readonly unknown[])[] = await readRows(
      db
        .select(columns)
        .from(table)
        .where(and(isOfLevel, from, lt(at, dayMs + DAY_MS)))
        .orderBy(...order.map((column) => asc(column)))
        .limit(ROWS_AT_ONCE),
    );
    yield rows;
    const end = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1);
    const [atMs, keyId, task, modelId] = end ?? [];
    last = end && (isInHours ? [atMs, task, modelId, end.at(-1), keyId] : [atMs, keyId, task, modelId]);
  } while (last !== undefined);
}
