import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { UsageGroup, UsageQuery, UsageSum } from './contract.ts';
import type { Queryable } from './database.ts';
import { hourOf } from './sums.ts';

const DAY_MS = 24 * 3_600_000;

/** See `Store.readUsage`. A day at a time: other work goes on in between, however long the window is. */
export async function readUsage(queryable: Queryable, query: UsageQuery): Promise<readonly UsageSum[]> {
  const { db, tables } = queryable;
  const { hourMs } = tables.trafficHours;
  const groupToSum = new Map<string, UsageSum>();
  const endMs = hourOf(query.toMs);
  for (let fromMs = hourOf(query.fromMs); fromMs < endMs; ) {
    const [next] = await db
      .select({ hourMs: sql<number | null>`min(${hourMs})` })
      .from(tables.trafficHours)
      .where(and(gte(hourMs, fromMs), lt(hourMs, endMs)));
    if (next === undefined || next.hourMs === null) break;
    const dayStartMs = Math.floor(Number(next.hourMs) / DAY_MS) * DAY_MS;
    const untilMs = Math.min(endMs, dayStartMs + DAY_MS);
    for (const sum of await sumDay(queryable, query, Math.max(fromMs, dayStartMs), untilMs)) {
      const group = query.groupBy.includes('day') ? { ...sum, dayStartMs } : sum;
      const key = JSON.stringify([group.dayStartMs, group.hourMs, group.keyId, group.modelId, group.task]);
      const known = groupToSum.get(key);
      groupToSum.set(key, known === undefined ? group : plus(known, group));
    }
    fromMs = untilMs;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [...groupToSum.values()];
}

async function sumDay(
  { db, tables: { trafficHours } }: Queryable,
  { groupBy, keyId, task }: UsageQuery,
  fromMs: number,
  untilMs: number,
): Promise<UsageSum[]> {
  const named = (group: UsageGroup, column: SQLiteColumn): SQL<string | null> =>
    groupBy.includes(group) ? sql<string>`${column}` : sql<null>`null`;
  const total = (column: SQLiteColumn) => sql<number>`sum(${column})`.mapWith(Number);
  const columns = [
    ...(groupBy.includes('key') ? [trafficHours.keyId] : []),
    ...(groupBy.includes('model') ? [trafficHours.modelId] : []),
    ...(groupBy.includes('task') ? [trafficHours.task] : []),
    ...(groupBy.includes('hour') ? [trafficHours.hourMs] : []),
  ];
  const rows = await db
    .select({
      keyId: named('key', trafficHours.keyId),
      modelId: named('model', trafficHours.modelId),
      task: named('task', trafficHours.task),
      hourMs: named('hour', trafficHours.hourMs),
      requests: total(trafficHours.requests),
      completed: total(trafficHours.completed),
      failures: total(trafficHours.failures),
      inputTokens: total(trafficHours.inputTokens),
      outputTokens: total(trafficHours.outputTokens),
      costMicroUsd: total(trafficHours.costMicroUsd),
    })
    .from(trafficHours)
    .where(
      and(
        gte(trafficHours.hourMs, fromMs),
        lt(trafficHours.hourMs, untilMs),
        keyId === undefined ? undefined : eq(trafficHours.keyId, keyId),
        task === undefined ? undefined : eq(trafficHours.task, task),
      ),
    )
    .groupBy(...columns);
  // Without groups there is a row also for nothing, of nulls.
  return rows.flatMap((row) =>
    row.requests > 0
      ? [
          {
            ...row,
            dayStartMs: undefined,
            hourMs: row.hourMs === null ? undefined : Number(row.hourMs),
            keyId: row.keyId ?? undefined,
            modelId: row.modelId ?? undefined,
            task: row.task ?? undefined,
          },
        ]
      : [],
  );
}

function plus(one: UsageSum, other: UsageSum): UsageSum {
  return {
    ...one,
    requests: one.requests + other.requests,
    completed: one.completed + other.completed,
    failures: one.failures + other.failures,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costMicroUsd: one.costMicroUsd + other.costMicroUsd,
  };
}
