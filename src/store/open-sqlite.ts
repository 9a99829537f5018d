import { randomInt } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import {
  type Database,
  type FailureKind,
  isRowsStep,
  type Queryable,
  type RowStatement,
  type Step,
  type Work,
} from './database.ts';
import { assertKnown, type Migration, readMigrations } from './migrations.ts';
import { compileRow } from './row-binder.ts';
import * as tables from './sqlite-schema.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

type Client = SqliteDatabase.Database;

/** A locked database is tried again this often, the event loop free in between, before the work is refused. */
const LOCK_TRIES = 10;
const LOCK_WAIT_MS = 9;
/** Up to here a start checks every page (about 0.1 s); larger files only the schema. */
const FULL_CHECK_BYTES = 64 * 1024 * 1024;

/**
 * @param path a file, created when missing, or `:memory:`
 * @throws StoreUnusableError without having changed the file
 */
export async function openSqlite(path: string): Promise<Database> {
  const migrations = readMigrations('sqlite');
  await patiently(() => inspect(path, migrations));
  const client = connect(path);
  try {
    // Only takes effect on a new file. Pages of 8 kB instead of 4 cost a busy batch 10–15 % less CPU.
    client.pragma('page_size = 8192');
    // Two processes that start at once find each other's locks here, and no busy timeout covers the switch to WAL.
    await patiently(() => client.pragma('journal_mode = WAL'));
    // NORMAL survives kill -9 and loses at most the last commits on a power cut; FULL costs an fsync per commit.
    client.pragma('synchronous = NORMAL');
    client.pragma('cache_size = -16000');
    await patiently(() => migrate(client, migrations, path));
  } catch (error) {
    client.close();
    throw unusable(error, path);
  }
  return sqliteDatabase(client);
}

function sqliteDatabase(client: Client): Database {
  const queryable: Queryable = { db: drizzle(client), tables };
  const begin = client.prepare('begin immediate');
  const commit = client.prepare('commit');
  const rollback = client.prepare('rollback');
  const compiled = new Map<RowStatement, (rows: readonly Record<string, unknown>[]) => boolean[]>();

  function rowsRunner(statement: RowStatement) {
    const { sql, bind } = compileRow(queryable, statement);
    const prepared = client.prepare(sql);
    return (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => prepared.run(bind(row)).changes > 0);
  }

  function runStep(step: Step): unknown {
    if (!isRowsStep(step)) return settled(step.prepare().execute());
    let run = compiled.get(step.statement);
    if (run === undefined) {
      run = rowsRunner(step.statement);
      compiled.set(step.statement, run);
    }
    return run(step.rows);
  }

  function runAll<Result>(work: Work<Result>): Result {
    try {
      const steps = work(queryable);
      let next = steps.next();
      while (!next.done) next = steps.next(runStep(next.value));
      commit.run();
      return next.value;
    } finally {
      // A full disk rolls back by itself, a constraint does not.
      if (client.inTransaction) rollback.run();
    }
  }

  async function transact<Result>(work: Work<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        begin.run();
        break;
      } catch (error) {
        if (!isLocked(error) || tries === LOCK_TRIES) throw error;
      }
      await delay(LOCK_WAIT_MS);
    }
    return runAll(work);
  }

  return {
    ...queryable,
    instanceId: randomInt(1, 2 ** 31),
    transact,
    transactFor: (_instanceId, work) => transact(work),
    failureOf,
    async close() {
      client.close();
    },
  };
}

function connect(path: string): Client {
  try {
    // The driver's own waiting blocks the event loop: the waits above are the 100 ms that a lock may take.
    return new SqliteDatabase(path, { timeout: 1 });
  } catch (error) {
    throw unusable(error, path);
  }
}

/** Looks before anything is written: what is not ours is left exactly as it is. */
function inspect(path: string, migrations: readonly Migration[]): void {
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
function migrate(client: Client, migrations: readonly Migration[], path: string): void {
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
async function patiently(attempt: () => unknown): Promise<void> {
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

function settled(executed: unknown): unknown {
  if (typeof executed === 'object' && executed !== null && 'sync' in executed) {
    if (typeof executed.sync === 'function') return executed.sync();
  }
  throw new TypeError('a step of a SQLite transaction must be a synchronous drizzle query');
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? '' : codeOf(error.cause);
}

function isLocked(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

const REFUSALS = ['SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG', 'SQLITE_RANGE', 'SQLITE_ERROR'];

function failureOf(error: unknown): FailureKind {
  const code = codeOf(error);
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE') return 'duplicate';
  const isOurs = !code.startsWith('SQLITE_') || REFUSALS.some((prefix) => code.startsWith(prefix));
  return isOurs ? 'refused' : 'away';
}

function unusable(error: unknown, path: string): unknown {
  if (error instanceof StoreUnusableError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_NOTADB')) {
    return new StoreUnusableError('not_a_database', `${path} is not a SQLite database`, error);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new StoreUnusableError('corrupt', corruptMessage(path), error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnusableError('unreachable', `cannot open the database ${path}: ${reason}`, error);
}

function corruptMessage(path: string): string {
  return `${path} is corrupt; restore a backup, or move it away to start afresh`;
}
