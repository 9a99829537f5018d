import { randomInt } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { type Checkpoints, startCheckpoints } from './checkpoints.ts';
import {
  type Database,
  isRowsStep,
  type Queryable,
  type RowStatement,
  type Step,
  type Work,
} from './database.ts';
import { readMigrations } from './migrations.ts';
import { inspect, migrate, patiently } from './prepare-sqlite.ts';
import { compileRow } from './row-binder.ts';
import { takeServingLock } from './serving-lock.ts';
import { failureOf, isLocked, unusable } from './sqlite-failures.ts';
import * as tables from './sqlite-schema.ts';

type Client = SqliteDatabase.Database;

/** A locked database is tried again this often, the event loop free in between, before the work is refused. */
const LOCK_TRIES = 10;
const LOCK_WAIT_MS = 9;
/** Prepared statements of reports: their texts are a few dozen. */
const MOST_READERS = 200;

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
  let endServing: (() => void) | undefined;
  let checkpoints: Checkpoints | undefined;
  const readers = new Map<string, SqliteDatabase.Statement>();
  const compiled = new Map<RowStatement, (rows: readonly Record<string, unknown>[]) => boolean[]>();

  function rowsRunner(statement: RowStatement) {
    const { sql, bind } = compileRow(queryable, statement);
    const prepared = client.prepare(sql);
    // Spread, not as one array: the driver binds arguments a quarter faster than an array's elements.
    return (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => prepared.run(...bind(row)).changes > 0);
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
      checkpoints?.committed();
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
    async claimServing() {
      if (client.memory) return;
      endServing ??= takeServingLock(client.name);
      checkpoints ??= startCheckpoints(client, client.name);
    },
    // Whoever serves alone knows that all others who ever served are dead.
    transactFor: (_instanceId, work) => transact(work),
    alone: (work) => work(),
    // 1.5 ms.
    rowsAtOnce: 700,
    async readRows(query) {
      const { sql, params } = query.toSQL();
      let statement = readers.get(sql);
      if (statement === undefined) {
        if (readers.size >= MOST_READERS) readers.clear();
        statement = client.prepare(sql).raw();
        readers.set(sql, statement);
      }
      return statement.all(...params) as unknown[][];
    },
    failureOf,
    ...(client.memory ? {} : { path: realpathSync(client.name), isInPlace: inPlaceCheck(client.name) }),
    async close() {
      await checkpoints?.end();
      client.close();
      endServing?.();
    },
  };
}

function inPlaceCheck(path: string): () => boolean {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.ino === opened.ino && found.dev === opened.dev;
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

function settled(executed: unknown): unknown {
  if (typeof executed === 'object' && executed !== null && 'sync' in executed) {
    if (typeof executed.sync === 'function') return executed.sync();
  }
  throw new TypeError('a step of a SQLite transaction must be a synchronous drizzle query');
}
