import { and, eq, inArray, isNull, ne } from 'drizzle-orm';
import { addToTraffic } from './add-to-traffic.ts';
import { requestRow, startRow, toAttemptStart, unknownEndRow } from './attempt-rows.ts';
import type { AttemptStart } from './contract.ts';
import { ask, type Database, type Queryable, type Steps, write } from './database.ts';
import type { Intent } from './intent-log.ts';
import { sumPatterns } from './pattern-sums.ts';
import { addPattern, endAttempt, insertEndedAttempt, insertRequest } from './statements.ts';
import { sumTraffic } from './sums.ts';

/** Attempts per transaction: a crash leaves hundreds at most, and other replicas are writing. */
const BATCH_SIZE = 256;

/**
 * See `Store.recoverPending`. Two replicas may do this at once: an ending is only ever written once.
 *
 * @param intents what dead processes left in the intent log; those whose rows are there have come this far already.
 */
export async function recoverPending(
  database: Database,
  intents: readonly Intent[],
  nowMs: number,
): Promise<readonly AttemptStart[]> {
  const recovered: AttemptStart[] = [];
  for (let at = 0; at < intents.length; at += BATCH_SIZE) {
    const some = intents.slice(at, at + BATCH_SIZE);
    recovered.push(...(await database.transact((queryable) => writeLeft(queryable, database, some, nowMs))));
  }
  for (const instanceId of await otherInstances(database)) {
    for (;;) {
      const ended = await database.transactFor(instanceId, (queryable) =>
        endSome(queryable, instanceId, nowMs),
      );
      if (ended === undefined || ended.length === 0) break;
      recovered.push(...ended);
    }
  }
  return recovered;
}

/** Attempts that only the intent log knows, as rows with their ending. */
function* writeLeft(
  { db, tables: { requests } }: Queryable,
  { instanceId }: Database,
  intents: readonly Intent[],
  nowMs: number,
): Steps<readonly AttemptStart[]> {
  const ids = intents.map(({ start }) => start.requestId);
  const rows = yield* ask(
    db.select({ requestId: requests.requestId }).from(requests).where(inArray(requests.requestId, ids)),
  );
  const known = new Set(rows.map(({ requestId }) => requestId));
  const left = intents
    .filter(({ start }) => !known.has(start.requestId))
    .map(({ request, start }) => ({ request, start, end: unknownEndRow(start, nowMs) }));
  yield* write(
    insertRequest,
    left.map(({ request }) => requestRow(request)),
  );
  yield* write(
    insertEndedAttempt,
    left.map(({ start, end }) => ({ start: startRow(start, instanceId), end })),
  );
  yield* addToTraffic(sumTraffic(left));
  yield* write(addPattern, sumPatterns(left));
  return left.map(({ start }) => start);
}

async function otherInstances({ db, tables: { attempts }, instanceId }: Database): Promise<number[]> {
  const rows = await db
    .selectDistinct({ instanceId: attempts.instanceId })
    .from(attempts)
    .where(and(isNull(attempts.ending), ne(attempts.instanceId, instanceId)));
  return rows.map((row) => row.instanceId);
}

function* endSome(
  { db, tables: { attempts, requests } }: Queryable,
  instanceId: number,
  nowMs: number,
): Steps<readonly AttemptStart[]> {
  const rows = yield* ask(
    db
      .select({ attempt: attempts, shape: requests.shape })
      .from(attempts)
      .leftJoin(requests, eq(requests.requestId, attempts.requestId))
      .where(and(isNull(attempts.ending), eq(attempts.instanceId, instanceId)))
      .limit(BATCH_SIZE),
  );
  const left = rows.map(({ attempt, shape }) => {
    const start = { ...toAttemptStart(attempt), shape: shape ?? '' };
    return { start, end: unknownEndRow(start, nowMs) };
  });
  const isWritten = yield* write(
    endAttempt,
    left.map(({ end }) => end),
  );
  const effective = left.filter((_, index) => isWritten[index]);
  yield* addToTraffic(sumTraffic(effective));
  yield* write(addPattern, sumPatterns(effective));
  return effective.map(({ start }) => start);
}
