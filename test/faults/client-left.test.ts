import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { Agent } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fastestOf } from '../fixtures/fastest-of.ts';
import { ask, get } from './ask.ts';
import { expectWhole } from './expect-answer.ts';
import { among, breakerOf, healthOf, learntAbout, openScene, PATIENT_TIMEOUTS, type Scene } from './scene.ts';

/** How long the upstream may go on after its client left. */
const CUT_WITHIN_MS = 100;

let scene: Scene;
let agent: Agent;

beforeAll(async () => {
  scene = await openScene(['ill', 'beside'], { routing: PATIENT_TIMEOUTS });
  agent = new Agent();
});
afterAll(async () => {
  await agent.destroy();
  await scene.close();
});

/** A client that goes when `leaveWhen` says so; resolves when it left, with the time. */
async function leavingClient(
  body: object,
  requestId: string,
  leaveWhen: (read: () => string) => Promise<void>,
) {
  const leaving = new AbortController();
  let text = '';
  const reading = agent
    .request({
      origin: scene.gateway.url,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hello.' }], ...body }),
      signal: leaving.signal,
    })
    .then(async ({ body: answer }) => {
      for await (const piece of answer) text += piece;
    })
    .catch((error: Error) => error.name);
  await leaveWhen(() => text);
  const leftAtMs = performance.now();
  leaving.abort();
  expect(await reading).toBe('AbortError');
  return { leftAtMs };
}

/** The attempts of a request, once they have ended. */
async function endedAttempts(requestId: string) {
  const read = async () => {
    const { json } = await get(scene.gateway, `/v1/explain/${requestId}`);
    return json?.attempts as {
      ending: string;
      cost: { actual_usd: number };
      usage: { output_tokens: number };
    }[];
  };
  await expect.poll(async () => (await read())?.map(({ ending }) => ending)).not.toContain('pending');
  return read();
}

/** When the upstream saw its last caller for `model` hang up. */
async function cutAtMs(model: string): Promise<number> {
  const entry = scene.upstream.requests.filter((request) => request.model === model).at(-1);
  await expect.poll(() => entry?.leftAtMs, { interval: 5 }).toBeDefined();
  return entry?.leftAtMs ?? Number.POSITIVE_INFINITY;
}

test.each([false, true])('before the headers (stream: %s)', async (stream) => {
  const { gateway, upstream } = scene;
  let tries = 0;
  const cutMs = await fastestOf(CUT_WITHIN_MS, async () => {
    const id = `left-before-${stream}-${tries++}`;
    const before = upstream.countFor('slow-headers');
    const body = { ...among('ill.slow-headers', 'good'), stream };
    const { leftAtMs } = await leavingClient(body, id, async () => {
      await expect.poll(() => upstream.countFor('slow-headers'), { interval: 5 }).toBe(before + 1);
    });
    const upstreamLeftAtMs = await cutAtMs('slow-headers');
    // The prompt was sent: a provider charges for it, whoever leaves.
    const [attempt] = await endedAttempts(id);
    expect(attempt).toMatchObject({
      ending: 'client_left',
      usage: { output_tokens: 0 },
      cost: { is_estimate: true },
    });
    expect(attempt?.cost.actual_usd).toBeGreaterThan(0);
    return upstreamLeftAtMs - leftAtMs;
  });
  expect(cutMs).toBeLessThan(CUT_WITHIN_MS);

  expect(await breakerOf(gateway, 'ill/slow-headers')).toBe('untouched');
  expect(await learntAbout(gateway, 'ill/slow-headers')).toEqual({});
  expect(await learntAbout(gateway, 'ill.slow-headers')).toEqual({});
  expect(upstream.countFor('good')).toBe(0);
});

test('in the middle of a stream: what was said until then is charged', async () => {
  const { gateway } = scene;
  const body = { ...among('ill.stream-stall-after', 'good'), stream: true };
  let tries = 0;
  const cutMs = await fastestOf(CUT_WITHIN_MS, async () => {
    const id = `left-middle-${tries++}`;
    const { leftAtMs } = await leavingClient(body, id, async (read) => {
      await expect.poll(read, { interval: 5 }).toContain('upstream.');
    });
    const upstreamLeftAtMs = await cutAtMs('stream-stall-after');
    const [attempt] = await endedAttempts(id);
    expect(attempt).toMatchObject({ ending: 'client_left', cost: { is_estimate: true } });
    // By bytes: 39 of them.
    expect(attempt?.usage.output_tokens).toBe(10);
    expect(attempt?.cost.actual_usd).toBeGreaterThan(0);
    return upstreamLeftAtMs - leftAtMs;
  });
  expect(cutMs).toBeLessThan(CUT_WITHIN_MS);
  expect(await breakerOf(gateway, 'ill/stream-stall-after')).toBe('untouched');
  expect(await learntAbout(gateway, 'ill/stream-stall-after')).toEqual({});
});

test('while a held-back answer is collected', async () => {
  const body = {
    model: 'ill.stream-heartbeats-after',
    stream: true,
    route: { hold_back: true },
  };
  const { upstream, gateway } = scene;
  let tries = 0;
  const cutMs = await fastestOf(CUT_WITHIN_MS, async () => {
    const id = `left-held-${tries++}`;
    const { leftAtMs } = await leavingClient(body, id, async () => {
      await expect.poll(() => upstream.countFor('stream-heartbeats-after'), { interval: 5 }).toBe(tries);
    });
    const upstreamLeftAtMs = await cutAtMs('stream-heartbeats-after');
    expect(await endedAttempts(id)).toMatchObject([{ ending: 'client_left' }]);
    return upstreamLeftAtMs - leftAtMs;
  });
  expect(cutMs).toBeLessThan(CUT_WITHIN_MS);
  expect(await breakerOf(gateway, 'ill/stream-heartbeats-after')).toBe('untouched');
});

test('while its attempt is written down: nothing is sent for it', async () => {
  const { gateway, upstream } = scene;
  const endings: unknown[] = [];
  // The journal waits for a lock for a tenth of a second; a busy machine may need more than one go to leave in that.
  for (let round = 0; round < 10 && !endings.includes('client_left'); round++) {
    const id = `left-journal-${round}`;
    const other = new SqliteDatabase(join(gateway.folder, 'outrider.db'));
    other.exec('begin exclusive');
    await leavingClient(among('beside.ok-slow'), id, () => delay(30));
    await delay(20);
    other.exec('rollback');
    other.close();
    await expect.poll(async () => (await get(gateway, '/health/ready')).status).toBe(200);
    const { json } = await get(gateway, `/v1/explain/${id}`);
    endings.push((json?.attempts as { ending: string }[] | undefined)?.[0]?.ending);
  }
  expect(endings).toContain('client_left');
  expect(upstream.countFor('ok-slow')).toBe(0);
  expect(await breakerOf(gateway, 'beside/ok-slow')).toBe('untouched');
});

test('a hundred clients that leave at once leave nothing behind', async () => {
  const { gateway, upstream } = scene;
  const before = upstream.countFor('slow-headers');
  const ids = Array.from({ length: 100 }, (_, index) => `left-many-${index}`);
  await Promise.all(
    ids.map((id) =>
      leavingClient(among('beside.slow-headers'), id, async () => {
        await expect
          .poll(() => upstream.countFor('slow-headers'), { interval: 20, timeout: 10_000 })
          .toBe(before + 100);
      }),
    ),
  );
  for (const id of ids) expect(await endedAttempts(id)).toMatchObject([{ ending: 'client_left' }]);
  expect((await healthOf(gateway, 'beside/slow-headers')).breaker).toMatchObject({
    state: 'closed',
    consecutive_failures: 0,
  });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/^outrider_requests_in_flight 0$/m);
  expectWhole(await ask(gateway, among('good')));
});
