import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { readBytes } from '../../src/http/read-bytes.ts';

function read(payload: PassThrough, maxBytes = 10_000_000, announced?: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readBytes(payload, maxBytes, announced, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    );
  });
}

test('a body in pieces of any size is the same body', async () => {
  const payload = new PassThrough();
  const reading = read(payload);
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 31) % 251));
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 40_009) {
    payload.write(bytes.subarray(at, at + size));
  }
  payload.end();
  expect((await reading).equals(bytes)).toBe(true);
});

test('a body that comes a byte at a time is kept in few pieces', async () => {
  const concat = vi.spyOn(Buffer, 'concat');
  const payload = new PassThrough({ highWaterMark: 1 });
  const reading = read(payload);
  for (let count = 0; count < 50_000; count++) {
    if (payload.write(Buffer.from([count % 251]))) continue;
    await new Promise((resolve) => payload.once('drain', resolve));
  }
  payload.end();
  expect(await reading).toHaveLength(50_000);
  expect(concat.mock.lastCall?.[0].length).toBeLessThan(10);
  concat.mockRestore();
});

test.each([
  ['announced as too large', 10, '11', 'FST_ERR_CTP_BODY_TOO_LARGE'],
  ['too large', 10, undefined, 'FST_ERR_CTP_BODY_TOO_LARGE'],
  ['shorter than announced', 100, '12', 'FST_ERR_CTP_INVALID_CONTENT_LENGTH'],
])('%s: an error', async (_name, maxBytes, announced, code) => {
  const payload = new PassThrough();
  const reading = read(payload, maxBytes, announced);
  payload.end('eleven byte');
  await expect(reading).rejects.toMatchObject({ code });
});

test('a body that breaks off is an error', async () => {
  const payload = new PassThrough();
  const reading = read(payload);
  payload.destroy(new Error('reset'));
  await expect(reading).rejects.toMatchObject({ statusCode: 400 });
});
