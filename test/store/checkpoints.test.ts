import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Checkpoints, startCheckpoints } from '../../src/store/checkpoints.ts';
import { openStore } from '../../src/store/open.ts';

let folder: string;
let path: string;
let client: SqliteDatabase.Database;
let checkpoints: Checkpoints | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-checkpoints-'));
  path = join(folder, 'some.db');
  client = new SqliteDatabase(path);
  client.pragma('journal_mode = WAL');
  client.exec('create table rows (n integer)');
  client.pragma('wal_checkpoint(truncate)');
});
afterEach(async () => {
  await checkpoints?.end();
  checkpoints = undefined;
  client.close();
  rmSync(folder, { recursive: true, force: true });
});

function commitRows(count: number): void {
  const insert = client.prepare('insert into rows values (?)');
  client.transaction(() => {
    for (let n = 0; n < count; n += 1) insert.run(n);
  })();
}

/** In the database itself, without its log. */
function rowsInFile(): unknown {
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  const alone = new SqliteDatabase(copy, { readonly: true });
  try {
    return alone.prepare('select count(*) from rows').pluck().get();
  } finally {
    alone.close();
  }
}

const pagesDue = () => client.pragma('wal_autocheckpoint', { simple: true });

it('copies the log into the database once enough has changed, and no commit does', async () => {
  checkpoints = startCheckpoints(client, path);
  commitRows(31_999);
  checkpoints.committed();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(rowsInFile()).toBe(0);

  commitRows(1);
  checkpoints.committed();
  await vi.waitFor(() => expect(rowsInFile()).toBe(32_000), { timeout: 5_000, interval: 50 });
});

it('does so again, and again', async () => {
  checkpoints = startCheckpoints(client, path);
  for (const total of [32_000, 64_000, 96_000]) {
    commitRows(32_000);
    await vi.waitFor(
      () => {
        checkpoints?.committed();
        expect(rowsInFile()).toBe(total);
      },
      { timeout: 5_000, interval: 50 },
    );
  }
});

it('leaves it to the connection once it has ended', async () => {
  checkpoints = startCheckpoints(client, path);
  expect(pagesDue()).toBe(16_000);
  commitRows(32_000);
  checkpoints.committed();
  await checkpoints.end();
  expect(pagesDue()).toBe(1_000);
  checkpoints.committed();

  const unused = startCheckpoints(client, path);
  expect(pagesDue()).toBe(16_000);
  await unused.end();
  expect(pagesDue()).toBe(1_000);
});

it('leaves it to the connection when its thread cannot open the file', async () => {
  checkpoints = startCheckpoints(client, join(folder, 'none', 'none.db'));
  commitRows(32_000);
  checkpoints.committed();
  await vi.waitFor(() => expect(pagesDue()).toBe(1_000), { timeout: 5_000, interval: 20 });
  checkpoints.committed();
});

it('does not load a second time what was loaded before the gateway, by an option or NODE_OPTIONS', async () => {
  const child = fileURLToPath(new URL('./checkpoint-child.ts', import.meta.url));
  const preload = `--import=data:text/javascript,console.log('loaded')`;
  const run = async (args: readonly string[], options: string) => {
    const env = { ...process.env, NODE_OPTIONS: options };
    const command = ['--import', 'tsx', ...args, child, join(folder, 'child.db')];
    return (await promisify(execFile)(process.execPath, command, { env })).stdout;
  };
  expect(await run([preload], '')).toBe('loaded\n');
  expect(await run([], preload)).toBe('loaded\n');
}, 60_000);

it('leaves no log behind a store that served and was closed', async () => {
  const file = join(folder, 'outrider.db');
  const store = await openStore({ url: `sqlite:${file}`, now: () => Date.now() });
  await store.recoverPending();
  expect(existsSync(`${file}-wal`)).toBe(true);
  await store.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
});
