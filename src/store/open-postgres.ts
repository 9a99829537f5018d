import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
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
import { codeOf } from './driver-code.ts';
import { migratePostgres } from './migrate-postgres.ts';
import { LOCK_CLASS, openPresence, type Presence } from './postgres-presence.ts';
import * as tables from './postgres-schema.ts';
import { type CompiledRow, compileRow } from './row-binder.ts';
import { StoreUnusableError } from './store-unusable-error.ts';

/** A request waits for its row, and a clear 503 soon is worth more to it than an answer after seconds. */
const TRANSACTION_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;
const POOL_SIZE = 8;
/** Reports have connections of their own: eight that a busy server keeps waiting would leave none for a request's row. */
const REPORT_POOL_SIZE = 4;
/** No instance has this number, see `openPresence`. */
const HOUSEKEEPING_LOCK = -1;

/**
 * @param url `postgres://user:password@host:port/database?…` as `pg` reads it
 * @throws StoreUnusableError when it cannot be reached or used
 */
export async function openPostgres(url: string): Promise<Database> {
  const connection = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  try {
    await migratePostgres(connection, placeOf(url));
    const presence = await openPresence(connection);
    return postgresDatabase(connection, presence);
  } catch (error) {
    throw unusable(error, placeOf(url));
  }
}

function postgresDatabase(connection: pg.ClientConfig, presence: Presence): Database {
  // Pipelined: all rows of a step go out in one write instead of waiting for each other's answers.
  const pool = openPool({ ...connection, max: POOL_SIZE, pipeline: true });
  // Who asks for a report waits for its turn as long as for its answer.
  const reports = openPool({
    ...connection,
    max: REPORT_POOL_SIZE,
    connectionTimeoutMillis: READ_TIMEOUT_MS,
  });
  const queryable = asQueryable(pool);
  const compiled = new Map<RowStatement, CompiledRow>();

  function compile(statement: RowStatement): CompiledRow {
    let row = compiled.get(statement);
    if (row === undefined) {
      row = compileRow(queryable, statement);
      compiled.set(statement, row);
    }
    return row;
  }

  async function runStep(client: pg.PoolClient, step: Step): Promise<unknown> {
    if (!isRowsStep(step)) return step;
    const { sql: text, bind } = compile(step.statement);
    // Corked: one write for all rows. A write each was most of what a row costs this process.
    client.connection.stream.cork();
    const sent = step.rows.map((row) =>
      client.query({ name: step.statement.name, text, values: bind(row).map(storable) }),
    );
    client.connection.stream.uncork();
    const results = await Promise.all(sent);
    return results.map((result) => (result.rowCount ?? 0) > 0);
  }

  async function runAll<Result>(client: pg.PoolClient, work: Work<Result>): Promise<Result> {
    try {
      await client.query('begin');
      const steps = work(asQueryable(client));
      let next = steps.next();
      while (!next.done) next = steps.next(await runStep(client, next.value));
      await client.query('commit').catch((cause: unknown) => {
        throw new CommitLostError(cause);
      });
      return next.value;
    } catch (error) {
      // A rollback that fails too says nothing new: the connection is thrown away then.
      if (!(error instanceof CommitLostError)) await client.query('rollback').catch(() => {});
      throw error;
    }
  }

  async function transact<Result>(work: Work<Result>): Promise<Result> {
    const client = await pool.connect();
    let isUsable = false;
    // Cuts the connection under a server that does not answer: every statement on it then fails at once.
    const deadline = setTimeout(() => client.connection.stream.destroy(), TRANSACTION_TIMEOUT_MS);
    try {
      const result = await runAll(client, work);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = failureOf(error) !== 'away';
      throw error;
    } finally {
      clearTimeout(deadline);
      client.release(!isUsable);
    }
  }

  return {
    ...queryable,
    instanceId: presence.instanceId,
    transact,
    // Replicas serve side by side.
    async claimServing() {},
    async transactFor(instanceId, work) {
      return transact(function* (inside) {
        const [claim] = (yield { statement: claimInstance, rows: [{ instanceId }] }) as readonly boolean[];
        return claim === true ? yield* work(inside) : undefined;
      });
    },
    // It sums up in a process of its own, and each question is a way there and back.
    rowsAtOnce: 20_000,
    async readRows(query) {
      const { sql: text, params } = query.toSQL();
      const { rows } = await reports.query({ text, values: params.map(storable), rowMode: 'array' });
      return rows;
    },
    async alone(work) {
      const client = await pool.connect();
      const [lock, unlock] = ['pg_try_advisory_lock', 'pg_advisory_unlock'].map(
        (name) => `select ${name}(${LOCK_CLASS}, ${HOUSEKEEPING_LOCK}) as done`,
      ) as [string, string];
      let isUsable = false;
      try {
        const { rows } = await client.query(lock);
        const result = rows[0]?.done === true ? await work().finally(() => client.query(unlock)) : undefined;
        isUsable = true;
        return result;
      } finally {
        // A connection that is thrown away gives its lock back by itself.
        client.release(!isUsable);
      }
    },
    failureOf,
    async close() {
      await presence.close();
      await Promise.all([pool.end(), reports.end()]);
    },
  };
}

/** Without listeners a server that restarts would take this process with it; whoever needs a connection is told. */
function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...options, query_timeout: READ_TIMEOUT_MS });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Drizzle's builders for both databases have the same shape, and the tables the same names: the house's one cast. */
function asQueryable(client: pg.Pool | pg.PoolClient): Queryable {
  const query = (config: pg.QueryConfig, values?: unknown[]) => client.query(config, values?.map(storable));
  const storing: typeof client = Object.create(client, { query: { value: query } });
  return { db: drizzle(storing), tables } as unknown as Queryable;
}

/** Finds a row only when the lock of that instance is free, that is, when it is dead; held until the transaction ends. */
const claimInstance: RowStatement<{ instanceId: number }> = {
  name: 'claim_instance',
  build: () => ({
    toSQL: () => ({
      sql: `select 1 where pg_try_advisory_xact_lock(${LOCK_CLASS}, $1)`,
      params: [sql.placeholder('instanceId')],
    }),
  }),
};

/**
 * PostgreSQL's text cannot hold NUL: one in an upstream's finish reason would lose the whole ending, and one in an id that is
 * asked for would be an error where there is nothing of that name.
 */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

/** By class of SQLSTATE: 22 data, 23 constraint, 42 statement. Everything else may pass: shutdown, disk, deadlock. */
function failureOf(error: unknown): FailureKind {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    return 'refused';
  const code = codeOf(error);
  if (code === '23505') return 'duplicate';
  return /^(22|23|42)[0-9A-Z]{3}$/.test(code) ? 'refused' : 'away';
}

/** Host and database only: the url holds a password. */
function placeOf(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url);
    return `PostgreSQL at ${host || searchParams.get('host') || 'localhost'}${pathname}`;
  } catch {
    throw new StoreUnusableError('invalid_url', 'store.url is not a valid postgres:// address');
  }
}

function unusable(error: unknown, place: string): StoreUnusableError {
  if (error instanceof StoreUnusableError) return error;
  const reason = error instanceof Error ? error.message || codeOf(error) : String(error);
  return new StoreUnusableError('unreachable', `cannot use ${place}: ${reason}`, error);
}
