import type OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { answerFromCache } from '../../src/gateway/request/cached-answers.ts';
import type { ClientLine, Job } from '../../src/gateway/request/job.ts';
import { CHAT } from '../../src/gateway/request/operations/chat.ts';
import type { Policy } from '../../src/gateway/request/policy.ts';
import type { AnswerCache, CachedAnswer } from '../../src/store/answer-cache.ts';
import { clientOf, collect, userSays } from '../clients/client.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type Said, startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { send } from '../http/send.ts';

let upstream: TalkingUpstream;
let gateway: TestGateway;
let key: string;
let client: OpenAI;
let says: Said = 'Bonjour';
/** Each test asks something else, so that none finds what another left. */
let question = '';
let tests = 0;

const TOML = (enabled: string) =>
  `${providerToml('up', upstream.baseUrl, ['one', 'two'])}\n${enabled}\n[strategies.mine]\nvalue_of_quality_usd = 1`;

beforeAll(async () => {
  upstream = await startTalkingUpstream(() => says);
  gateway = await startGateway(TOML('[cache]\nenabled = true\nmax_bytes = 1_048_576'));
  ({ key } = await gateway.createKey({ scopes: ['inference', 'feedback', 'intelligence'] }));
  client = clientOf(gateway, key);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

beforeEach(() => {
  says = 'Bonjour';
  tests += 1;
  question = `Translate to French, please: good morning number ${tests}`;
});

const chat = (body: object = {}, headers: Record<string, string> = {}, as = key, at = gateway) =>
  send(`${at.url}/v1/chat/completions`, {
    body: { model: 'one', messages: userSays(question), ...body },
    headers,
    key: as,
  });

const markOf = async (...parameters: Parameters<typeof chat>) =>
  (await chat(...parameters)).headers['x-router-cache'];

async function metric(name: string): Promise<number> {
  const { text } = await send(`${gateway.url}/metrics`, { key });
  const line = text.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

test('the same again is answered from memory: nothing asked, nothing paid, nothing written', async () => {
  const first = await chat({ temperature: 1 });
  const asked = upstream.heard.length;
  const before = await Promise.all([
    metric('outrider_cache_lookups_total{outcome="hit"}'),
    metric('outrider_cache_saved_usd_total'),
  ]);
  const again = await chat({ temperature: 1 }, { 'x-request-id': 'again-1' });
  expect(upstream.heard).toHaveLength(asked);
  expect(first.headers['x-router-cache']).toBe('miss');
  expect(again.headers).toMatchObject({
    'x-router-cache': 'hit',
    'x-router-cached-request': first.headers['x-request-id'],
    'x-request-id': 'again-1',
    'x-router-model': 'one',
    'x-router-provider': 'up',
    'x-router-attempts': '0',
    'x-router-cost-usd': '0',
    age: expect.stringMatching(/^\d+$/),
  });
  const [told, retold] = [first.json, again.json] as { usage: { cost: number; prompt_tokens: number } }[];
  expect(told?.usage).toMatchObject({ cost: 0.00012, prompt_tokens: 100 });
  expect(retold).toEqual({ ...told, usage: { ...told?.usage, cost: 0, cost_usd: 0 } });

  expect((await send(`${gateway.url}/v1/explain/again-1`, { key })).status).toBe(404);
  const explained = await send(`${gateway.url}/v1/explain/${first.headers['x-request-id']}`, { key });
  expect(explained).toMatchObject({ status: 200, json: { attempts: [{ model: 'one' }] } });
  expect(await metric('outrider_cache_lookups_total{outcome="hit"}')).toBe((before[0] ?? 0) + 1);
  expect((await metric('outrider_cache_saved_usd_total')) - (before[1] ?? 0)).toBeCloseTo(0.00012, 9);
  expect(await metric('outrider_cache_answers')).toBeGreaterThan(0);
  expect(await metric('outrider_cache_bytes')).toBeGreaterThan(1024);
});

test('a stream is replayed as it was sent, event by event, and its usage costs nothing', async () => {
  const ask = async () => {
    const { data, response } = await client.chat.completions
      .create({
        model: 'one',
        messages: userSays(question),
        stream: true,
        stream_options: { include_usage: true },
      })
      .withResponse();
    return { mark: response.headers.get('x-router-cache'), chunks: await collect(data) };
  };
  const first = await ask();
  const asked = upstream.heard.length;
  const again = await ask();
  expect([first.mark, again.mark]).toEqual(['miss', 'hit']);
  expect(upstream.heard).toHaveLength(asked);
  expect(again.chunks.slice(0, -1)).toEqual(first.chunks.slice(0, -1));
  expect(first.chunks.at(-1)?.usage).toMatchObject({ total_tokens: 110, cost: 0.00012 });
  expect(again.chunks.at(-1)?.usage).toMatchObject({ total_tokens: 110, cost: 0 });
  expect(first.chunks.length).toBeGreaterThan(2);
  const held = await chat({
    stream: true,
    stream_options: { include_usage: true },
    route: { hold_back: true },
  });
  expect(held.headers['x-router-cache']).toBe('hit');
  expect(held.text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(held.text.match(/\[DONE\]/g)).toHaveLength(1);
});

describe('what counts as the same', () => {
  const SAME: [string, object, Record<string, string>][] = [
    ['another conversation', { session_id: 'other' }, { 'x-session-id': 'third' }],
    ['other wishes that do not say who answers', { route: { explore: false, allow_fallback: false } }, {}],
    ['the same strategy by another word', {}, { 'x-model-router-strategy': 'combined' }],
  ];
  test.each(SAME)('%s', async (_name, body, headers) => {
    await chat();
    expect(await markOf(body, headers)).toBe('hit');
  });

  test('members in another order', async () => {
    await chat({ temperature: 0.5, seed: 1 });
    expect(await markOf({ seed: 1, temperature: 0.5 })).toBe('hit');
  });

  const DIFFERENT: [string, object, Record<string, string>][] = [
    ['a parameter', { temperature: 0.1 }, {}],
    ['another model', { model: 'two' }, {}],
    ['the same model by its endpoint', { model: 'up/one' }, {}],
    ['a fallback', { models: ['two'] }, {}],
    ['a strategy', { route: { strategy: 'mine' } }, {}],
    ['a strategy by header', {}, { 'x-model-router-strategy': 'price' }],
    ['who may answer', { provider: { only: ['up'] } }, {}],
    ['who may stand in', { provider: { allow_fallbacks: false } }, {}],
    ['a task', {}, { 'x-router-task': 'conversation' }],
    ['a stream', { stream: true }, {}],
    ['something nobody knows', { top_a: 1 }, {}],
    ['a seed', { seed: 3 }, {}],
  ];
  test.each(DIFFERENT)('not: %s', async (_name, body, headers) => {
    await chat();
    expect(await markOf(body, headers)).toBe('miss');
  });

  test('not: digits beyond what a number holds', async () => {
    const raw = (seed: string) =>
      send(`${gateway.url}/v1/chat/completions`, {
        body: JSON.stringify({ model: 'one', messages: userSays(question), seed: 0 }).replace(
          '"seed":0',
          `"seed":${seed}`,
        ),
        key,
      });
    await raw('9007199254740993');
    expect((await raw('9007199254740992')).headers['x-router-cache']).toBe('miss');
    expect((await raw('9007199254740993')).headers['x-router-cache']).toBe('hit');
  });

  test('not: another key', async () => {
    await chat();
    const other = await gateway.createKey();
    expect(await markOf({}, {}, other.key)).toBe('miss');
    expect(await markOf({}, {}, other.key)).toBe('hit');
  });
});

describe('what a client says in Cache-Control', () => {
  test('no-cache: answered anew, and kept', async () => {
    await chat();
    const fresh = await chat({}, { 'cache-control': 'No-Cache' });
    expect(fresh.headers['x-router-cache']).toBe('miss');
    expect((await chat()).headers['x-router-cached-request']).toBe(fresh.headers['x-request-id']);
  });

  test('no-store: neither looked for nor kept', async () => {
    const headers = { 'cache-control': 'max-age=60, no-store' };
    expect(await markOf({}, headers)).toBeUndefined();
    expect(await markOf()).toBe('miss');
    expect(await markOf({}, headers)).toBeUndefined();
  });

  test('max-age', async () => {
    await chat();
    expect(await markOf({}, { 'cache-control': 'max-age=60' })).toBe('hit');
    expect(await markOf({}, { 'cache-control': 'max-age=0' })).toBe('miss');
  });

  test('whoever wants a choice explained gets one made', async () => {
    await chat();
    const answer = await chat({}, { 'x-router-metadata': 'enabled' });
    expect(answer.headers['x-router-cache']).toBe('miss');
    expect(answer.json).toMatchObject({ router_metadata: { attempts: 1 } });
    const again = await chat();
    expect(again.headers['x-router-cache']).toBe('hit');
    expect(again.json).not.toHaveProperty('router_metadata');
  });
});

describe('what is kept', () => {
  test('no errors', async () => {
    says = { status: 500 };
    expect((await chat()).status).toBe(502);
    says = 'Bonjour';
    expect(await chat()).toMatchObject({ status: 200, headers: { 'x-router-cache': 'miss' } });
  });

  test('no empty answers', async () => {
    says = '';
    await chat();
    expect(await markOf()).toBe('miss');
  });

  test('calls of tools', async () => {
    says = { call: 'weather', arguments: { city: 'Paris' } };
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
    const first = await chat({ tools });
    const again = await chat({ tools });
    expect(again.headers['x-router-cache']).toBe('hit');
    expect(again.json).toMatchObject({ choices: (first.json as { choices: object[] }).choices });
  });

  test('no stream that is too long to be kept', async () => {
    const wordsOf = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');
    says = wordsOf(100);
    await chat({ stream: true });
    expect(await markOf({ stream: true })).toBe('hit');
    says = wordsOf(2_000);
    const tooLong = await chat({ stream: true, seed: 1 });
    expect(tooLong.text.length).toBeGreaterThan(1_048_576 / 8);
    expect(await markOf({ stream: true, seed: 1 })).toBe('miss');
  });
});

test('a hit is not taken for an answer that was so bad that it is asked again', async () => {
  const before = await metric('outrider_re_asks_total');
  for (let time = 0; time < 3; time += 1) await chat({ session_id: 'mine' });
  expect(await metric('outrider_re_asks_total')).toBe(before);
});

test('responses: the same again, whole and streamed, under an id of its own', async () => {
  for (const stream of [false, true]) {
    const ask = () =>
      send(`${gateway.url}/v1/responses`, { body: { model: 'one', input: question, stream }, key });
    const first = await ask();
    const asked = upstream.heard.length;
    const again = await ask();
    expect([first.headers['x-router-cache'], again.headers['x-router-cache']]).toEqual(['miss', 'hit']);
    expect(upstream.heard).toHaveLength(asked);
    expect(again.text).toContain(`resp_${again.headers['x-request-id']}`);
    expect(again.text).toContain('Bonjour');
    expect(again.text).not.toContain(String(first.headers['x-request-id']));
    const renamed = await send(`${gateway.url}/v1/responses`, {
      body: { model: 'one', input: question, stream },
      key,
      headers: { 'x-request-id': String(first.headers['x-request-id']) },
    });
    expect(renamed.headers['x-router-cache']).toBe('hit');
    expect(renamed.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  }
});

test('what a key may not use any more is not given to it again', async () => {
  const kept: CachedAnswer = {
    bytes: Buffer.from('{}'),
    headers: {},
    modelId: 'one',
    provider: 'up',
    requestId: 'r',
    costMicroUsd: 5,
    atMs: 0,
  };
  const seen: string[] = [];
  const deps = {
    monotonicMs: () => 1500,
    metrics: { cacheHit: () => seen.push('hit'), cacheMissed: () => seen.push('miss') },
    spending: { warningFor: () => undefined },
  } as object as GatewayDeps;
  const again = (permits: object) =>
    answerFromCache(
      deps,
      { key: 'k', line: undefined, cache: { get: () => kept } as object as AnswerCache },
      {
        operation: CHAT,
        isOwnRequestId: true,
        body: { model: 'auto' },
        requestId: 'q',
        arrivedMs: 0,
        ...permits,
      } as object as Job,
      { tiers: [] } as object as Policy,
      {} as ClientLine,
    );
  expect(await again({})).toMatchObject({ headers: { age: '1', 'x-router-cache': 'hit' } });
  expect(await again({ allowedModels: new Set(['two']) })).toBeUndefined();
  expect(await again({ allowedProviders: new Set(['down']) })).toBeUndefined();
  expect(await again({ allowedModels: new Set(['one']), allowedProviders: new Set(['up']) })).toBeDefined();
  expect(seen).toEqual(['hit', 'miss', 'miss', 'hit']);
});

test('wishes are checked before the cache is looked into', async () => {
  await chat();
  expect((await chat({ route: { strategy: 'turbo' } })).status).toBe(400);
});

test('a reload forgets what was kept, and may switch it off', async () => {
  await chat();
  await gateway.reload();
  expect(await markOf()).toBe('miss');
  expect(await markOf()).toBe('hit');
  await gateway.writeConfig(TOML(''));
  await gateway.reload();
  expect(await markOf()).toBeUndefined();
});

test('off by default', async () => {
  const plain = await startGateway(providerToml('up', upstream.baseUrl, ['one']));
  try {
    await chat({}, {}, 'none', plain);
    expect(await markOf({}, {}, 'none', plain)).toBeUndefined();
  } finally {
    await plain.stop();
  }
});
