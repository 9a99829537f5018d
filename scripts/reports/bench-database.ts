import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { findPostgres, startPostgres } from '../../test/store/postgres.ts';

/** The database that the measured gateway serves on. */
export interface BenchDatabase {
  readonly url: string;
  /** Whether somebody's tables are in it, or an earlier run's. */
  isUsed(): Promise<boolean>;
  /** What follows a bulk of rows in life by itself, some minutes later: statistics of the planner, and what is dead removed. */
  tidy(): Promise<void>;
  megabytes(): Promise<number>;
  close(): Promise<void>;
}

/**
 * @param options.url of a PostgreSQL database that is there
 * @param options.ownCluster a PostgreSQL of its own, with its own default settings, in this folder. SQLite else
 * @throws Error where PostgreSQL is wanted and not installed
 */
export async function openBenchDatabase(options: {
  readonly folder: string;
  readonly url: string | undefined;
  readonly ownCluster: boolean;
}): Promise<BenchDatabase> {
  const { folder, url } = options;
  if (url !== undefined) return postgresAt(url, async () => {});
  if (!options.ownCluster) return sqliteIn(folder);
  const binaries = findPostgres();
  if (binaries === undefined)
    throw new Error('initdb and postgres are not installed: give --database instead');
  const cluster = await startPostgres(binaries, { folder: join(folder, 'postgres'), settings: {} });
  return postgresAt(cluster.defaultUrl, () => cluster.stop('fast'));
}

function sqliteIn(folder: string): BenchDatabase {
  const path = join(folder, 'outrider.db');
  return {
    url: `sqlite:${path}`,
    isUsed: async () => existsSync(path),
    tidy: async () => {},
    megabytes: async () => statSync(path).size / 1e6,
    close: async () => {},
  };
}

function postgresAt(url: string, close: () => Promise<void>): BenchDatabase {
  async function ask(statement: string): Promise<unknown> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query({ text: statement, rowMode: 'array' });
      return rows[0]?.[0];
    } finally {
      await client.end();
    }
  }
  return {
    url,
    isUsed: async () => (await ask("select to_regclass('requests')")) !== null,
    async tidy() {
      await ask('vacuum analyze');
    },
    megabytes: async () => Number(await ask('select pg_database_size(current_database())')) / 1e6,
    close,
  };
}
