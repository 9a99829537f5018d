import { and, eq, isNull, ne } from 'drizzle-orm';
import { toAttemptStart, unknownEndRow } from './attempt-rows.ts';
import type { AttemptStart } from './contract.ts';
import { ask, type Database, type Queryable, type Steps, write } from './database.ts';
import { addTraffic, endAttempt } from './statements.ts';
import { sumTraffic } from './sums.ts';

/** Attempts per transaction: a crash leaves hundreds at most, and other replicas are writing. */
const BATCH_SIZE = 256;

/** See `Store.recoverPending`. Two replicas may do this at once: an ending is only ever written once. */
export async function recoverPending(database: Database, nowMs: number): Promise<readonly AttemptStart[]> {
  const recovered: AttemptStart[] = [];
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

async function otherInstances({ db, tables: { attempts }, instanceId }: Database): Promise<number[]> {
  const rows = await db
    .selectDistinct({ instanceId: attempts.instanceId })
    .from(attempts)
    .where(and(isNull(attempts.ending), ne(attempts.instanceId, instanceId)));
  return rows.map((row) => row.instanceId);
}

function* endSome(
  { db, tables: { attempts } }: Queryable,
  instanceId: number,
  nowMs: number,
): Steps<readonly AttemptStart[]> {
  const rows = yield* ask(
    db
      .select()
      .from(attempts)
      .where(and(isNull(attempts.ending), eq(attempts.instanceId, instanceId)))
      .limit(BATCH_SIZE),
  );
  const left = rows.map((row) => {
    const start = toAttemptStart(row);
    return { start, end: unknownEndRow(start, nowMs) };
  });
  const isWritten = yield* write(
    endAttempt,
    left.map(({ end }) => end),
  );
  const effective = left.filter((_, index) => isWritten[index]);
  yield* write(addTraffic, sumTraffic(effective));
  return effective.map(({ start }) => start);
}
