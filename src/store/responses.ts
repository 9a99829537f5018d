import { and, eq, gt } from 'drizzle-orm';
import type { StoredResponse } from './contract.ts';
import { ask, type Database, type Queryable } from './database.ts';

/** See `Store.saveResponse`. */
export function saveResponse(database: Database, response: StoredResponse): Promise<void> {
  return database.transact(function* ({ db, tables: { responses } }) {
    yield* ask(db.insert(responses).values(response).onConflictDoNothing());
  });
}

/** See `Store.readResponse`. */
export async function readResponse(
  { db, tables: { responses } }: Queryable,
  responseId: string,
  keyId: string,
  nowMs: number,
): Promise<StoredResponse | undefined> {
  const [row] = await db
    .select()
    .from(responses)
    .where(
      and(eq(responses.responseId, responseId), eq(responses.keyId, keyId), gt(responses.expiresAtMs, nowMs)),
    );
  return row;
}

/** See `Store.deleteResponse`. */
export function deleteResponse(database: Database, responseId: string, keyId: string): Promise<boolean> {
  return database.transact(function* ({ db, tables: { responses } }) {
    const removed = yield* ask(
      db
        .delete(responses)
        .where(and(eq(responses.responseId, responseId), eq(responses.keyId, keyId)))
        .returning({ responseId: responses.responseId }),
    );
    return removed.length > 0;
  });
}
