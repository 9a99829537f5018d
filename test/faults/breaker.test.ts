import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { completion } from '../fixtures/misbehaving-answers.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, get, type Seen } from './ask.ts';
import { expectOurError, expectRetryAfter, expectWhole } from './expect-answer.ts';
import { among, attemptsOf, breakerOf, healthOf, modelTable, providerTable } from './scene.ts';

const OPEN_MS = 600;
const COOL_DOWN_MS = 800;

let ill: MisbehavingUpstream;
let well: MisbehavingUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  ill = await startMisbehavingUpstream();
  well = await startMisbehavingUpstream();
  gateway = await startWithBreakerOpenFor(OPEN_MS);
});

/** An upstream that cuts every call until it recovers, and from then on answers when told to. */
async function startGate() {
  let isIll = true;
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (isIll) request.socket.destroy();
    else request.resume().once('end', () => waiting.push(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    /** Calls that are not answered yet. */
    waiting,
    recover: () => {
      isIll = false;
    },
    release() {
      for (const response of waiting.splice(0)) {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(completion('any')));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function startWithBreakerOpenFor(openMs: number, more = ''): Promise<TestGateway> {
  const names = ['any', '500', '429-seconds', '401', '404-model', 'slow-headers'];
  return startGateway(
    [
      `[routing.breaker]\nopen_ms = ${openMs}\nmax_cool_down_ms = ${COOL_DOWN_MS}\ndisabled_ms = ${OPEN_MS}\n`,
      providerTable('ill', ill.baseUrl),
      ...names.map((name) => modelTable(`ill.${name}`, 'ill', name)),
      providerTable('well', well.baseUrl),
      more,
      modelTable('good', 'well', 'good'),
    ].join('\n'),
    { env: { UPSTREAM_KEY: 'sk-upstream-0123456789' } },
  );
}
afterEach(async () => {
  await gateway.stop();
  await ill.close();
  await well.close();
});

/** `count` requests one after the other, each answered whatever happens to the first choice. */
async function askTimes(count: number, ...models: string[]): Promise<Seen | undefined> {
  let seen: Seen | undefined;
  for (let index = 0; index < count; index++) {
    seen = await ask(gateway, among(...models));
    expectWhole(seen);
  }
  return seen;
}

async function exclusionsOf(seen: Seen | undefined): Promise<unknown> {
  const { json } = await get(gateway, `/v1/explain/${seen?.headers['x-request-id']}`);
  return json?.excluded;
}

test('five failures in a row open it: from then on it is left out before anything is drawn', async () => {
  // Long enough that no slow machine sees the probe in between.
  await gateway.stop();
  gateway = await startWithBreakerOpenFor(60_000);
  await askTimes(4, 'ill.500', 'good');
  expect(await breakerOf(gateway, 'ill/500')).toBe('failures: 4');
  await askTimes(1, 'ill.500', 'good');
  expect(await healthOf(gateway, 'ill/500')).toMatchObject({
    status: 'down',
    breaker: { state: 'open', opened_times: 1, next_probe_at: expect.stringMatching(/^\d{4}-/) },
  });

  const seen = await askTimes(1, 'ill.500', 'good');
  expect(seen?.headers).toMatchObject({ 'x-router-attempts': '1', 'x-router-reason': 'auto' });
  expect(ill.countFor('500')).toBe(5);
  expect(await exclusionsOf(seen)).toContainEqual({
    model: 'ill.500',
    endpoint: 'ill/500',
    reason: 'breaker_open',
    retry_at: expect.stringMatching(/^\d{4}-/),
  });

  const named = await ask(gateway, { model: 'ill.500' });
  expectOurError(named, 503, 'no_model_available');
  expect(Number(named.headers['retry-after'])).toBeGreaterThan(30);
  expect(ill.countFor('500')).toBe(5);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/^outrider_breaker_state\{[^}]*endpoint="ill\/500"[^}]*\} 2$/m);
});

test('a success in between starts the row again', async () => {
  await ill.stop();
  await askTimes(4, 'ill.any', 'good');
  await ill.start();
  await askTimes(1, 'ill.any', 'good');
  expect(await breakerOf(gateway, 'ill/any')).toBe('success');
  await ill.stop();
  await askTimes(4, 'ill.any', 'good');
  expect(await breakerOf(gateway, 'ill/any')).toBe('failures: 4');
});

test('half open it lets one probe through; that one brings it back', async () => {
  await gateway.stop();
  const gate = await startGate();
  gateway = await startWithBreakerOpenFor(
    OPEN_MS,
    providerTable('gate', gate.baseUrl) + modelTable('gate.any', 'gate', 'any'),
  );
  await askTimes(5, 'gate.any', 'good');
  gate.recover();
  await expect.poll(() => breakerOf(gateway, 'gate/any')).toBe('half_open');

  // The probe is answered only after the others, who go elsewhere meanwhile.
  const together = Array.from({ length: 10 }, () => ask(gateway, among('gate.any', 'good')));
  await expect.poll(() => well.countFor('good')).toBe(5 + 9);
  await expect.poll(() => gate.waiting.length).toBe(1);
  expect(await breakerOf(gateway, 'gate/any')).toBe('half_open');
  gate.release();
  for (const seen of await Promise.all(together)) expectWhole(seen);
  expect(well.countFor('good')).toBe(5 + 9);
  expect(await breakerOf(gateway, 'gate/any')).toBe('success');
  const back = askTimes(1, 'gate.any', 'good');
  await expect.poll(() => gate.waiting.length).toBe(1);
  gate.release();
  expect((await back)?.headers['x-router-model']).toBe('gate.any');
  await gate.close();
});

test('a probe that fails doubles the wait, and its client does not notice', async () => {
  await askTimes(5, 'ill.500', 'good');
  await expect.poll(() => breakerOf(gateway, 'ill/500')).toBe('half_open');
  await askTimes(1, 'ill.500', 'good');
  const { breaker } = await healthOf(gateway, 'ill/500');
  expect(breaker).toMatchObject({ state: 'open', opened_times: 2 });
  expect(Date.parse(breaker.next_probe_at ?? '') - Date.now()).toBeGreaterThan(OPEN_MS);
  expect(ill.countFor('500')).toBe(6);
});

test('a probe whose client leaves gives its place back', async () => {
  // Slow headers count as nothing while their clients leave: the failures come from elsewhere.
  await ill.stop();
  await askTimes(5, 'ill.slow-headers', 'good');
  await ill.start();
  await expect.poll(() => breakerOf(gateway, 'ill/slow-headers')).toBe('half_open');
  const leaving = new AbortController();
  const probe = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'ill.slow-headers', messages: [{ role: 'user', content: 'hello' }] }),
    signal: leaving.signal,
  }).catch(() => 'left');
  await expect.poll(() => ill.countFor('slow-headers')).toBe(1);
  expectOurError(await ask(gateway, { model: 'ill.slow-headers' }), 503, 'no_model_available');
  leaving.abort();
  expect(await probe).toBe('left');
  await expect.poll(() => ill.requests.at(-1)?.leftAtMs).toBeDefined();
  expect(await breakerOf(gateway, 'ill/slow-headers')).toBe('half_open');
  const second = ask(gateway, { model: 'ill.slow-headers' });
  await expect.poll(() => ill.countFor('slow-headers')).toBe(2);
  await ill.stop();
  expectOurError(await second, 502, 'upstream_error');
});

test('a 429 is a rest and no failure, however often', async () => {
  for (let round = 1; round <= 6; round++) {
    const seen = await askTimes(1, 'ill.429-seconds', 'good');
    expect(ill.countFor('429-seconds')).toBe(round);
    expect(await attemptsOf(gateway, seen as Seen)).toMatchObject([
      { ending: 'rate_limited' },
      { ending: 'completed' },
    ]);
    expect(await breakerOf(gateway, 'ill/429-seconds')).toBe('cooling');
    const meanwhile = await askTimes(1, 'ill.429-seconds', 'good');
    expect(ill.countFor('429-seconds')).toBe(round);
    expect(await exclusionsOf(meanwhile)).toContainEqual(
      expect.objectContaining({ model: 'ill.429-seconds', reason: 'cooling' }),
    );
    // It asked for seven seconds; the longest rest is what the configuration says.
    await expect.poll(async () => (await healthOf(gateway, 'ill/429-seconds')).cooling_until).toBeNull();
  }
  expect((await healthOf(gateway, 'ill/429-seconds')).breaker).toMatchObject({
    state: 'closed',
    consecutive_failures: 0,
  });
});

test('while everybody rests the client is told for how long', async () => {
  expectOurError(await ask(gateway, { model: 'ill.429-seconds' }), 429, 'rate_limit_exceeded');
  const seen = await ask(gateway, { model: 'ill.429-seconds' });
  expectOurError(seen, 503, 'no_model_available');
  expectRetryAfter(seen, 1);
});

test.each([
  ['401', 'open', 'breaker_open'],
  ['404-model', 'disabled', 'disabled'],
])(
  '%s shuts the endpoint out at the first time, and lets it be tried again later',
  async (model, state, reason) => {
    await askTimes(1, `ill.${model}`, 'good');
    expect(await breakerOf(gateway, `ill/${model}`)).toBe(state);
    const seen = await askTimes(1, `ill.${model}`, 'good');
    expect(ill.countFor(model)).toBe(1);
    expect(await exclusionsOf(seen)).toContainEqual(
      expect.objectContaining({ model: `ill.${model}`, reason }),
    );
    await expect.poll(async () => (await healthOf(gateway, `ill/${model}`)).breaker.state).toBe('half_open');
    await askTimes(1, `ill.${model}`, 'good');
    expect(ill.countFor(model)).toBe(2);
  },
);

test('a reload of the configuration lets back in what an operator repairs', async () => {
  await askTimes(1, 'ill.401', 'good');
  expect(await breakerOf(gateway, 'ill/401')).toBe('open');
  await gateway.reload();
  expect((await healthOf(gateway, 'ill/401')).breaker.state).toBe('closed');
});
