/**
 * What every query of the store is written against: drizzle with SQLite's types, whichever database is behind it.
 *
 * A transaction is a generator of steps. SQLite runs all of them synchronously between `begin immediate` and
 * `commit`, so nothing else gets in between and nothing waits for the event loop; PostgreSQL awaits each one.
 */
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import type * as sqliteTables from './sqlite-schema.ts';

export type Tables = typeof sqliteTables;

/** Reads may use it as it is; writes go through `transact`, which alone waits for SQLite's lock. */
export interface Queryable {
  readonly db: BaseSQLiteDatabase<'sync', unknown>;
  readonly tables: Tables;
}

/** What is read by the thousand: rows as arrays, for drizzle takes 10 µs to make an object of one. */
export interface RowReader {
  /** As many as one query should take from an index and sum up: SQLite does it in this thread, some milliseconds at most. */
  readonly rowsAtOnce: number;
  /** Numbers may come as texts from PostgreSQL (sums do), and come as they are in the query's order of columns. */
  readRows(query: { toSQL(): { sql: string; params: unknown[] } }): Promise<readonly (readonly unknown[])[]>;
}

/** A drizzle query: awaited outside of transactions, a step inside of one. */
export interface Query<Result> extends PromiseLike<Result> {
  prepare(): { execute(): unknown };
}

export type Row = Readonly<Record<string, unknown>>;

/**
 * A statement for one row of values, compiled once per database and then run without drizzle, whose own overhead
 * per row is several times SQLite's. `build` uses `sql.placeholder(name)` where the row has a value of that name.
 */
export interface RowStatement<Values extends Row = Row> {
  readonly name: string;
  readonly build: (queryable: Queryable) => { toSQL(): { sql: string; params: unknown[] } };
  /**
   * For the statements of the hot path: the row's values in the order of `columns`. Looking up each by its name costs
   * as much as writing the row.
   */
  readonly positional?: {
    readonly columns: readonly string[];
    valuesOf(row: Values): readonly unknown[];
  };
  /** Only carries the type. */
  readonly values?: Values;
}

interface RowsStep {
  readonly statement: RowStatement;
  readonly rows: readonly Row[];
}

export type Step = Query<unknown> | RowsStep;
export type Steps<Result> = Generator<Step, Result, unknown>;
export type Work<Result> = (queryable: Queryable) => Steps<Result>;

/** Runs one query inside a transaction and hands back its rows. */
export function* ask<Result>(query: Query<Result>): Steps<Result> {
  return (yield query) as Result;
}

/** Runs one statement for each row; true where it changed something. */
export function* write<Values extends Row>(
  statement: RowStatement<Values>,
  rows: readonly Values[],
): Steps<readonly boolean[]> {
  if (rows.length === 0) return [];
  return (yield { statement, rows }) as readonly boolean[];
}

export function isRowsStep(step: Step): step is RowsStep {
  return 'statement' in step;
}

/**
 * `away`: the storage itself fails (full, locked, unreachable); the same work may succeed later.
 * `duplicate` and `refused`: this work will never succeed.
 */
export type FailureKind = 'away' | 'duplicate' | 'refused';

/** The answer to `commit` never came: the work may be done or not. Counts as `away`. */
export class CommitLostError extends Error {
  constructor(cause: unknown) {
    super('the connection was lost during commit', { cause });
    this.name = 'CommitLostError';
  }
}

export interface Database extends Queryable, RowReader {
  /** This process among all that write here; random, drawn at open. */
  readonly instanceId: number;
  /** All steps or none. Rejects with the driver's own error: `failureOf` says what it means. */
  transact<Result>(work: Work<Result>): Promise<Result>;
  /**
   * From here on this process serves, and ends what dead ones left running. Calling it again changes nothing.
   * @throws StoreUnusableError when another one serves already on a database that bears only one
   */
  claimServing(): Promise<void>;
  /** As `transact`, but only when the process `instanceId` is dead; undefined when it lives. Call `claimServing` first. */
  transactFor<Result>(instanceId: number, work: Work<Result>): Promise<Result | undefined>;
  /**
   * Runs `work` unless another process is at it: for what several would only do twice. On SQLite, where one serves, at once.
   * @returns undefined when another one is at it
   */
  alone<Result>(work: () => Promise<Result>): Promise<Result | undefined>;
  failureOf(error: unknown): FailureKind;
  /** The file of the database, behind all links, where it is one and bears an intent log beside it. */
  readonly path?: string;
  /** False once the file was removed or another put in its place: what is written since is lost when it is closed. */
  isInPlace?(): boolean;
  close(): Promise<void>;
}
