import { and, asc, eq, gte, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { DAY_MS, HOUR_MS } from '../core/durations.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import type { GroupPage, UsageGroup, UsagePage, UsageSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { type Gathering, gatherSums } from './gather-sums.ts';
import { dayStartOf } from './roll-up.ts';
import { TRAFFIC_SUMS } from './statements.ts';
import { hourOf } from './sums.ts';
import {
  DAY_LEVELS,
  HOUR_LEVELS,
  levelFor,
  PACKED_DAY_LEVELS,
  PACKED_HOUR_LEVELS,
  type TrafficLevel,
} from './traffic-levels.ts';
import { PACK_FORMAT, readPack } from './traffic-pack.ts';

/** Entries of packs: a millisecond and a half, during which nothing else is done. */
const ENTRIES_AT_ONCE = 20_000;
/** The next stretch is at most so many times as long as the one before, however few rows that had. */
const MOST_GROWTH = 8;

export interface TrafficQuery {
  /** From the hour that this falls into. */
  readonly fromMs: number;
  /** To the beginning of the hour that this falls into. */
  readonly toMs: number;
  /** Empty: one sum over everything. */
  readonly groupBy: readonly UsageGroup[];
  /** Undefined: of all keys. */
  readonly keyId?: string;
  readonly exceptKeyId?: string;
  readonly task?: string;
}

/** Where the sums of a stretch of time are. */
type Source = 'hours' | 'sums' | 'packs';

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly source: Source;
  /** Undefined in `traffic_hours`. */
  readonly level: TrafficLevel | undefined;
  readonly stepMs: number;
}

/** Sums of the traffic, in no particular order. */
export async function readTrafficSums(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  turns: LoopTurns,
): Promise<readonly UsageSum[]> {
  return (await readTrafficPage(queryable, query, turns, undefined)).groups;
}

/**
 * One page of the sums of the traffic, and the sum of all: whole days and hours from `traffic_packs` and `traffic_sums`, as
 * far as they are there, the rest from `traffic_hours`. Some rows at a time: other work goes on in between, however long the
 * window is.
 *
 * @param page undefined: all of them, in no particular order
 */
export async function readTrafficPage(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  turns: LoopTurns,
  page: GroupPage | undefined,
): Promise<UsagePage> {
  let days = await rolledDaysIn(queryable, query);
  for (;;) {
    const gathering = gatherSums(query.groupBy, page);
    await sumAll(queryable, query, { days, turns }, gathering);
    // An hour that was added to its day meanwhile may have been counted with the day and by itself.
    const now = await rolledDaysIn(queryable, query);
    const changedMs = firstChanged(days, now);
    if (changedMs === undefined) {
      if (turns.isOver()) await turns.next();
      return gathering.finish();
    }
    // Summing up goes on from there: the hours themselves stay as they are. Each round begins earlier, so there is a last one.
    days = now.filter(({ dayMs }) => dayMs < changedMs);
  }
}

interface RolledDay {
  readonly dayMs: number;
  /** Its sums hold its hours up to here. */
  readonly untilMs: number;
  readonly isPacked: boolean;
}

/** The first day that was read as it is not any more. Being packed changes nothing of what it says. */
function firstChanged(before: readonly RolledDay[], now: readonly RolledDay[]): number | undefined {
  const dayToNow = new Map(now.map((day) => [day.dayMs, day]));
  return before.find(({ dayMs, untilMs, isPacked }) => {
    const day = dayToNow.get(dayMs);
    return day?.untilMs !== untilMs || (isPacked && !day.isPacked);
  })?.dayMs;
}

async function sumAll(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  { days, turns }: { readonly days: readonly RolledDay[]; readonly turns: LoopTurns },
  gathering: Gathering,
): Promise<void> {
  for (const stretch of stretchesOf(query, days)) {
    for await (const reachedMs of read(queryable, query, { stretch, turns }, gathering)) {
      gathering.settle(reachedMs);
      if (!gathering.isPageFull()) continue;
      const fromMs = Math.max(stretch.fromMs, reachedMs);
      if (stretch.source === 'packs') gathering.forgetFrom(fromMs);
      return sumTotal(queryable, { ...query, fromMs, groupBy: [] }, { days, turns }, gathering);
    }
  }
}

/** What comes after a page that is full is only counted, which the coarsest sums are enough for. */
async function sumTotal(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  { days, turns }: { readonly days: readonly RolledDay[]; readonly turns: LoopTurns },
  gathering: Gathering,
): Promise<void> {
  if (query.fromMs >= hourOf(query.toMs)) return;
  const rest = gatherSums([]);
  const { fromMs } = query;
  for (const stretch of stretchesOf(
    query,
    days.filter(({ dayMs }) => dayMs + DAY_MS > fromMs),
  )) {
    for await (const _ of read(queryable, query, { stretch, turns }, rest));
  }
  gathering.addTotal(rest.finish().total);
}

/**
 * Adds a stretch, some rows at a time. Yields up to where all is added, after which nothing is; of packs, some of the day
 * that begins there may be.
 */
async function* read(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  { stretch, turns }: { readonly stretch: Stretch; readonly turns: LoopTurns },
  gathering: Gathering,
): AsyncGenerator<number> {
  const steps = stretch.source === 'packs' ? readPacks : readRowsOf;
  if (turns.isOver()) await turns.next();
  for await (const reachedMs of steps(queryable, query, stretch, gathering)) {
    yield reachedMs;
    if (turns.isOver()) await turns.next();
  }
}

async function* readRowsOf(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  stretch: Stretch,
  gathering: Gathering,
): AsyncGenerator<number> {
  let steps = 1;
  for (let fromMs = stretch.fromMs; fromMs < stretch.untilMs; ) {
    const untilMs = Math.min(stretch.untilMs, fromMs + steps * stretch.stepMs);
    const rowsRead = await sumSome(queryable, query, { ...stretch, fromMs, untilMs }, gathering);
    fromMs = untilMs;
    if (rowsRead === 0 && fromMs < stretch.untilMs) {
      fromMs = (await firstRowFrom(queryable, stretch, fromMs)) ?? stretch.untilMs;
    }
    steps = nextSize(steps, rowsRead, queryable.rowsAtOnce);
    yield fromMs;
  }
}

async function* readPacks(
  { db, tables: { trafficPacks }, readRows }: Queryable & RowReader,
  query: TrafficQuery,
  { fromMs, untilMs, level }: Stretch,
  gathering: Gathering,
): AsyncGenerator<number> {
  const { dayMs, part, body } = trafficPacks;
  let last = { dayMs: dayStartOf(fromMs), part: -1 };
  for (let parts = 1; ; ) {
    const rows = await readRows(
      db
        .select({ dayMs, part, body })
        .from(trafficPacks)
        .where(
          and(
            eq(trafficPacks.level, level?.name ?? ''),
            sql`(${dayMs}, ${part}) > (${last.dayMs}, ${last.part})`,
            lt(dayMs, untilMs),
          ),
        )
        .orderBy(asc(dayMs), asc(part))
        .limit(parts),
    );
    let entries = 0;
    for (const [ofDay, ofPart, bytes] of rows) {
      const pack = readPack(bytes as Uint8Array);
      entries += pack.hours.length;
      last = { dayMs: Number(ofDay), part: Number(ofPart) };
      gathering.addPack(last.dayMs, pack, query, { fromMs, untilMs });
    }
    if (rows.length < parts) break;
    parts = nextSize(parts, entries, ENTRIES_AT_ONCE);
    yield last.dayMs;
  }
  yield untilMs;
}

/** How much to read next, when so much held so many rows. */
function nextSize(size: number, rowsRead: number, most: number): number {
  return Math.max(1, Math.floor(Math.min(size * MOST_GROWTH, (size * most) / Math.max(1, rowsRead))));
}

async function rolledDaysIn(
  { db, tables: { rolledDays }, readRows }: Queryable & RowReader,
  { fromMs, toMs }: TrafficQuery,
): Promise<readonly RolledDay[]> {
  const rows = await readRows(
    db
      .select({ dayMs: rolledDays.dayMs, untilMs: rolledDays.untilMs, packedAs: rolledDays.packedAs })
      .from(rolledDays)
      .where(and(gte(rolledDays.dayMs, dayStartOf(hourOf(fromMs))), lt(rolledDays.dayMs, hourOf(toMs))))
      .orderBy(asc(rolledDays.dayMs)),
  );
  return rows.map(([dayMs, untilMs, packedAs]) => ({
    dayMs: Number(dayMs),
    untilMs: Number(untilMs),
    isPacked: Number(packedAs) === PACK_FORMAT && Number(untilMs) === Number(dayMs) + DAY_MS,
  }));
}

function stretchesOf(
  { fromMs, toMs, groupBy, keyId, exceptKeyId, task }: TrafficQuery,
  days: readonly RolledDay[],
): readonly Stretch[] {
  const firstMs = hourOf(fromMs);
  const endMs = hourOf(toMs);
  const needs = {
    key: keyId !== undefined || groupBy.includes('key'),
    cell:
      exceptKeyId !== undefined ||
      task !== undefined ||
      groupBy.includes('model') ||
      groupBy.includes('task'),
  };
  const byHour = groupBy.includes('hour');
  const ofHours = levelFor(HOUR_LEVELS, needs);
  const ofDays = byHour ? undefined : levelFor(DAY_LEVELS, needs);
  // An index leads to the sums of one key, a few of the many that are in a pack; to its rows of `traffic_hours` none does.
  const packOfHours =
    keyId === undefined || ofHours === undefined ? levelFor(PACKED_HOUR_LEVELS, needs) : undefined;
  const packOfDays = keyId === undefined && !byHour ? levelFor(PACKED_DAY_LEVELS, needs) : undefined;
  const stretches: Stretch[] = [];
  const push = (
    from: number,
    until: number,
    source: Source,
    level: TrafficLevel | undefined,
    stepMs: number,
  ) => {
    if (from >= until) return;
    const last = stretches.at(-1);
    // A day that is not over is summed up to some hour: its rows are still those of the day.
    if (
      last !== undefined &&
      last.untilMs === from &&
      last.source === source &&
      last.level === level &&
      last.stepMs === stepMs
    ) {
      stretches[stretches.length - 1] = { ...last, untilMs: until };
    } else stretches.push({ fromMs: from, untilMs: until, source, level, stepMs });
  };
  let reachedMs = firstMs;
  for (const { dayMs, untilMs: rolledMs, isPacked } of days) {
    push(reachedMs, Math.max(reachedMs, dayMs), 'hours', undefined, HOUR_MS);
    const beginsMs = Math.max(reachedMs, dayMs);
    const endsMs = Math.min(endMs, dayMs + DAY_MS);
    const summedMs = Math.min(endsMs, Math.max(beginsMs, rolledMs));
    // The sums of a day are of all its hours that are summed up: a part of them is read by the hour.
    const isWhole = beginsMs === dayMs && rolledMs > dayMs && rolledMs <= endsMs;
    if (isWhole && isPacked && packOfDays !== undefined)
      push(beginsMs, summedMs, 'packs', packOfDays, DAY_MS);
    else if (isWhole && ofDays !== undefined) push(beginsMs, summedMs, 'sums', ofDays, DAY_MS);
    else if (isPacked && packOfHours !== undefined) push(beginsMs, summedMs, 'packs', packOfHours, HOUR_MS);
    else push(beginsMs, summedMs, ofHours === undefined ? 'hours' : 'sums', ofHours, HOUR_MS);
    push(summedMs, endsMs, 'hours', undefined, HOUR_MS);
    reachedMs = endsMs;
  }
  push(reachedMs, endMs, 'hours', undefined, HOUR_MS);
  return stretches;
}

async function sumSome(
  { db, tables: { trafficHours, trafficSums }, readRows }: Queryable & RowReader,
  { groupBy, keyId, exceptKeyId, task }: TrafficQuery,
  { fromMs, untilMs, level, stepMs }: Stretch,
  gathering: Gathering,
): Promise<number> {
  const table = level === undefined ? trafficHours : trafficSums;
  const at: SQLiteColumn = level === undefined ? trafficHours.hourMs : trafficSums.startMs;
  const groupToColumn: Record<UsageGroup, SQL> = {
    key: sql`${table.keyId}`,
    model: sql`${table.modelId}`,
    task: sql`${table.task}`,
    day:
      stepMs === DAY_MS ? sql`${at}` : sql`(${at} / ${sql.raw(String(DAY_MS))}) * ${sql.raw(String(DAY_MS))}`,
    hour: sql`${at}`,
  };
  const named = (group: UsageGroup) => (groupBy.includes(group) ? groupToColumn[group] : sql`null`);
  const isRow = level !== undefined && isRowOf(level, stepMs, groupBy);
  const query = db
    .select({
      count: isRow ? sql`1` : sql`count(*)`,
      keyId: named('key'),
      modelId: named('model'),
      task: named('task'),
      day: named('day'),
      hourMs: named('hour'),
      ...Object.fromEntries(
        TRAFFIC_SUMS.map((name) => [name, isRow ? sql`${table[name]}` : sql`sum(${table[name]})`]),
      ),
    })
    .from(table)
    .where(
      and(
        level === undefined ? undefined : eq(trafficSums.level, level.name),
        gte(at, fromMs),
        lt(at, untilMs),
        keyId === undefined ? undefined : eq(table.keyId, keyId),
        exceptKeyId === undefined ? undefined : ne(table.keyId, exceptKeyId),
        task === undefined ? undefined : eq(table.task, task),
      ),
    );
  const rows = await readRows(isRow ? query : query.groupBy(...groupBy.map((group) => groupToColumn[group])));
  let rowsRead = 0;
  for (const row of rows) {
    const count = Number(row[0]);
    // Without groups there is a row also for nothing, of nulls.
    if (count === 0) continue;
    rowsRead += count;
    const [, keyId = '', modelId = '', ofTask = '', day, hour] = row;
    gathering.addRow(
      Number(hour ?? day ?? fromMs),
      String(keyId ?? ''),
      String(ofTask ?? ''),
      String(modelId ?? ''),
      row.slice(6),
    );
  }
  return rowsRead;
}

/** Whether each row of this level is what is asked for: then nothing is to be grouped, which takes twice the time. */
function isRowOf({ hasKey, hasCell }: TrafficLevel, stepMs: number, groupBy: readonly UsageGroup[]): boolean {
  return (
    groupBy.includes('key') === hasKey &&
    groupBy.includes('model') === hasCell &&
    groupBy.includes('task') === hasCell &&
    groupBy.includes(stepMs === DAY_MS ? 'day' : 'hour')
  );
}

async function firstRowFrom(
  { db, tables: { trafficHours, trafficSums }, readRows }: Queryable & RowReader,
  { level, untilMs }: Stretch,
  fromMs: number,
): Promise<number | undefined> {
  const [row] = await readRows(
    level === undefined
      ? db
          .select({ first: sql`min(${trafficHours.hourMs})` })
          .from(trafficHours)
          .where(and(gte(trafficHours.hourMs, fromMs), lt(trafficHours.hourMs, untilMs)))
      : db
          .select({ first: sql`min(${trafficSums.startMs})` })
          .from(trafficSums)
          .where(
            and(
              eq(trafficSums.level, level.name),
              gte(trafficSums.startMs, fromMs),
              lt(trafficSums.startMs, untilMs),
            ),
          ),
  );
  return row?.[0] == null ? undefined : Number(row[0]);
}
