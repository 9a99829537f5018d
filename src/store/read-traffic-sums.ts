import { and, asc, eq, gte, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { UsageGroup, UsageSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { dayStartOf } from './roll-up.ts';
import { TRAFFIC_SUMS } from './statements.ts';
import { hourOf } from './sums.ts';
import { DAY_LEVELS, HOUR_LEVELS, levelFor, type TrafficLevel } from './traffic-levels.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Rows that one query sums up: about 4 ms on SQLite, during which nothing else is done. */
const ROWS_AT_ONCE = 4_000;
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

type Growing = { -readonly [Name in keyof UsageSum]: UsageSum[Name] };

/** A stretch of time and where its sums are. */
interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Undefined: in `traffic_hours`. */
  readonly level: TrafficLevel | undefined;
  readonly stepMs: number;
}

/**
 * Sums of the traffic, in no particular order: whole days and hours from `traffic_sums`, as far as they are there, the rest
 * from `traffic_hours`. Some rows at a time: other work goes on in between, however long the window is.
 */
export async function readTrafficSums(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
): Promise<readonly UsageSum[]> {
  let days = await rolledDaysIn(queryable, query);
  for (;;) {
    const sums = await sumAll(queryable, query, stretchesOf(query, days));
    // An hour that was added to its day meanwhile may have been counted with the day and by itself.
    const now = await rolledDaysIn(queryable, query);
    const changedMs = firstChanged(days, now);
    if (changedMs === undefined) return sums;
    // Summing up goes on from there: the hours themselves stay as they are. Each round begins earlier, so there is a last one.
    days = now.filter(({ dayMs }) => dayMs < changedMs);
  }
}

interface RolledDay {
  readonly dayMs: number;
  /** Its sums hold its hours up to here. */
  readonly untilMs: number;
}

/** The first day that was read as it is not any more. */
function firstChanged(before: readonly RolledDay[], now: readonly RolledDay[]): number | undefined {
  const dayToUntil = new Map(now.map(({ dayMs, untilMs }) => [dayMs, untilMs]));
  return before.find(({ dayMs, untilMs }) => dayToUntil.get(dayMs) !== untilMs)?.dayMs;
}

async function sumAll(
  queryable: Queryable & RowReader,
  query: TrafficQuery,
  stretches: readonly Stretch[],
): Promise<readonly UsageSum[]> {
  const groupToSum = new Map<string, Growing>();
  for (const stretch of stretches) {
    let steps = 1;
    for (let fromMs = stretch.fromMs; fromMs < stretch.untilMs; ) {
      const untilMs = Math.min(stretch.untilMs, fromMs + steps * stretch.stepMs);
      const rowsRead = await sumSome(queryable, query, { ...stretch, fromMs, untilMs }, (sum) =>
        addTo(groupToSum, sum),
      );
      fromMs = untilMs;
      if (rowsRead === 0 && fromMs < stretch.untilMs) {
        const next = await firstRowFrom(queryable, stretch, fromMs);
        if (next === undefined) break;
        fromMs = next;
      }
      steps = Math.max(
        1,
        Math.floor(Math.min(steps * MOST_GROWTH, (steps * ROWS_AT_ONCE) / Math.max(1, rowsRead))),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return [...groupToSum.values()];
}

async function rolledDaysIn(
  { db, tables: { rolledDays } }: Queryable,
  { fromMs, toMs }: TrafficQuery,
): Promise<readonly RolledDay[]> {
  return db
    .select({ dayMs: rolledDays.dayMs, untilMs: rolledDays.untilMs })
    .from(rolledDays)
    .where(and(gte(rolledDays.dayMs, dayStartOf(hourOf(fromMs))), lt(rolledDays.dayMs, hourOf(toMs))))
    .orderBy(asc(rolledDays.dayMs));
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
  const ofHours = levelFor(HOUR_LEVELS, needs);
  const ofDays = groupBy.includes('hour') ? undefined : levelFor(DAY_LEVELS, needs);
  const stretches: Stretch[] = [];
  const push = (from: number, until: number, level: TrafficLevel | undefined, stepMs: number) => {
    if (from >= until) return;
    const last = stretches.at(-1);
    // A day that is not over is summed up to some hour: its rows are still those of the day.
    if (last !== undefined && last.untilMs === from && last.level === level && last.stepMs === stepMs) {
      stretches[stretches.length - 1] = { ...last, untilMs: until };
    } else stretches.push({ fromMs: from, untilMs: until, level, stepMs });
  };
  let reachedMs = firstMs;
  for (const { dayMs, untilMs: rolledMs } of days) {
    push(reachedMs, Math.max(reachedMs, dayMs), undefined, HOUR_MS);
    const beginsMs = Math.max(reachedMs, dayMs);
    const endsMs = Math.min(endMs, dayMs + DAY_MS);
    const summedMs = Math.min(endsMs, Math.max(beginsMs, rolledMs));
    // The sums of a day are of all its hours that are summed up: a part of them is read by the hour.
    const isWhole = beginsMs === dayMs && rolledMs > dayMs && rolledMs <= endsMs;
    if (ofDays !== undefined && isWhole) push(beginsMs, summedMs, ofDays, DAY_MS);
    else push(beginsMs, summedMs, ofHours, HOUR_MS);
    push(summedMs, endsMs, undefined, HOUR_MS);
    reachedMs = endsMs;
  }
  push(reachedMs, endMs, undefined, HOUR_MS);
  return stretches;
}

async function sumSome(
  { db, tables: { trafficHours, trafficSums }, readRows }: Queryable & RowReader,
  { groupBy, keyId, exceptKeyId, task }: TrafficQuery,
  { fromMs, untilMs, level, stepMs }: Stretch,
  take: (sum: UsageSum) => void,
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
    take({
      keyId: textIn(row[1]),
      modelId: textIn(row[2]),
      task: textIn(row[3]),
      dayStartMs: numberIn(row[4]),
      hourMs: numberIn(row[5]),
      requests: Number(row[6]),
      completed: Number(row[7]),
      failures: Number(row[8]),
      costMicroUsd: Number(row[9]),
      inputTokens: Number(row[10]),
      outputTokens: Number(row[11]),
      units: Number(row[12]),
      latencyMsSum: Number(row[13]),
      ttftMsSum: Number(row[14]),
    });
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

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return value === null ? undefined : Number(value);
}

async function firstRowFrom(
  { db, tables: { trafficHours, trafficSums } }: Queryable,
  { level, untilMs }: Stretch,
  fromMs: number,
): Promise<number | undefined> {
  const rows =
    level === undefined
      ? await db
          .select({ first: sql<number | null>`min(${trafficHours.hourMs})` })
          .from(trafficHours)
          .where(and(gte(trafficHours.hourMs, fromMs), lt(trafficHours.hourMs, untilMs)))
      : await db
          .select({ first: sql<number | null>`min(${trafficSums.startMs})` })
          .from(trafficSums)
          .where(
            and(
              eq(trafficSums.level, level.name),
              gte(trafficSums.startMs, fromMs),
              lt(trafficSums.startMs, untilMs),
            ),
          );
  const first = rows[0]?.first;
  return first == null ? undefined : Number(first);
}

function addTo(groupToSum: Map<string, Growing>, sum: UsageSum): void {
  const { dayStartMs = '', hourMs = '', keyId = '', modelId = '', task = '' } = sum;
  const key = `${dayStartMs}\n${hourMs}\n${keyId}\n${modelId}\n${task}`;
  const known = groupToSum.get(key);
  if (known === undefined) {
    groupToSum.set(key, sum);
    return;
  }
  for (const name of TRAFFIC_SUMS) known[name] += sum[name];
}
