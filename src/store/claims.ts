import { and, like, lt } from 'drizzle-orm';
import { ask, type Database } from './database.ts';

/** Apart from the other rows of the table. */
const PREFIX = 'claim:';
/** Epoch milliseconds have thirteen digits until the year 2286, so they compare as texts. */
const textOf = (atMs: number) => String(Math.max(0, Math.round(atMs))).padStart(13, '0');

/** See `Store.claim`. */
export function claim(database: Database, name: string, atMs: number): Promise<boolean> {
  return database.transact(function* ({ db, tables: { settings } }) {
    const taken = yield* ask(
      db
        .insert(settings)
        .values({ name: `${PREFIX}${name}`, value: textOf(atMs) })
        .onConflictDoNothing()
        .returning({ name: settings.name }),
    );
    return taken.length > 0;
  });
}

/** @returns how many there were */
export async function removeClaimsBefore(database: Database, beforeMs: number): Promise<number> {
  const removed = await database.transact(function* ({ db, tables: { settings } }) {
    return yield* ask(
      db
        .delete(settings)
        .where(and(like(settings.name, `${PREFIX}%`), lt(settings.value, textOf(beforeMs))))
        .returning({ name: settings.name }),
    );
  });
  return removed.length;
}
