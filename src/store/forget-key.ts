/** What a key left, removed: an hour at a time, for the rows lie in the order of time and not by key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq, gte, inArray, isNull, lt, max, min, sql } from 'drizzle-orm';
import { HOUR_MS } from '../core/durations.ts';
import { addToTraffic } from './add-to-traffic.ts';
import type { ForgottenKey, PurgeQuery, RemovedRequests } from './contract.ts';
import { ask, type Database, type Queryable, type Steps } from './database.ts';
import { removeRequests } from './retention.ts';

const REQUESTS_AT_ONCE = 100;
/** They hold whole prompts and answers, and a gateway beside it waits a tenth of a second for its turn at most. */
const RESPONSES_AT_ONCE = 20;
/** Between two steps. */
const PAUSE_MS = 5;
/** In whose place the sums stand that totals and budgets of all need. No key has such an id. */
export const FORGOTTEN_KEY_ID = 'forgotten';

/** See `Store.countPurged`. */
export async function* requestsToPurge(
  database: Database,
  { keyId, beforeMs }: PurgeQuery,
): AsyncGenerator<readonly string[]> {
  const { db, tables } = database;
  const { requests } = tables;
  const [edges] = await db
    .select({ first: min(requests.createdAtMs), last: max(requests.createdAtMs) })
    .from(requests);
  if (edges?.first == null || edges.last == null) return;
  const endMs = Math.min(beforeMs ?? Number.POSITIVE_INFINITY, Number(edges.last) + 1);
  for (let fromMs = Number(edges.first); fromMs < endMs; ) {
    const untilMs = Math.min(endMs, fromMs + HOUR_MS);
    const rows = await db
      .select({ requestId: requests.requestId })
      .from(requests)
      .where(
        and(
          gte(requests.createdAtMs, fromMs),
          lt(requests.createdAtMs, untilMs),
          keyId === undefined ? undefined : eq(requests.keyId, keyId),
        ),
      );
    for (let at = 0; at < rows.length; at += REQUESTS_AT_ONCE) {
      yield rows.slice(at, at + REQUESTS_AT_ONCE).map(({ requestId }) => requestId);
    }
    fromMs = untilMs;
    if (rows.length > 0) continue;
    // A clock that once stood at 1970 leaves half a million hours in which nothing came.
    const [next] = await db
      .select({ first: min(requests.createdAtMs) })
      .from(requests)
      .where(gte(requests.createdAtMs, untilMs));
    if (next?.first == null) return;
    fromMs = Number(next.first);
  }
}

/** Removes those of these requests that nobody waits for any more. */
export async function removeEnded(database: Database, ids: readonly string[]): Promise<RemovedRequests> {
  const { attempts } = database.tables;
  const rows = await database.db
    .select({ requestId: attempts.requestId })
    .from(attempts)
    .where(and(inArray(attempts.requestId, [...ids]), isNull(attempts.ending)));
  const running = new Set(rows.map(({ requestId }) => requestId));
  const ended = ids.filter((id) => !running.has(id));
  const removed = ended.length === 0 ? 0 : await removeRequests(database, ended);
  return { removed, running: running.size };
}

/** Everything of a key but its requests: what it used stays in the sums of all, under nobody's name. */
export async function forgetKey(database: Database, keyId: string): Promise<ForgottenKey> {
  const { db, tables } = database;
  const { trafficHours, pinnedModels, keys } = tables;
  let usageHours = 0;
  const nextHour = async (fromMs: number) => {
    const [next] = await db
      .select({ first: min(trafficHours.hourMs) })
      .from(trafficHours)
      .where(gte(trafficHours.hourMs, fromMs));
    return next?.first == null ? undefined : Number(next.first);
  };
  const [earliest] = await db.select({ first: min(trafficHours.hourMs) }).from(trafficHours);
  let hourMs = earliest?.first == null ? undefined : Number(earliest.first);
  for (; hourMs !== undefined; hourMs = await nextHour(hourMs + HOUR_MS)) {
    const isIts = and(eq(trafficHours.hourMs, hourMs), eq(trafficHours.keyId, keyId));
    const [one] = await db.select({ hourMs: trafficHours.hourMs }).from(trafficHours).where(isIts).limit(1);
    if (one === undefined) continue;
    usageHours += 1;
    await database.transact(function* (queryable) {
      const rows = yield* ask(queryable.db.delete(trafficHours).where(isIts).returning());
      yield* addToTraffic(rows.map((row) => ({ ...row, keyId: FORGOTTEN_KEY_ID })));
    });
  }
  const responses = await removeResponses(database, keyId);
  await removeAccounts(database, keyId);
  const isNameForgotten = await database.transact(function* (queryable: Queryable) {
    const inside = queryable.db;
    yield* ask(inside.delete(pinnedModels).where(eq(pinnedModels.keyId, keyId)));
    const unnamed = yield* ask(
      inside
        .update(keys)
        .set({ name: FORGOTTEN_KEY_ID, prefix: '', allowedAddresses: null })
        .where(and(eq(keys.id, keyId), sql`${keys.revokedAtMs} is not null`))
        .returning({ id: keys.id }),
    );
    return unnamed.length > 0;
  });
  return { usageHours, responses, isNameForgotten };
}

async function removeResponses(database: Database, keyId: string): Promise<number> {
  const { db, tables } = database;
  const { responses } = tables;
  // No index leads to them by their key: all ids are looked for once.
  const rows = await db
    .select({ responseId: responses.responseId })
    .from(responses)
    .where(eq(responses.keyId, keyId));
  let removed = 0;
  for (let at = 0; at < rows.length; at += RESPONSES_AT_ONCE) {
    const ids = rows.slice(at, at + RESPONSES_AT_ONCE).map(({ responseId }) => responseId);
    removed += await database.transact(function* (queryable) {
      const gone = yield* ask(
        queryable.db
          .delete(responses)
          .where(inArray(responses.responseId, ids))
          .returning({ responseId: responses.responseId }),
      );
      return gone.length;
    });
    await sleep(PAUSE_MS);
  }
  return removed;
}

/** What its verdicts weighed, a model at a time: a row for each task and day of a few months. */
async function removeAccounts(database: Database, keyId: string): Promise<void> {
  const { db, tables } = database;
  const { feedbackDays } = tables;
  const models = await db
    .selectDistinct({ modelId: feedbackDays.modelId })
    .from(feedbackDays)
    .where(eq(feedbackDays.keyId, keyId));
  for (const { modelId } of models) {
    await database.transact(function* (queryable): Steps<void> {
      const isIts = and(eq(feedbackDays.keyId, keyId), eq(feedbackDays.modelId, modelId));
      yield* ask(queryable.db.delete(feedbackDays).where(isIts));
    });
  }
}
