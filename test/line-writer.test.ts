import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLineWriter } from '../src/line-writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-lines-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lossLine = (bytes: number) => `lost ${bytes}\n`;

test('lines come out whole and in order, all of them by the end', async () => {
  const path = join(folder, 'log');
  const fd = openSync(path, 'w');
  const writer = createLineWriter(fd, { lossLine });
  const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} ${'é'.repeat(index % 50)}\n`);
  for (const line of lines) writer.write(line);
  await writer.end(10_000);
  closeSync(fd);
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
});

test('a disk that is full takes lines away, and nothing else', async () => {
  const fd = openSync('/dev/full', 'w');
  const writer = createLineWriter(fd, { lossLine });
  writer.write('one\n');
  writer.write('two\n');
  await writer.end(10_000);
  closeSync(fd);
});

test('what is beyond the bound is lost, and how much is said', async () => {
  const path = join(folder, 'log');
  const fd = openSync(path, 'w');
  const writer = createLineWriter(fd, { lossLine, maxHeldBytes: 10 });
  // The first is on its way at once; the second waits; the third finds no room.
  for (const line of ['first\n', 'second\n', 'third\n']) writer.write(line);
  await writer.end(10_000);
  closeSync(fd);
  expect(readFileSync(path, 'utf8')).toBe('first\nlost 6\nsecond\n');
});

test('a reader who reads nothing does not hold up the end of the process', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../src/line-writer.ts'));
  const code = `
    const { createLineWriter } = await import('${module}');
    const writer = createLineWriter(1, { lossLine: () => '' });
    for (let i = 0; i < 1000; i++) writer.write('x'.repeat(1000) + '\\n');
    await writer.end(200);
    process.stderr.write('ended ');
    process.exit(0);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const [status] = await once(child, 'exit');
  expect(said).toBe('ended ');
  expect(status).toBe(0);
  child.stdout.destroy();
}, 60_000);
