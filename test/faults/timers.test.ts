import { afterEach, describe, expect, test } from 'vitest';
import { startDeafServer } from '../fixtures/deaf-server.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { ask } from './ask.ts';
import { expectBrokenStream, expectOurError, expectWhole } from './expect-answer.ts';
import { among, attemptsOf, modelTable, openScene, providerTable, type Scene } from './scene.ts';

/** Only the timer under test is short: whatever else ended a call would take a minute. */
const SHORT_MS = 300;
const LONG_MS = 60_000;
/** Well beyond the short one on a busy machine, and nowhere near the long ones. */
const SOON_MS = 5_000;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

type Timer = 'connect_ms' | 'headers_ms' | 'first_token_ms' | 'idle_ms' | 'total_ms' | 'client_ms';

async function sceneWith(timers: Partial<Record<Timer, number>>, more = ''): Promise<Scene> {
  const all = { connect_ms: LONG_MS, headers_ms: LONG_MS, first_token_ms: LONG_MS, idle_ms: LONG_MS };
  const lines = Object.entries({ ...all, total_ms: LONG_MS, ...timers }).map(([key, ms]) => `${key} = ${ms}`);
  const scene = await openScene(['ill'], { routing: `[routing.timeouts]\n${lines.join('\n')}\n${more}` });
  closers.push(scene.close);
  return scene;
}

test('connect: an address that swallows every packet', async () => {
  const deaf = await startDeafServer();
  closers.push(deaf.close);
  const table = providerTable('deaf', `http://127.0.0.1:${deaf.port}/v1`) + modelTable('deaf', 'deaf', 'any');
  const { gateway } = await sceneWith({ connect_ms: SHORT_MS }, table);
  const alone = await ask(gateway, among('deaf'));
  expectOurError(alone, 502, 'upstream_unreachable');
  expect(await attemptsOf(gateway, alone)).toMatchObject([{ ending: 'connect', http_status: 0 }]);
  expect(alone.tookMs).toBeLessThan(SOON_MS);
  expectWhole(await ask(gateway, { ...among('deaf', 'good'), stream: true }));
});

describe('headers', () => {
  test.each([false, true])('none come (stream: %s)', async (stream) => {
    const { gateway } = await sceneWith({ headers_ms: SHORT_MS });
    const seen = await ask(gateway, { ...among('ill.slow-headers'), stream });
    expectOurError(seen, 504, 'upstream_timeout');
    expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'timeout', http_status: 0 }]);
    expect(seen.tookMs).toBeLessThan(SOON_MS);
  });

  test('a slow answer within them is no failure', async () => {
    const { gateway } = await sceneWith({ headers_ms: 5_000, idle_ms: 100 });
    // Its headers take 300 ms: the time between pieces begins with the first one.
    expectWhole(await ask(gateway, among('ill.ok-slow')));
  });
});

describe('first token', () => {
  test.each(['stream-stall-first', 'stream-heartbeats'])('%s', async (model) => {
    const { gateway } = await sceneWith({ first_token_ms: SHORT_MS });
    const seen = await ask(gateway, { ...among(`ill.${model}`), stream: true });
    expectOurError(seen, 504, 'upstream_timeout');
    expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'timeout', http_status: 200 }]);
    expect(seen.tookMs).toBeLessThan(SOON_MS);
  });
});

describe('idle', () => {
  test.each(['stream-stall-after', 'stream-heartbeats-after'])(
    '%s: comments are no sign of life',
    async (model) => {
      const { gateway } = await sceneWith({ idle_ms: SHORT_MS });
      const seen = await ask(gateway, { ...among(`ill.${model}`), stream: true });
      expectBrokenStream(seen, ANSWER_TEXT, /stopped in the middle of its answer/);
      expect(seen.tookMs).toBeLessThan(SOON_MS);
    },
  );

  test('a body that does not go on', async () => {
    const { gateway } = await sceneWith({ idle_ms: SHORT_MS });
    const seen = await ask(gateway, among('ill.stall-body'));
    expectOurError(seen, 504, 'upstream_timeout');
    expect(seen.tookMs).toBeLessThan(SOON_MS);
  });

  test('the body of a refusal that does not go on: the refusal is known by its status', async () => {
    const { gateway } = await sceneWith({ idle_ms: SHORT_MS });
    const seen = await ask(gateway, among('ill.stall-500'));
    expectOurError(seen, 502, 'upstream_error');
    expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'server_error', http_status: 500 }]);
    expect(seen.tookMs).toBeLessThan(SOON_MS);
  });

  test('a stream that is slower than the limit as a whole, but not between two tokens', async () => {
    const { gateway } = await sceneWith({ idle_ms: 400 });
    const seen = await ask(gateway, { ...among('ill.stream-usage-in-each'), stream: true });
    expectWhole(seen);
    expect(seen.tookMs).toBeGreaterThan(400);
  });
});

describe('total', () => {
  test('an answer that comes too late', async () => {
    const { gateway } = await sceneWith({ total_ms: SHORT_MS });
    const seen = await ask(gateway, among('ill.slow-headers'));
    expectOurError(seen, 504, 'upstream_timeout');
    expect(seen.tookMs).toBeLessThan(SOON_MS);
  });

  test('a stream that never ends, though it is never silent', async () => {
    const { gateway, upstream } = await sceneWith({ total_ms: SHORT_MS });
    const seen = await ask(gateway, { ...among('ill.stream-heartbeats-after'), stream: true });
    expectBrokenStream(seen, ANSWER_TEXT, /stopped in the middle of its answer/);
    expect(seen.tookMs).toBeLessThan(SOON_MS);
    await expect.poll(() => upstream.requests.at(-1)?.leftAtMs).toBeDefined();
  });

  test('counts over all attempts: the second has what the first left, the third nothing', async () => {
    const { gateway, countFor } = await (async () => {
      const scene = await openScene(['one', 'two', 'three'], {
        routing: `[routing.timeouts]\nheaders_ms = ${SHORT_MS}\ntotal_ms = ${SHORT_MS * 1.5}\n`,
      });
      closers.push(scene.close);
      return scene;
    })();
    const seen = await ask(gateway, among('one.slow-headers', 'two.slow-headers', 'three.slow-headers'));
    expectOurError(seen, 504, 'upstream_timeout');
    const attempts = await attemptsOf(gateway, seen);
    expect(attempts.map(({ ending }) => ending)).toEqual(['timeout', 'timeout']);
    expect(attempts[1]?.latency_ms).toBeLessThan(SHORT_MS - 50);
    expect(countFor('three', 'slow-headers')).toBe(0);
  });
});

test('client: it counts while an answer waits to be taken, not while the client waits for one', async () => {
  const { gateway } = await sceneWith({ client_ms: 100 });
  for (const stream of [false, true]) {
    expectWhole(await ask(gateway, { ...among('ill.ok'), stream }));
    // On the same connection, three times as long without a byte.
    const slow = await ask(gateway, { ...among('ill.ok-slow'), stream });
    expectWhole(slow);
    expect(slow.tookMs).toBeGreaterThan(250);
  }
});
