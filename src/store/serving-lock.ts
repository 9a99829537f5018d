import { realpathSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { isLocked, unusable } from './sqlite-failures.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

/**
 * Two that try in the same instant both see the file busy for a moment: without this wait neither would get it. It
 * blocks the event loop, at start only.
 */
const LOCK_WAIT_MS = 200;

/**
 * Makes this process the only one that serves on a SQLite file, until the returned function is called or the process
 * is gone, however it dies: the lock is the operating system's. It lies on a file of its own, `<file>.serving`, so that
 * others can still read and write the database. That file stays behind, empty: removed, it could be locked twice.
 *
 * @param path the database, which exists; its links are followed, two names of one file are one
 * @throws StoreUnusableError `in_use` when another server has it
 */
export function takeServingLock(path: string): () => void {
  const lockPath = `${realpathSync(path)}.serving`;
  let holder: SqliteDatabase.Database | undefined;
  try {
    holder = new SqliteDatabase(lockPath, { timeout: LOCK_WAIT_MS });
    holder.exec('begin exclusive');
  } catch (error) {
    holder?.close();
    if (!isLocked(error)) throw unusable(error, lockPath);
    throw new StoreUnusableError(
      'in_use',
      `another Outrider is serving on ${path}; stop it first, or use PostgreSQL for several`,
      error,
    );
  }
  const lock = holder;
  return () => {
    lock.close();
  };
}
