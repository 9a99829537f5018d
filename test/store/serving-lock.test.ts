import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { START_MS, startOf } from './records.ts';

const CHILD = fileURLToPath(new URL('./serve-child.ts', import.meta.url));
const REFUSAL = /^another Outrider is serving on \S+\.db; stop it first, or use PostgreSQL for several$/;

let folder: string;
let path: string;
const stores: Store[] = [];
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-serving-'));
  path = join(folder, 'outrider.db');
});
afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(file = path): Promise<Store> {
  const store = await openStore({ url: `sqlite:${file}`, now: () => START_MS });
  stores.push(store);
  return store;
}

/** A process that serves on the file, or was refused: with what it said. */
async function startChild(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, `sqlite:${path}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = child.stdout === null ? [''] : await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('a SQLite file with two servers', () => {
  it('refuses the second process and leaves the attempts of the first running; kill -9 frees it', async () => {
    const { child, said } = await startChild();
    expect(said).toBe('serving');
    const second = await open();
    await expect(second.recoverPending()).rejects.toMatchObject({
      name: 'StoreUnusableError',
      reason: 'in_use',
      message: expect.stringMatching(REFUSAL),
    });
    expect((await second.readRequest('running'))?.attempts[0]?.ending).toBeUndefined();

    await killed(child);
    expect(await second.recoverPending()).toEqual([startOf('running')]);
    expect((await startChild()).said).toMatch(REFUSAL);
  }, 20_000);

  it('refuses the second within one process, until the first is closed', async () => {
    const first = await open();
    await first.recoverPending();
    await first.recoverPending();
    const second = await open();
    await expect(second.recoverPending()).rejects.toThrow(REFUSAL);
    await expect(second.recoverPending()).rejects.toThrow(REFUSAL);
    await first.close();
    expect(await second.recoverPending()).toEqual([]);
  });

  it('knows the file by another name', async () => {
    await (await open()).recoverPending();
    const link = join(folder, 'link.db');
    symlinkSync(path, link);
    await expect((await open(link)).recoverPending()).rejects.toThrow(REFUSAL);
  });

  it('lets others make and revoke keys meanwhile', async () => {
    await (await open()).recoverPending();
    const other = await open();
    const { record } = await other.createKey({ name: 'a', scopes: ['inference'] });
    expect(await other.revokeKey(record.id)).toBe(true);
  });
});

it('a lock file that is none is named, and left alone', async () => {
  const store = await open();
  const letter = 'a letter to my grandmother\n'.repeat(100);
  writeFileSync(`${path}.serving`, letter);
  await expect(store.recoverPending()).rejects.toMatchObject({
    reason: 'not_a_database',
    message: expect.stringMatching(/^\S+\.serving is not a SQLite database$/),
  });
  expect(readFileSync(`${path}.serving`, 'utf8')).toBe(letter);
});

it('databases in memory are each their own', async () => {
  const [first, second] = [await open(':memory:'), await open(':memory:')];
  expect(await first.recoverPending()).toEqual([]);
  expect(await second.recoverPending()).toEqual([]);
});
