import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { assertKnown, migrationsFolder, readMigrations } from './migrations.ts';
import { LOCK_CLASS } from './postgres-presence.ts';

/** No instance has this number, see `openPresence`. */
const MIGRATION_LOCK = 0;
/** Not drizzle's default name: another drizzle program in the same database would share it. */
const MIGRATIONS_TABLE = 'outrider_migrations';

/**
 * drizzle's migrator takes no lock: of eight replicas that start at once on an empty database most fail on tables
 * that the first one just made. They queue here instead.
 */
export async function migratePostgres(connection: pg.ClientConfig, place: string): Promise<void> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1, $2)', [LOCK_CLASS, MIGRATION_LOCK]);
    assertKnown(await appliedAtMs(client), readMigrations('postgres'), place);
    await migrate(drizzle(client), {
      migrationsFolder: migrationsFolder('postgres'),
      migrationsTable: MIGRATIONS_TABLE,
    });
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

async function appliedAtMs(client: pg.Client): Promise<number[]> {
  const table = `drizzle.${MIGRATIONS_TABLE}`;
  const { rows: tables } = await client.query('select to_regclass($1) as name', [table]);
  if (tables[0]?.name === null) return [];
  const { rows } = await client.query(`select created_at from ${table}`);
  return rows.map((row) => Number(row.created_at));
}
