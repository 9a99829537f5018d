import { setTimeout as delay } from 'node:timers/promises';
import { and, gte, isNull, ne, sql } from 'drizzle-orm';
import { DAY_MS, HOUR_MS } from '../core/durations.ts';
import { createLoopTurns, type LoopTurns } from '../core/loop/loop-turns.ts';
import type { DaySpending } from '../core/money/spending-ledger.ts';
import { whole } from './attempt-rows.ts';
import type { Spending } from './contract.ts';
import type { Database, Queryable, RowReader } from './database.ts';
import type { JournalOfStore } from './journal.ts';
import { readTrafficSums } from './read-traffic-sums.ts';
import { storageUnavailable } from './storage-unavailable.ts';
import { hourOf } from './sums.ts';

/** Endings that come late, because storage was away, are noticed within this. */
const OLDER_LASTS_MS = 300_000;
/** Beginnings wait while spending is read: one that a slow database takes longer for is given up, and made again later. */
const LONGEST_PAUSE_MS = 250;

type KeyToDays = Map<string, Map<number, number>>;

interface Older {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly readAtMs: number;
  readonly sums: KeyToDays;
}

/**
 * Reads what is spent from the roll-up, again and again: hours that are over for long once in a while, the last ones
 * each time. See `Store.readSpending`.
 */
export function createSpendingReader(
  database: Database,
  journal: Pick<JournalOfStore, 'betweenCommits' | 'unwritten'>,
  now: () => number,
  turns: LoopTurns,
): (sinceMs: number, take: (spending: Spending) => void) => Promise<void> {
  let older: Older | undefined;
  /** What the last reading spoke of: it may be less by now. */
  let told: KeyToDays = new Map();

  /** While commits wait, it is not to wait in the line of reports. */
  const turnsOfItsOwn = createLoopTurns(setImmediate, undefined);

  async function readOlder(sinceMs: number, untilMs: number, inTurns: LoopTurns): Promise<Older> {
    return {
      sinceMs,
      untilMs,
      readAtMs: now(),
      sums: await olderSums(database, { fromMs: sinceMs, toMs: untilMs }, inTurns),
    };
  }

  return async (sinceMs, take) => {
    const untilMs = Math.max(sinceMs, hourOf(now()) - HOUR_MS);
    const isFirst = older?.sinceMs !== sinceMs;
    let isWhole = isFirst;
    // Commits wait for the first reading only.
    if (!isFirst && older !== undefined && isStale(older, untilMs, now())) {
      older = await readOlder(sinceMs, untilMs, turns);
      isWhole = true;
    }
    await journal.betweenCommits(async () => {
      const reading = async () => {
        // In this order an attempt that ends meanwhile is counted twice for a moment, and not missed.
        const reservedElsewhere = await runningElsewhere(database);
        const before = isFirst ? await readOlder(sinceMs, untilMs, turnsOfItsOwn) : (older as Older);
        return { reservedElsewhere, before, sums: await sumsFrom(database, before.untilMs) };
      };
      const { reservedElsewhere, before, sums } = await (isFirst ? reading() : inTime(reading()));
      older = before;
      for (const { start, end } of journal.unwritten()) {
        // It will come among hours that are not read each time.
        if (end.endedAtMs < before.untilMs) older = undefined;
        add(sums, start.keyId, dayOf(whole(end.endedAtMs)), Math.max(0, whole(end.costMicroUsd)));
      }
      const spoken = sums;
      const named: KeyToDays = new Map();
      for (const one of isWhole ? [before.sums, spoken] : [spoken, told]) {
        for (const [keyId, days] of one) for (const day of days.keys()) add(named, keyId, day, 0);
      }
      told = spoken;
      const days: DaySpending[] = [];
      for (const [keyId, dayToNothing] of named) {
        for (const dayStartMs of dayToNothing.keys()) {
          const costMicroUsd = at(before.sums, keyId, dayStartMs) + at(spoken, keyId, dayStartMs);
          days.push({ keyId, dayStartMs, costMicroUsd });
        }
      }
      take({ isWhole, days, reservedElsewhere });
    });
  };
}

function isStale({ untilMs, readAtMs }: Older, untilNowMs: number, nowMs: number): boolean {
  return untilMs !== untilNowMs || nowMs < readAtMs || nowMs - readAtMs > OLDER_LASTS_MS;
}

async function inTime<Result>(reading: Promise<Result>): Promise<Result> {
  const patience = new AbortController();
  const late = delay(LONGEST_PAUSE_MS, undefined, { ref: false, signal: patience.signal }).then(() => {
    throw storageUnavailable(undefined);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    late.catch(() => undefined);
    reading.catch(() => undefined);
    patience.abort();
  }
}

async function olderSums(
  queryable: Queryable & RowReader,
  window: { readonly fromMs: number; readonly toMs: number },
  turns: LoopTurns,
): Promise<KeyToDays> {
  const sums: KeyToDays = new Map();
  for (const sum of await readTrafficSums(queryable, { ...window, groupBy: ['key', 'day'] }, turns)) {
    add(sums, sum.keyId ?? '', sum.dayStartMs ?? 0, sum.costMicroUsd);
  }
  return sums;
}

/** Of the last hours, and of all to come: a clock may have been wrong. */
async function sumsFrom({ db, tables: { trafficHours } }: Queryable, fromMs: number): Promise<KeyToDays> {
  const day = sql<number>`(${trafficHours.hourMs} / ${sql.raw(String(DAY_MS))})`.mapWith(Number);
  const rows = await db
    .select({
      keyId: trafficHours.keyId,
      day,
      costMicroUsd: sql<number>`sum(${trafficHours.costMicroUsd})`.mapWith(Number),
    })
    .from(trafficHours)
    .where(gte(trafficHours.hourMs, fromMs))
    .groupBy(trafficHours.keyId, day);
  const sums: KeyToDays = new Map();
  for (const row of rows) add(sums, row.keyId, row.day * DAY_MS, row.costMicroUsd);
  return sums;
}

/** By key, what attempts of other processes were estimated at that have no ending yet. */
async function runningElsewhere({
  db,
  tables: { attempts },
  instanceId,
}: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({
      keyId: attempts.keyId,
      costMicroUsd: sql<number>`sum(${attempts.estimatedCostMicroUsd})`.mapWith(Number),
    })
    .from(attempts)
    .where(and(isNull(attempts.ending), ne(attempts.instanceId, instanceId)))
    .groupBy(attempts.keyId);
  return new Map(rows.map(({ keyId, costMicroUsd }) => [keyId, costMicroUsd]));
}

function add(sums: KeyToDays, keyId: string, dayStartMs: number, microUsd: number): void {
  let days = sums.get(keyId);
  if (days === undefined) {
    days = new Map();
    sums.set(keyId, days);
  }
  days.set(dayStartMs, (days.get(dayStartMs) ?? 0) + microUsd);
}

function at(sums: KeyToDays, keyId: string, dayStartMs: number): number {
  return sums.get(keyId)?.get(dayStartMs) ?? 0;
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}
