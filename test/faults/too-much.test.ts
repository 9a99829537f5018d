import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from './ask.ts';
import { expectOurError, expectWhole } from './expect-answer.ts';
import { among, attemptsOf, breakerOf, learntAbout, openScene, type Scene } from './scene.ts';

const MEGABYTE = 1024 * 1024;

let scene: Scene;

beforeAll(async () => {
  const routing = '[routing.timeouts]\ntotal_ms = 20000\nfirst_token_ms = 2000\n';
  scene = await openScene(['ill', 'held'], { routing });
});
afterAll(() => scene.close());

/** How much larger the process was, at its largest, while `work` ran: gateway, upstream and client together. */
async function growthOf<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; grownBytes: number }> {
  const before = process.memoryUsage().rss;
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 10);
  const result = await work();
  clearInterval(watching);
  return { result, grownBytes: peak - before };
}

test('an answer of 300 MB', async () => {
  const { gateway } = scene;
  const { result: seen, grownBytes } = await growthOf(() => ask(gateway, among('ill.huge-300mb', 'good')));
  expectOurError(seen, 502, 'upstream_too_large');
  // One model that answers without end is no reason to ask the next.
  expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'too_much', http_status: 200 }]);
  expect(await breakerOf(gateway, 'ill/huge-300mb')).toBe('failures: 1');
  expect(await learntAbout(gateway, 'ill/huge-300mb')).toEqual({ availability: [0, 1] });
  // The limit is 64 MB; what it takes to read them comes on top.
  expect(grownBytes).toBeLessThan(250 * MEGABYTE);
});

test('a gzip bomb: never unpacked', async () => {
  const { gateway } = scene;
  const { result: seen, grownBytes } = await growthOf(() => ask(gateway, among('ill.gzip-bomb')));
  expectOurError(seen, 502, 'bad_upstream_response');
  expect(grownBytes).toBeLessThan(60 * MEGABYTE);
});

test('heartbeats for ever', async () => {
  const { gateway, upstream } = scene;
  const seen = await ask(gateway, { ...among('ill.stream-heartbeats'), stream: true });
  expectOurError(seen, 504, 'upstream_timeout');
  await expect.poll(() => upstream.requests.at(-1)?.leftAtMs).toBeDefined();
});

test('an endless stream: cut at its limit, nothing of it kept', async () => {
  const { gateway, upstream } = scene;
  const beganMs = performance.now();
  const { result, grownBytes } = await growthOf(async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...among('ill.stream-endless', 'good'),
        stream: true,
        messages: [{ role: 'user', content: 'Say hello.' }],
      }),
    });
    let bytes = 0;
    let end = '';
    for await (const piece of answer.body ?? []) {
      bytes += piece.length;
      end = (end + Buffer.from(piece).toString('latin1')).slice(-400);
    }
    return { bytes, end, requestId: answer.headers.get('x-request-id') };
  });
  expect(result.end).toMatch(/\n\ndata: \{"error":\{[^\n]*"code":"upstream_error"\}\}\n\n$/);
  expect(result.bytes).toBeLessThan(65 * MEGABYTE);
  const attempts = await attemptsOf(gateway, { headers: { 'x-request-id': result.requestId ?? '' } });
  // Over the bytes, or on a busy machine over the time: cut it is.
  expect(['too_much', 'stream_after_token']).toContain(attempts[0]?.ending);
  expect(attempts).toHaveLength(1);
  expect(performance.now() - beganMs).toBeLessThan(25_000);
  expect(grownBytes).toBeLessThan(150 * MEGABYTE);
  await expect.poll(() => upstream.requests.at(-1)?.leftAtMs).toBeDefined();
});

test('an endless stream that is held back is an error, and its memory is given back', async () => {
  const { gateway } = scene;
  const { result: seen, grownBytes } = await growthOf(() =>
    ask(gateway, {
      model: 'held.stream-endless',
      stream: true,
      route: { hold_back: true },
    }),
  );
  expect(seen.status).toBe(502);
  expect(['upstream_too_large', 'upstream_error']).toContain(seen.json?.error?.code);
  expect(grownBytes).toBeLessThan(250 * MEGABYTE);
});

test('the gateway is alive after all of it', async () => {
  const { gateway } = scene;
  expectWhole(await ask(gateway, among('good')));
  expectWhole(await ask(gateway, { ...among('good'), stream: true }));
});
