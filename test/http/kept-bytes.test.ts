import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeptBytes, MEMORY_BYTES } from '../../src/http/inference/kept-bytes.ts';
import { UploadRoom } from '../../src/http/inference/upload-room.ts';

const KB = 1024;
const all = Buffer.from(
  Uint32Array.from({ length: (3 * MEMORY_BYTES) / 4 }, (_, at) => at * 2_654_435_761).buffer,
);

let folder: string;
let lost: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-kept-'));
  lost = [];
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

function keep(settings: { folder?: string; maxMemoryBytes?: number; maxDiskBytes?: number } = {}) {
  const room = new UploadRoom({
    folder,
    maxMemoryBytes: 8 * MEMORY_BYTES,
    maxDiskBytes: 8 * MEMORY_BYTES,
    ...settings,
  });
  const kept = new KeptBytes(
    room,
    () => {},
    (cause) => lost.push(cause),
  );
  return { room, kept };
}

function fill(kept: KeptBytes, pieceBytes = 64 * KB): void {
  for (let at = 0; at < all.length; at += pieceBytes) kept.append(all.subarray(at, at + pieceBytes));
}

async function readAll(kept: KeptBytes): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const piece = await kept.read(at, all.length);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

test('what is kept can be read from its beginning, while it is written and after', async () => {
  const { kept } = keep();
  fill(kept);
  expect((await readAll(kept)).equals(all)).toBe(true);
  await expect.poll(() => kept.queuedBytes).toBe(0);
  expect((await readAll(kept)).equals(all)).toBe(true);
  expect(
    (await kept.read(2 * MEMORY_BYTES + 5, 2 * MEMORY_BYTES + 9)).equals(
      all.subarray(2 * MEMORY_BYTES + 5, 2 * MEMORY_BYTES + 9),
    ),
  ).toBe(true);
  kept.discard();
});

test('no file has a name', async () => {
  const { kept } = keep();
  fill(kept);
  await expect.poll(() => kept.queuedBytes).toBe(0);
  expect(await readdir(folder)).toEqual([]);
  kept.discard();
});

test('where no file can be made all is in memory', async () => {
  const { kept, room } = keep({ folder: join(folder, 'not-there') });
  fill(kept);
  await expect.poll(() => kept.queuedBytes).toBe(0);
  expect(room.folder).toBeUndefined();
  expect((await readAll(kept)).equals(all)).toBe(true);
  expect(lost).toEqual([]);
  kept.discard();
  expect(room.takeMemory(8 * MEMORY_BYTES)).toBe(true);
});

test.each<[string, { folder?: string; maxMemoryBytes?: number; maxDiskBytes?: number }]>([
  ['the disk', { maxDiskBytes: 64 * KB }],
  ['memory without a disk', { folder: '', maxMemoryBytes: 2 * MEMORY_BYTES }],
])('no room in %s: it is told once, and all of it is free again', async (_name, settings) => {
  const { kept, room } = keep(settings);
  fill(kept);
  await expect.poll(() => lost).toHaveLength(1);
  expect(room.takeMemory(settings.maxMemoryBytes ?? 8 * MEMORY_BYTES)).toBe(true);
  expect(room.takeDisk(settings.maxDiskBytes ?? 8 * MEMORY_BYTES)).toBe(true);
});

test('a full memory goes to the disk at once', async () => {
  const { kept } = keep({ maxMemoryBytes: 0 });
  fill(kept, 10 * KB);
  await expect.poll(() => kept.queuedBytes).toBe(0);
  expect((await readAll(kept)).equals(all)).toBe(true);
  kept.discard();
});

test('a recording that comes a byte at a time is read without walking along each of them', async () => {
  const { kept } = keep();
  for (let at = 0; at < all.length; at++) kept.append(all.subarray(at, at + 1));
  const beganMs = performance.now();
  expect((await readAll(kept)).equals(all)).toBe(true);
  // Minutes, when each byte was a piece of its own.
  expect(performance.now() - beganMs).toBeLessThan(5000);
  await expect.poll(() => kept.queuedBytes).toBe(0);
  expect((await readAll(kept)).equals(all)).toBe(true);
  kept.discard();
});
