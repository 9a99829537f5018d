/**
 * `traffic_sums` from `traffic_hours`: an hour at a time, some minutes after it is over, beside the requests and not with
 * them. An upsert for each level in every group commit would take 3 µs of each request (docs/decisions/0098).
 *
 * A day's sums hold its first hours up to `rolled_days.until_ms`, whole. Whoever writes into an hour that counts as closed
 * (an ending that storage kept waiting, a clock set back) takes its day out again (`reopenDays`), and it is summed up anew.
 */
import { and, asc, eq, gt, gte, lt, max, min, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { DAY_MS, HOUR_MS } from '../core/durations.ts';
import { JUDGE_KEY_ID } from '../core/judge/judge-key.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { ask, type Database, type Queryable, type RowStatement, type Steps } from './database.ts';
import { TRAFFIC_SUMS } from './statements.ts';
import { hourOf } from './sums.ts';
import { DAY_KEY_CELL, DAY_LEVELS, HOUR_LEVELS, type TrafficLevel } from './traffic-levels.ts';
import { NOT_PACKED } from './traffic-pack.ts';

/** Endings of an hour are in the database so long after it; later ones are an exception. */
const SETTLED_MS = 120_000;

/** A clock that began in 1970 leaves twenty thousand days, and a statement takes so many values. */
const MOST_DAYS_AT_ONCE = 1_000;
/** More than a transaction lasts on PostgreSQL. */
const CLOSING_WAIT_MS = 2_500;
/** Requests come first: summing up takes a quarter of the time at most. */
const PAUSE_MS = 20;

export function dayStartOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** With every write into `traffic_hours`, in its transaction. Finds nothing to change unless the hour is closed. */
export const reopenDay: RowStatement<{ readonly dayMs: number; readonly hourMs: number }> = {
  name: 'reopen_day',
  build: ({ db, tables: { rolledDays } }) =>
    db
      .update(rolledDays)
      .set({ untilMs: sql`${rolledDays.dayMs}`, closingMs: sql`${rolledDays.dayMs}`, packedAs: NOT_PACKED })
      .where(
        and(
          eq(rolledDays.dayMs, sql.placeholder('dayMs')),
          gt(rolledDays.closingMs, sql.placeholder('hourMs')),
        ),
      ),
};

/** Rows of `reopenDay` for what is written into these hours. */
export function reopenings(
  rows: readonly { readonly hourMs: number }[],
): { dayMs: number; hourMs: number }[] {
  const dayToFirst = new Map<number, number>();
  for (const { hourMs } of rows) {
    const dayMs = dayStartOf(hourMs);
    dayToFirst.set(dayMs, Math.min(hourMs, dayToFirst.get(dayMs) ?? hourMs));
  }
  return [...dayToFirst].sort(([one], [other]) => one - other).map(([dayMs, hourMs]) => ({ dayMs, hourMs }));
}

/** See `Store.rollUp`. */
export async function rollUp(
  database: Database,
  nowMs: number,
  turns: LoopTurns,
): Promise<number | undefined> {
  if (await closeHours(database, nowMs)) return CLOSING_WAIT_MS;
  return (await rollUpHour(database, turns)) ? PAUSE_MS : undefined;
}

/**
 * Announces that hours will be summed up, those that are over by now. On PostgreSQL transactions that began before know
 * nothing of it: let more than their longest time pass before `rollUpHour`.
 *
 * @returns whether anything was announced
 */
async function closeHours(database: Database, nowMs: number): Promise<boolean> {
  const { db, tables } = database;
  const { rolledDays, trafficHours } = tables;
  const untilMs = hourOf(nowMs - SETTLED_MS);
  const [rows] = await db.select({ first: min(trafficHours.hourMs) }).from(trafficHours);
  const firstMs = rows?.first == null ? undefined : Number(rows.first);
  if (firstMs === undefined || firstMs >= untilMs) return false;
  const [known] = await db
    .select({ first: min(rolledDays.dayMs), last: max(rolledDays.dayMs) })
    .from(rolledDays);
  const missing: number[] = [];
  const wanted = (fromMs: number, toMs: number) => {
    for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) missing.push(dayMs);
  };
  // Without a gap: days before those that are known from the last to the first, those after them from the first on.
  if (known?.first == null || known.last == null) {
    wanted(dayStartOf(firstMs), untilMs);
    missing.splice(MOST_DAYS_AT_ONCE);
  } else {
    wanted(dayStartOf(firstMs), Number(known.first));
    missing.splice(0, Math.max(0, missing.length - MOST_DAYS_AT_ONCE));
    if (missing.length === 0) wanted(Number(known.last) + DAY_MS, untilMs);
    missing.splice(MOST_DAYS_AT_ONCE);
  }
  return database.transact(function* () {
    if (missing.length > 0) {
      yield* ask(
        db
          .insert(rolledDays)
          .values(missing.map((dayMs) => ({ dayMs, untilMs: dayMs, closingMs: dayMs })))
          .onConflictDoNothing(),
      );
    }
    const closing = sql`case when ${rolledDays.dayMs} + ${DAY_MS} < ${untilMs} then ${rolledDays.dayMs} + ${DAY_MS} else ${untilMs} end`;
    const closed = yield* ask(
      db
        .update(rolledDays)
        .set({ closingMs: closing })
        .where(and(lt(rolledDays.dayMs, untilMs), lt(rolledDays.closingMs, closing)))
        .returning({ dayMs: rolledDays.dayMs }),
    );
    return closed.length > 0;
  });
}

/**
 * Sums one closed hour up, the oldest that waits for it, in some short transactions.
 *
 * @returns false when none is left
 */
async function rollUpHour(database: Database, turns: LoopTurns): Promise<boolean> {
  const { rolledDays, trafficHours } = database.tables;
  const [next] = await database.db
    .select()
    .from(rolledDays)
    .where(lt(rolledDays.untilMs, rolledDays.closingMs))
    .orderBy(asc(rolledDays.dayMs))
    .limit(1);
  if (next === undefined) return false;
  const { dayMs, untilMs: hourMs, closingMs } = next;
  const [busy] = await database.db
    .select({ first: min(trafficHours.hourMs) })
    .from(trafficHours)
    .where(and(gte(trafficHours.hourMs, hourMs), lt(trafficHours.hourMs, closingMs)));
  const busyMs = busy?.first == null ? closingMs : Number(busy.first);
  if (busyMs > hourMs) {
    await database.transact((queryable) => passQuietHours(queryable, dayMs, hourMs, busyMs));
    return true;
  }
  // Sums of the hour may be made again and again; that they are part of the day is said once.
  for (const level of HOUR_LEVELS) {
    await database.transact(function* (queryable) {
      if (!(yield* takeHour(queryable, dayMs, hourMs, hourMs))) return;
      yield* sumHour(queryable, level, hourMs);
    });
    if (turns.isOver()) await turns.next();
  }
  if (hourMs === dayMs) {
    await database.transact(function* (queryable) {
      if (yield* takeHour(queryable, dayMs, hourMs, hourMs)) yield* removeDay(queryable, dayMs);
    });
    if (turns.isOver()) await turns.next();
  }
  await database.transact(function* (queryable) {
    if (!(yield* takeHour(queryable, dayMs, hourMs, hourMs + HOUR_MS))) return;
    yield* addToDay(queryable, dayMs, hourMs);
  });
  return true;
}

/** Nothing came in these hours, or what came was removed since. */
function* passQuietHours(queryable: Queryable, dayMs: number, fromMs: number, untilMs: number): Steps<void> {
  const { db, tables } = queryable;
  const { trafficSums } = tables;
  if (!(yield* takeHour(queryable, dayMs, fromMs, untilMs))) return;
  if (fromMs === dayMs) yield* removeDay(queryable, dayMs);
  for (const { name } of HOUR_LEVELS) {
    const isQuiet = and(gte(trafficSums.startMs, fromMs), lt(trafficSums.startMs, untilMs));
    yield* ask(db.delete(trafficSums).where(and(eq(trafficSums.level, name), isQuiet)));
  }
}

/** False when somebody reopened the day meanwhile, or another process summed the hour up. Locks the day. */
function* takeHour(
  { db, tables: { rolledDays } }: Queryable,
  dayMs: number,
  hourMs: number,
  untilMs: number,
): Steps<boolean> {
  const taken = yield* ask(
    db
      .update(rolledDays)
      // An older version beside this one takes a day out without knowing of packs.
      .set({ untilMs, packedAs: NOT_PACKED })
      .where(
        and(eq(rolledDays.dayMs, dayMs), eq(rolledDays.untilMs, hourMs), gt(rolledDays.closingMs, hourMs)),
      )
      .returning({ dayMs: rolledDays.dayMs }),
  );
  return taken.length > 0;
}

/** What an earlier summing left of the day. */
function* removeDay({ db, tables: { trafficSums } }: Queryable, dayMs: number): Steps<void> {
  for (const { name } of DAY_LEVELS) {
    yield* ask(
      db.delete(trafficSums).where(and(eq(trafficSums.level, name), eq(trafficSums.startMs, dayMs))),
    );
  }
}

function* sumHour(
  { db, tables: { trafficHours, trafficSums } }: Queryable,
  level: TrafficLevel,
  hourMs: number,
): Steps<void> {
  yield* ask(
    db.delete(trafficSums).where(and(eq(trafficSums.level, level.name), eq(trafficSums.startMs, hourMs))),
  );
  yield* ask(db.insert(trafficSums).select(sumsOfHour(trafficHours, level, level.name, hourMs, hourMs)));
}

function* addToDay(
  { db, tables: { trafficHours, trafficSums } }: Queryable,
  dayMs: number,
  hourMs: number,
): Steps<void> {
  const conflict = {
    target: [
      trafficSums.level,
      trafficSums.startMs,
      trafficSums.keyId,
      trafficSums.task,
      trafficSums.modelId,
    ],
    set: Object.fromEntries(
      TRAFFIC_SUMS.map((name) => {
        const column: SQLiteColumn = trafficSums[name];
        return [name, sql`${column} + excluded.${sql.identifier(column.name)}`];
      }),
    ),
  };
  for (const [index, { name }] of HOUR_LEVELS.entries()) {
    const { keyId, task, modelId } = trafficSums;
    const totals = sql.join(
      TRAFFIC_SUMS.map((total) => sql`${trafficSums[total]}`),
      sql`, `,
    );
    const rows = sql`select ${text(DAY_LEVELS[index]?.name ?? '')}, ${whole(dayMs)}, ${keyId}, ${task}, ${modelId}, ${totals} from ${trafficSums} where ${trafficSums.level} = ${name} and ${trafficSums.startMs} = ${hourMs}`;
    yield* ask(db.insert(trafficSums).select(rows).onConflictDoUpdate(conflict));
  }
  const rows = sumsOfHour(trafficHours, DAY_KEY_CELL, DAY_KEY_CELL.name, dayMs, hourMs);
  yield* ask(db.insert(trafficSums).select(rows).onConflictDoUpdate(conflict));
}

/** One hour as rows of a level, in the order of the columns of `traffic_sums`. */
function sumsOfHour(
  hours: Queryable['tables']['trafficHours'],
  { hasKey, hasCell }: TrafficLevel,
  levelName: string,
  startMs: number,
  hourMs: number,
): SQL {
  const judged = sql`case when ${hours.keyId} = ${sql.raw(`'${JUDGE_KEY_ID}'`)} then ${hours.keyId} else '' end`;
  const keyId = hasKey ? sql`${hours.keyId}` : hasCell ? judged : text('');
  const [task, modelId] = hasCell ? [sql`${hours.task}`, sql`${hours.modelId}`] : [text(''), text('')];
  const totals = sql.join(
    TRAFFIC_SUMS.map((name) => sql`sum(${hours[name]})`),
    sql`, `,
  );
  const groups = [...(hasKey || hasCell ? [keyId] : []), ...(hasCell ? [task, modelId] : [])];
  // Without groups there is a row also for nothing.
  const grouped = groups.length > 0 ? sql`group by ${sql.join(groups, sql`, `)}` : sql`having count(*) > 0`;
  return sql`select ${text(levelName)}, ${whole(startMs)}, ${keyId}, ${task}, ${modelId}, ${totals} from ${hours} where ${hours.hourMs} = ${hourMs} ${grouped}`;
}

/** PostgreSQL wants to be told what a bare parameter is. */
function text(value: string): SQL {
  return sql`cast(${value} as text)`;
}

function whole(value: number): SQL {
  return sql`cast(${value} as bigint)`;
}
