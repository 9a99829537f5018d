import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NewKey } from '../../src/store/contract.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, send } from './send.ts';

let upstream: MisbehavingUpstream;
let toml: string;
const gateways: TestGateway[] = [];

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  toml = providerToml('up', upstream.baseUrl, [
    'ok',
    'slow-headers',
    '500',
    'stream-ok',
    'stream-heartbeats-after',
  ]);
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});
afterAll(() => upstream.close());

async function open(api: string, more = ''): Promise<TestGateway> {
  const gateway = await startGateway(`${toml}${more}`, { api });
  gateways.push(gateway);
  return gateway;
}

const messages = [{ role: 'user', content: 'hi' }];
const chat = (gateway: TestGateway, key?: string, body: object = {}): Promise<Answer> =>
  send(`${gateway.url}/v1/chat/completions`, { key, body: { model: 'ok', messages, ...body } });

/** How often each status was answered. */
function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Requests that nobody answers until they leave. */
function keepWaiting(gateway: TestGateway, key: string, count: number, body: object = {}) {
  const leaving = new AbortController();
  let refused = 0;
  const all = Array.from({ length: count }, async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'slow-headers', messages, ...body }),
      signal: leaving.signal,
    }).catch(() => undefined);
    if (answer?.status === 429) refused += 1;
  });
  return {
    refused: () => refused,
    leave() {
      leaving.abort();
      return Promise.all(all);
    },
  };
}

const limitsIn = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-ratelimit')));

describe('sixty a minute', () => {
  test.each([
    ['without a key', 'max_requests_per_minute = 60', undefined],
    ['with a key', '', { requestsPerMinute: 60 }],
    ['with a key of a plan', '', { plan: 'sixty' }],
  ] as const)('of 500 at once exactly 60 pass, %s', async (_how, api, key) => {
    const gateway = await open(api, '\n[plans.sixty]\nrequests_per_minute = 60\n');
    const secret = key && (await gateway.createKey(key as Partial<NewKey>)).key;
    const before = upstream.requests.length;
    const answers = await Promise.all(Array.from({ length: 500 }, () => chat(gateway, secret)));
    expect(statusesOf(answers)).toEqual({ 200: 60, 429: 440 });
    expect(upstream.requests.length - before).toBe(60);
    for (const answer of answers) {
      expect(answer.headers['x-ratelimit-limit-requests']).toBe('60');
      if (answer.status === 200) continue;
      expect(answer.json).toEqual({
        error: {
          type: 'rate_limit_error',
          code: 'rate_limit_exceeded',
          param: null,
          message: expect.stringMatching(
            /^Rate limit reached: 60 requests per minute of .* Try again in \d+ s\.$/,
          ),
        },
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(answer.headers['x-ratelimit-remaining-requests']).toBe('0');
    }
    const metrics = await send(`${gateway.url}/metrics`, { key: secret });
    expect(metrics.text).toMatch(
      new RegExp(`outrider_rate_limited_total\\{limit="requests",of="${key ? 'key' : 'gateway'}"\\} 440`),
    );
  });
});

describe('the headers', () => {
  const whole = {
    'x-ratelimit-limit-requests': '10',
    'x-ratelimit-remaining-requests': expect.stringMatching(/^\d$/),
    'x-ratelimit-reset-requests': expect.stringMatching(/^(\d{1,2}s|1m0s)$/),
    'x-ratelimit-limit-tokens': '5000',
    'x-ratelimit-remaining-tokens': expect.stringMatching(/^\d{1,4}$/),
    'x-ratelimit-reset-tokens': expect.stringMatching(/^(\d{1,2}s|1m0s)$/),
    'x-ratelimit-remaining': expect.stringMatching(/^\d$/),
    'x-ratelimit-reset': expect.stringMatching(/^\d{10}$/),
  };

  test('stand on every answer of a limited route: whole, streamed, wrong, failed, refused', async () => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ requestsPerMinute: 10, tokensPerMinute: 5_000 });
    const answers = [
      await chat(gateway, key),
      await chat(gateway, key, { model: 'stream-ok', stream: true }),
      await chat(gateway, key, { temperature: 9 }),
      await chat(gateway, key, { model: 'nobody' }),
      await chat(gateway, key, { model: '500' }),
      await send(`${gateway.url}/v1/chat/completions`, { key, body: '{' }),
      await send(`${gateway.url}/v1/chat/completions`, {
        key,
        body: 'x',
        headers: { 'content-type': 'text/plain' },
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 404, 502, 400, 415]);
    for (const answer of answers) expect(limitsIn(answer)).toEqual(whole);
    expect(answers.map(({ headers }) => Number(headers['x-ratelimit-remaining-requests']))).toEqual([
      9, 8, 7, 6, 5, 4, 3,
    ]);
    const resetMs = Number(answers[0]?.headers['x-ratelimit-reset']) * 1000 - Date.now();
    expect(resetMs).toBeGreaterThan(20_000);
    expect(resetMs).toBeLessThan(63_000);
  });

  test('stand on answers that count nothing, too', async () => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ requestsPerMinute: 10, tokensPerMinute: 5_000 });
    for (const path of ['/v1/models', '/v1/models/ok', '/v1/intelligence/health', '/v1/explain/nobody']) {
      const answer = await send(`${gateway.url}${path}`, { key });
      expect(limitsIn(answer)).toEqual({
        ...whole,
        'x-ratelimit-remaining-requests': expect.stringMatching(/^10$/),
        'x-ratelimit-remaining': '10',
        'x-ratelimit-reset-requests': '0s',
        'x-ratelimit-remaining-tokens': '5000',
      });
    }
  });

  test('are those of the limits there are', async () => {
    const gateway = await open('max_requests_per_minute = "none"\nmax_tokens_per_minute = "none"');
    expect(limitsIn(await chat(gateway))).toEqual({});
    const { key } = await gateway.createKey({ requestsPerMinute: 10 });
    await expect.poll(async () => (await chat(gateway, key)).status).toBe(200);
    expect(Object.keys(limitsIn(await chat(gateway, key))).sort()).toEqual([
      'x-ratelimit-limit-requests',
      'x-ratelimit-remaining',
      'x-ratelimit-remaining-requests',
      'x-ratelimit-reset',
      'x-ratelimit-reset-requests',
    ]);
  });
});

describe('tokens', () => {
  const left = (answer: Answer) => Number(answer.headers['x-ratelimit-remaining-tokens']);

  test('what an answer really took is what counts, however long it was allowed to be', async () => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ tokensPerMinute: 10_000 });
    const answer = await chat(gateway, key, { max_tokens: 5_000 });
    const { usage } = answer.json as { usage: { total_tokens: number } };
    expect(usage.total_tokens).toBeGreaterThan(0);
    expect(left(answer)).toBe(10_000 - usage.total_tokens);
    // The head of a stream goes out with what is set aside for it; the next answer knows better.
    const stream = await chat(gateway, key, { model: 'stream-ok', stream: true, max_tokens: 5_000 });
    expect(stream.status).toBe(200);
    expect(left(stream)).toBeLessThan(5_000);
    expect(left(await send(`${gateway.url}/v1/models`, { key }))).toBeGreaterThan(9_000);
  });

  test.each([
    ['a failure', { model: '500' }, 502],
    ['a request that is refused later', { route: { max_cost_usd: 1e-12 } }, 400],
    ['a model that there is not', { model: 'nobody' }, 404],
  ])('%s gives back what was set aside', async (_what, body, status) => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ tokensPerMinute: 10_000 });
    const answer = await chat(gateway, key, { max_tokens: 5_000, ...body });
    expect(answer.status).toBe(status);
    expect(left(answer)).toBe(10_000);
  });

  test('a client that leaves gives back all but what its provider has read and written', async () => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ tokensPerMinute: 10_000 });
    const waiting = keepWaiting(gateway, key, 1, { max_tokens: 9_500 });
    const now = async () => left(await send(`${gateway.url}/v1/models`, { key }));
    await expect.poll(now, { interval: 5 }).toBeLessThan(1_000);
    await waiting.leave();
    await expect.poll(now, { interval: 5 }).toBeGreaterThan(9_900);
    // The prompt was read.
    expect(await now()).toBeLessThan(10_000);
  });

  test('what others still may take is theirs: of many at once as many pass as fit', async () => {
    const gateway = await open('');
    const { key } = await gateway.createKey({ tokensPerMinute: 10_000 });
    const before = upstream.countFor('slow-headers');
    const waiting = keepWaiting(gateway, key, 50, { max_tokens: 950 });
    // Each sets about 955 aside.
    await expect.poll(() => waiting.refused(), { interval: 5 }).toBe(40);
    expect(upstream.countFor('slow-headers') - before).toBe(10);
    const refused = await chat(gateway, key, { max_tokens: 1_500 });
    expect(refused.json).toMatchObject({
      error: {
        code: 'rate_limit_exceeded',
        message: expect.stringContaining('10000 tokens per minute of this API key'),
      },
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await waiting.leave();
    await expect.poll(async () => (await chat(gateway, key, { max_tokens: 1_500 })).status).toBe(200);
  });

  test('a prompt over the whole limit is told so, and not to try again', async () => {
    const gateway = await open('max_tokens_per_minute = 1000');
    const answer = await chat(gateway, undefined, {
      messages: [{ role: 'user', content: 'word '.repeat(5_000) }],
    });
    expect(answer.status).toBe(429);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(answer.json).toMatchObject({
      error: {
        message: expect.stringMatching(
          /alone is about \d+ tokens, over the limit of 1000 tokens per minute of this gateway/,
        ),
      },
    });
    expect((await chat(gateway)).status).toBe(200);
  });
});

test('limits follow the file without a restart', async () => {
  const plan = (limit: number) => `\n[plans.own]\nrequests_per_minute = ${limit}\n`;
  const gateway = await open('', plan(3));
  const { key } = await gateway.createKey({ plan: 'own' });
  const four = () => Promise.all(Array.from({ length: 4 }, () => chat(gateway, key)));
  expect(statusesOf(await four())).toEqual({ 200: 3, 429: 1 });
  await gateway.writeConfig(`${toml}${plan(5)}`);
  await gateway.reload();
  expect(statusesOf(await four())).toEqual({ 200: 2, 429: 2 });
});

test('requests of one key at the same time are bound, streams to their end; a client that leaves makes room', async () => {
  const gateway = await open('max_parallel_requests_per_key = 2');
  const { key } = await gateway.createKey();
  const { key: other } = await gateway.createKey();
  const before = upstream.countFor('slow-headers');
  const waiting = keepWaiting(gateway, key, 2);
  await expect.poll(() => upstream.countFor('slow-headers') - before, { interval: 5 }).toBe(2);
  const refused = await chat(gateway, key);
  expect(refused.status).toBe(429);
  expect(refused.json).toMatchObject({
    error: {
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('2 requests of this API key at the same time'),
    },
  });
  expect(refused.headers['retry-after']).toBe('1');
  expect((await chat(gateway, other)).status).toBe(200);
  await waiting.leave();
  await expect.poll(async () => (await chat(gateway, key)).status, { interval: 20 }).toBe(200);

  const leaving = new AbortController();
  const streams = [1, 2].map(async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'stream-heartbeats-after', messages, stream: true }),
      signal: leaving.signal,
    });
    await answer.body?.getReader().read();
  });
  await Promise.all(streams);
  expect((await chat(gateway, key)).status).toBe(429);
  leaving.abort();
  await expect
    .poll(async () => (await chat(gateway, key)).status, { interval: 20, timeout: 2_000 })
    .toBe(200);
});
