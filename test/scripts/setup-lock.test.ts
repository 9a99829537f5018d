import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let lock: string;
let diary: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-lock-'));
  lock = join(folder, 'setup.lock');
  diary = join(folder, 'diary');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = new URL('../../scripts/setup-lock.mjs', import.meta.url).href;

/** A process that does `work` (JavaScript, with `note(word)`) under the lock; resolves with its exit code. */
function start(work: string): Promise<number | null> {
  const script = `
    const { withSetupLock } = await import('${MODULE}');
    const { appendFileSync } = await import('node:fs');
    const note = (word) => appendFileSync(${JSON.stringify(diary)}, process.pid + ' ' + word + '\\n');
    await withSetupLock(${JSON.stringify(lock)}, async () => { ${work} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', resolve));
}

const WORK = "note('in'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60); note('out');";

test('of four that start at once one works at a time, and nothing is left of the lock', async () => {
  expect(await Promise.all([start(WORK), start(WORK), start(WORK), start(WORK)])).toEqual([0, 0, 0, 0]);
  const lines = readFileSync(diary, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(8);
  for (let at = 0; at < lines.length; at += 2) {
    const [pid, word] = lines[at]?.split(' ') ?? [];
    expect([word, lines[at + 1]]).toEqual(['in', `${pid} out`]);
  }
  expect(readdirSync(folder)).toEqual(['diary']);
});

test('work that fails or ends the process gives the lock back', async () => {
  expect(await start('process.exit(3)')).toBe(3);
  expect(await start("throw new Error('no')")).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a process that was killed is taken over', async () => {
  await start("process.kill(process.pid, 'SIGKILL')");
  expect(readdirSync(folder)).toEqual(['setup.lock']);
  expect(await start(WORK)).toBe(0);
  expect(readdirSync(folder)).toEqual(['diary']);
});

test('that of one that lives is not', async () => {
  mkdirSync(lock);
  writeFileSync(join(lock, 'pid'), String(process.pid));
  const waiting = start(WORK);
  const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 700, 'waits'))]);
  expect(first).toBe('waits');
  expect(readdirSync(folder)).toEqual(['setup.lock']);
  rmSync(lock, { recursive: true });
  expect(await waiting).toBe(0);
});
