import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { type Cluster, findPostgres, startPostgres } from './postgres.ts';
import { START_MS } from './records.ts';

export interface Databases {
  /** A fresh empty database. */
  createUrl(): Promise<string>;
  /** Opens a store that is closed after the test. */
  open(url: string, now?: () => number): Promise<Store>;
}

const binaries = findPostgres();
let cluster: Cluster | undefined;
afterAll(() => cluster?.remove());

/** The same tests on SQLite and, where it is installed, on PostgreSQL: one cluster per test file. */
export function describeEachDatabase(name: string, tests: (databases: Databases) => void): void {
  describe(`${name}, on SQLite`, () => {
    let folder: string;
    let files = 0;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'outrider-store-'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    tests(
      withOpen(async () => {
        files += 1;
        return `sqlite:${join(folder, `${files}.db`)}`;
      }),
    );
  });

  describe.skipIf(binaries === undefined)(
    `${name}, on PostgreSQL (skipped where it is not installed)`,
    () => {
      tests(
        withOpen(async () => {
          cluster ??= await startPostgres(binaries ?? '');
          return cluster.emptyDatabase();
        }),
      );
    },
  );
}

function withOpen(createUrl: () => Promise<string>): Databases {
  const opened: Store[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  return {
    createUrl,
    async open(url, now = () => START_MS + 60_000) {
      const store = await openStore({ url, now });
      opened.push(store);
      return store;
    },
  };
}
