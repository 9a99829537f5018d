import { and, eq } from 'drizzle-orm';
import type { Store } from './contract.ts';
import { ask, type Database, type Queryable } from './database.ts';

/** Apart from the other rows of the table: nobody's state is called like the secret of the keys. */
const nameOf = (name: string) => `state:${name}`;

export async function loadState(
  { db, tables: { settings } }: Queryable,
  name: string,
): Promise<string | undefined> {
  const [row] = await db
    .select()
    .from(settings)
    .where(eq(settings.name, nameOf(name)));
  return row?.value;
}

export function saveState(database: Database, name: string, value: string): Promise<void> {
  return database.transact(function* ({ db, tables: { settings } }) {
    const row = { name: nameOf(name), value };
    yield* ask(db.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row }));
  });
}

/**
 * Replaces a state that is still what it was read as: of two who change it at once, one is told to read again.
 *
 * @param expected undefined: there is none yet
 * @returns false when it has changed meanwhile; nothing is written then
 */
export function exchangeState(
  database: Database,
  name: string,
  expected: string | undefined,
  value: string,
): Promise<boolean> {
  return database.transact(function* ({ db, tables: { settings } }) {
    const row = { name: nameOf(name), value };
    const written = yield* ask(
      expected === undefined
        ? db.insert(settings).values(row).onConflictDoNothing().returning({ name: settings.name })
        : db
            .update(settings)
            .set({ value })
            .where(and(eq(settings.name, row.name), eq(settings.value, expected)))
            .returning({ name: settings.name }),
    );
    return written.length > 0;
  });
}

/**
 * Writes what a process wants to find again after a restart: every few seconds where it has changed, and at the end.
 * A crash loses those seconds. Storage that is away is tried again the next time.
 *
 * @param nameToState each gives its state as a text
 */
export function keepStates(
  store: Pick<Store, 'saveState'>,
  nameToState: Readonly<Record<string, () => string>>,
  { everyMs, onError }: { readonly everyMs: number; readonly onError: (error: unknown) => void },
): { close(): Promise<void> } {
  const nameToSaved = new Map<string, string>();
  const saveChanged = async () => {
    for (const [name, read] of Object.entries(nameToState)) {
      const value = read();
      if (value === nameToSaved.get(name)) continue;
      await store.saveState(name, value);
      nameToSaved.set(name, value);
    }
  };
  // One at a time: a slow write that ends after the next one would leave the older state.
  let saving: Promise<void> = Promise.resolve();
  const save = () => {
    saving = saving.then(saveChanged).catch(onError);
    return saving;
  };
  const timer = setInterval(save, everyMs).unref();
  return {
    async close() {
      clearInterval(timer);
      await save();
    },
  };
}
