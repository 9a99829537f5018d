import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMigrations } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/open.ts';
import { hasPrlimit, limitFileSize } from './file-size-limit.ts';
import { endOf, requestOf, START_MS, startOf } from './records.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = () => START_MS;
const fingerprint = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function writtenDatabase(name: string): Promise<string> {
  const path = join(folder, name);
  const store = await openStore({ url: `sqlite:${path}`, now });
  const decision = 'x'.repeat(3_000);
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      store.journal.begin(requestOf(`r${index}`, { decision }), startOf(`r${index}`)),
    ),
  );
  await store.close();
  return path;
}

describe('a file that cannot be used stops the start with one line and stays as it is', () => {
  async function expectRefused(path: string, reason: string): Promise<void> {
    const before = fingerprint(path);
    const opening = openStore({ url: `sqlite:${path}`, now });
    await expect(opening).rejects.toMatchObject({ name: 'StoreUnusableError', reason });
    await expect(opening).rejects.toThrow(/^[^\n]+$/);
    expect(fingerprint(path)).toBe(before);
  }

  it('not a database', async () => {
    const path = join(folder, 'notes.db');
    writeFileSync(path, 'Dear diary, '.repeat(1_000));
    await expectRefused(path, 'not_a_database');
  });

  it('a page overwritten in the middle', async () => {
    const path = await writtenDatabase('overwritten.db');
    const bytes = readFileSync(path);
    expect(bytes.length).toBeGreaterThan(200_000);
    bytes.fill(0xff, 100_000, 112_000);
    writeFileSync(path, bytes);
    await expectRefused(path, 'corrupt');
  });

  it('cut off', async () => {
    const path = await writtenDatabase('cut.db');
    writeFileSync(path, readFileSync(path).subarray(0, 50_000));
    await expectRefused(path, 'corrupt');
  });

  it('a database of another program', async () => {
    const path = join(folder, 'bookmarks.db');
    new Sqlite(path).exec('create table bookmarks (url text)').close();
    await expectRefused(path, 'foreign');
  });

  it('written by a newer version', async () => {
    const path = await writtenDatabase('newer.db');
    const client = new Sqlite(path);
    client.prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)').run('ff', 9e12);
    client.pragma('wal_checkpoint(truncate)');
    client.close();
    await expectRefused(path, 'newer_schema');
  });

  it.each(['mysql://localhost/a', 'outrider.db', ''])('an address it does not know: %j', async (url) => {
    await expect(openStore({ url, now })).rejects.toMatchObject({ reason: 'invalid_url' });
  });

  it('a folder that does not exist', async () => {
    const url = `sqlite:${join(folder, 'nowhere', 'a.db')}`;
    await expect(openStore({ url, now })).rejects.toThrow(/cannot open the database .*nowhere/);
  });
});

describe('opening', () => {
  it('keeps what was there, in memory too, and uses WAL', async () => {
    const path = await writtenDatabase('again.db');
    const store = await openStore({ url: `sqlite:${path}`, now });
    expect((await store.readRequest('r99'))?.request.decision).toHaveLength(3_000);
    await store.close();
    expect(new Sqlite(path).pragma('journal_mode', { simple: true })).toBe('wal');
    const inMemory = await openStore({ url: 'sqlite::memory:', now });
    await inMemory.journal.begin(requestOf('r1'), startOf('r1'));
    expect(await inMemory.readRequest('r1')).toBeDefined();
    await inMemory.close();
  });

  it('accepts an empty file', async () => {
    const path = join(folder, 'empty.db');
    writeFileSync(path, '');
    const store = await openStore({ url: `sqlite:${path}`, now });
    expect(await store.hasKeys()).toBe(false);
    await store.close();
  });

  it('is safe for four processes that start at once on a new file', async () => {
    const path = join(folder, 'race.db');
    const opener = fileURLToPath(new URL('./open-child.ts', import.meta.url));
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--import', 'tsx', opener, `sqlite:${path}`], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(children.map((child) => firstOutput(child)));
    // All are loaded and wait for this: opening is all that is left to do.
    for (const child of children) child.stdin?.end('go');
    const codes = await Promise.all(children.map((child) => exitCode(child)));
    expect(codes).toEqual(Array(4).fill(0));
    const client = new Sqlite(path);
    expect(client.prepare('select count(*) from __drizzle_migrations').pluck().get()).toBe(
      readMigrations('sqlite').length,
    );
    expect(client.prepare('select count(*) from requests').pluck().get()).toBe(4);
    client.close();
  });
});

describe('trouble while it runs', () => {
  it('refuses to begin within 100 ms or so while another process holds the lock, and recovers', async () => {
    const path = await writtenDatabase('locked.db');
    const store = await openStore({ url: `sqlite:${path}`, now });
    await store.journal.begin(requestOf('before'), startOf('before'));
    const other = new Sqlite(path);
    other.exec('begin immediate');
    store.journal.end(endOf('before'));
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const startedAtMs = performance.now();
    await expect(store.journal.begin(requestOf('r'), startOf('r'))).rejects.toMatchObject({
      status: 503,
      code: 'storage_unavailable',
      retryAfterSeconds: 1,
    });
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    clearInterval(counting);
    // A client that leaves meanwhile: what was never written has no ending to write either.
    const beginning = store.journal.begin(requestOf('left'), startOf('left'));
    store.journal.end(endOf('left'));
    await expect(beginning).rejects.toMatchObject({ code: 'storage_unavailable' });
    // The event loop went on: others were served meanwhile.
    expect(turns).toBeGreaterThan(5);
    expect(await store.isHealthy()).toBe(false);
    await expect(store.journal.flush()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(store.journal.lag().pending).toBe(1);

    other.exec('rollback');
    await expect.poll(() => store.journal.lag().pending, { timeout: 5_000 }).toBe(0);
    expect(await store.isHealthy()).toBe(true);
    await store.journal.begin(requestOf('r'), startOf('r'));
    expect((await store.readRequest('before'))?.attempts[0]?.ending).toBe('completed');
    other.close();
    await store.close();
  });

  it.skipIf(!hasPrlimit())(
    'refuses to begin on a full disk, keeps the endings, writes them when there is room',
    async () => {
      const path = join(folder, 'full.db');
      const store = await openStore({ url: `sqlite:${path}`, now });
      const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
      await Promise.all(ids.map((id) => store.journal.begin(requestOf(id), startOf(id))));
      try {
        limitFileSize(statSync(`${path}-wal`).size);
        const decision = 'x'.repeat(50_000);
        const begin = () => store.journal.begin(requestOf('large', { decision }), startOf('large'));
        await expect(begin()).rejects.toMatchObject({ status: 503, code: 'storage_unavailable' });
        await expect(begin()).rejects.toMatchObject({ status: 503, code: 'storage_unavailable' });
        for (const id of ids) store.journal.end(endOf(id));
        await expect(store.journal.flush()).rejects.toMatchObject({ code: 'storage_unavailable' });
        expect(await store.isHealthy()).toBe(false);
      } finally {
        limitFileSize('unlimited');
      }
      await expect.poll(() => store.journal.lag().pending, { timeout: 5_000 }).toBe(0);
      expect(await store.isHealthy()).toBe(true);
      expect(await store.readRequest('large')).toBeUndefined();
      expect(await store.readTraffic(0)).toMatchObject([{ requests: 20, completed: 20 }]);
      expect((await store.loadBeliefs()).beliefs).toMatchObject([{ a: 20, b: 0, c: 20 }]);
      await store.close();
    },
  );
});

it('is not healthy without its file, nor with another in its place', async () => {
  const path = join(folder, 'removed.db');
  const store = await openStore({ url: `sqlite:${path}`, now });
  expect(await store.isHealthy()).toBe(true);
  renameSync(path, `${path}.away`);
  expect(await store.isHealthy()).toBe(false);
  writeFileSync(path, '');
  expect(await store.isHealthy()).toBe(false);
  renameSync(`${path}.away`, path);
  expect(await store.isHealthy()).toBe(true);
  await store.close();
});

describe('an ending that the database refuses for good', () => {
  it('is dropped and counted, its neighbours are written', async () => {
    const store = await openStore({ url: 'sqlite::memory:', now });
    const ids = ['r1', 'r2', 'r3'];
    await Promise.all(ids.map((id) => store.journal.begin(requestOf(id), startOf(id))));
    for (const id of ids) {
      store.journal.end(endOf(id, id === 'r2' ? { finishReason: {} as string } : {}));
    }
    await store.journal.flush();
    expect(store.journal.lag()).toEqual({ pending: 0, oldestMs: 0, dropped: 1 });
    const endings = await Promise.all(ids.map((id) => store.readRequest(id)));
    expect(endings.map((history) => history?.attempts[0]?.ending)).toEqual([
      'completed',
      undefined,
      'completed',
    ]);
    expect((await store.loadBeliefs()).beliefs).toMatchObject([{ a: 2 }]);
    await store.close();
  });
});

function firstOutput(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.stdout?.once('data', resolve));
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

it('writes its last endings although somebody holds the file for a moment', async () => {
  const path = join(folder, 'held.db');
  const store = await openStore({ url: `sqlite:${path}`, now });
  await store.journal.begin(requestOf('r1'), startOf('r1'));
  const other = new Sqlite(path);
  other.exec('begin immediate');
  setTimeout(() => {
    other.exec('rollback');
    other.close();
  }, 600);
  store.journal.end(endOf('r1'));
  await store.close();
  const next = await openStore({ url: `sqlite:${path}`, now });
  expect(await next.recoverPending()).toEqual([]);
  expect(await next.readRequest('r1')).toMatchObject({ attempts: [{ ending: 'completed' }] });
  await next.close();
});
