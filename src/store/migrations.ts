import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { StoreUnusableError } from './store-unusable-error.ts';

/** Relative to this file, `src/store` and `dist/store` lie equally deep: found in both. */
export function migrationsFolder(dialect: 'sqlite' | 'postgres'): string {
  return fileURLToPath(new URL(`../../migrations/${dialect}`, import.meta.url));
}

export interface Migration {
  readonly statements: readonly string[];
  readonly hash: string;
  readonly createdAtMs: number;
}

export function readMigrations(dialect: 'sqlite' | 'postgres'): readonly Migration[] {
  return readMigrationFiles({ migrationsFolder: migrationsFolder(dialect) }).map((file) => ({
    statements: file.sql,
    hash: file.hash,
    createdAtMs: file.folderMillis,
  }));
}

/**
 * @param appliedAtMs `created_at` of each migration that the database has
 * @throws StoreUnusableError `newer_schema` when one of them is unknown here: writing on would corrupt what a newer
 * Outrider relies on
 */
export function assertKnown(
  appliedAtMs: readonly number[],
  known: readonly Migration[],
  where: string,
): void {
  const knownAtMs = new Set(known.map((migration) => migration.createdAtMs));
  if (appliedAtMs.every((atMs) => knownAtMs.has(atMs))) return;
  throw new StoreUnusableError(
    'newer_schema',
    `${where} was written by a newer version of Outrider; start that version, or restore a backup`,
  );
}
