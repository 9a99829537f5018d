import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import {
  CommitLostError,
  type Database,
  type FailureKind,
  isRowsStep,
  type Queryable,
  type RowStatement,
  type Step,
  type Work,
} from './database.ts';
import { assertKnown, migrationsFolder, readMigrations } from './migrations.ts';
import * as tables from './postgres-schema.ts';
import { type CompiledRow, compileRow } from './row-binder.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

/** `outr` in ASCII: our namespace among the advisory locks of a shared database. */
const LOCK_CLASS = 0x6f757472;
const MIGRATION_LOCK = 0;
/** A request waits for its row: better no answer from us than one after seconds. */
const STATEMENT_TIMEOUT_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 1_000;
const POOL_SIZE = 8;
const RECONNECT_MS = 500;

/**
 * @param url `postgres://user:password@host:port/database?…` as `pg` reads it
 * @throws StoreUnusableError when it cannot be reached or used
 */
export async function openPostgres(url: string): Promise<Database> {
  const options = connectionOptions(url);
  try {
    await migrateOnce(options);
    const presence = await openPresence(options);
    return postgresDatabase(options, presence);
  } catch (error) {
    throw unusable(error, options);
  }
}
