import { existsSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { codeOf } from './driver-code.ts';
import { assertKnown, type Migration } from './migrations.ts';
import { corruptMessage, isLocked, unusable } from './sqlite-failures.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

type Client = SqliteDatabase.Database;

/** Up to here a start checks every page (about 0.1 s); larger files only the schema. */
const FULL_CHECK_BYTES = 64 * 1024 * 1024;

/** Looks before anything is written: what is not ours is left exactly as it is. */
export function inspect(path: string, migrations: readonly Migration[]): void {
  if (path === ':memory:' || !existsSync(path)) return;
  let client: Client | undefined;
  try {
    client = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    const names = client.prepare("select name from sqlite_master where type = 'table'").pluck().all();
    if (names.length === 0) return;
    if (!names.includes('__drizzle_migrations') || !names.includes('attempts')) {
      throw new StoreUnusableError('foreign', `${path} is a database of another program`);
    }
    assertKnown(appliedAtMs(client), migrations, path);
    if (statSync(path).size <= FULL_CHECK_BYTES) {
      const verdict = client.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') throw new StoreUnusableError('corrupt', corruptMessage(path), verdict);
    }
  } catch (error) {
    // A crash left a journal that only a writer can roll back: nothing to see before that.
    if (codeOf(error).startsWith('SQLITE_READONLY')) return;
    throw unusable(error, path);
  } finally {
    client?.close();
  }
}

function appliedAtMs(client: Client): number[] {
  return client.prepare('select created_at from __drizzle_migrations').pluck().all().map(Number);
}

/**
 * drizzle's own migrator looks before it locks: of two processes that start at once the second then fails on tables
 * that exist. This one has the write lock while it looks; its table is the same.
 */
export function migrate(client: Client, migrations: readonly Migration[], path: string): void {
  const apply = client.transaction(() => {
    client.exec(
      'create table if not exists __drizzle_migrations (id integer primary key, hash text not null, created_at numeric)',
    );
    const applied = appliedAtMs(client);
    assertKnown(applied, migrations, path);
    const remember = client.prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)');
    for (const migration of migrations) {
      if (applied.includes(migration.createdAtMs)) continue;
      for (const statement of migration.statements) client.exec(statement);
      remember.run(migration.hash, migration.createdAtMs);
    }
  });
  apply.immediate();
}

/** Tries again for about 10 s while another process has the database to itself. */
export async function patiently(attempt: () => unknown): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      attempt();
      return;
    } catch (error) {
      const cause = error instanceof StoreUnusableError ? error.cause : error;
      if (!isLocked(cause) || tries === 500) throw error;
    }
    await delay(20);
  }
}
