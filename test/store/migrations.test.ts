import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getTableColumns, getTableName, is, Table } from 'drizzle-orm';
import { getTableConfig as postgresTableConfig } from 'drizzle-orm/pg-core';
import { getTableConfig as sqliteTableConfig } from 'drizzle-orm/sqlite-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMigrations } from '../../src/store/migrations.ts';
import * as postgresSchema from '../../src/store/postgres-schema.ts';
import * as sqliteSchema from '../../src/store/sqlite-schema.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-migrations-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `npm run db:generate` would leave in a folder that starts as a copy of the committed migrations. */
function regenerate(dialect: 'sqlite' | 'postgres', schema: string): string {
  const name = `${dialect}-${schema.replaceAll(/\W/g, '-')}`;
  const out = join(folder, name);
  cpSync(join(root, 'migrations', dialect), out, { recursive: true });
  const drizzleKit = join(root, 'node_modules', 'drizzle-kit', 'bin.cjs');
  execFileSync(
    process.execPath,
    [
      drizzleKit,
      'generate',
      `--dialect=${dialect === 'sqlite' ? 'sqlite' : 'postgresql'}`,
      `--schema=${join(root, schema)}`,
      `--out=${name}`,
    ],
    // It takes relative folders only, and exits 0 when it cannot find one.
    { cwd: folder, stdio: 'pipe' },
  );
  return out;
}

function contentOf(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(out.length + 1), readFileSync(path, 'utf8')]));
}

describe('migrations', () => {
  it.each(['sqlite', 'postgres'] as const)('%s: say what the schema says', (dialect) => {
    const out = regenerate(dialect, `src/store/${dialect}-schema.ts`);
    expect(contentOf(out)).toEqual(contentOf(join(root, 'migrations', dialect)));
  });

  it('a schema that says more is noticed', () => {
    const out = regenerate('sqlite', 'test/store/drifted-schema.ts');
    expect(contentOf(out)).not.toEqual(contentOf(join(root, 'migrations', 'sqlite')));
  });

  it.each(['sqlite', 'postgres'] as const)('%s: are found and in order', (dialect) => {
    const migrations = readMigrations(dialect);
    expect(migrations.length).toBeGreaterThan(0);
    const times = migrations.map(({ createdAtMs }) => createdAtMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('the two schemas', () => {
  const described = (schema: Record<string, unknown>, keysOf: (table: Table) => string[][]) =>
    Object.fromEntries(
      Object.entries(schema)
        .filter((entry): entry is [string, Table] => is(entry[1], Table))
        .map(([name, table]) => [
          name,
          {
            table: getTableName(table),
            keys: keysOf(table),
            columns: Object.entries(getTableColumns(table)).map(([key, column]) => ({
              key,
              name: column.name,
              isPrimary: column.primary,
              isNotNull: column.notNull,
              isUnique: column.isUnique,
              default: column.default,
              dataType: column.dataType,
            })),
          },
        ]),
    );

  it('have the same tables, columns, types, defaults and keys', () => {
    const sqlite = described(sqliteSchema, (table) =>
      sqliteTableConfig(table as never).primaryKeys.map((key) => key.columns.map((column) => column.name)),
    );
    const postgres = described(postgresSchema, (table) =>
      postgresTableConfig(table as never).primaryKeys.map((key) => key.columns.map((column) => column.name)),
    );
    expect(Object.keys(sqlite)).toHaveLength(19);
    expect(postgres).toEqual(sqlite);
  });
});
