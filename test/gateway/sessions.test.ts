import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quality } from '../core/learning/evidence.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { seededStore } from '../fixtures/seeded-store.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

/** An upstream whose prompts are 4,000 tokens, 3,600 of them cached from the second on that a model sees. */
let server: Server;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;
let toml: string;
const failing = new Set<string>();
const bodies: string[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    bodies.push(text);
    const { model } = JSON.parse(text);
    if (failing.has(model)) {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
      return;
    }
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [
          { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello there.' } },
        ],
        usage: {
          prompt_tokens: 4000,
          completion_tokens: 10,
          total_tokens: 4010,
          prompt_tokens_details: { cached_tokens: 3600 },
        },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  toml = [
    providerToml('up', baseUrl, ['one', 'two', 'three'], {
      endpoint:
        'input_usd_per_million = 3.0, output_usd_per_million = 3.0, cached_input_usd_per_million = 0.3',
    }),
    '[routing.breaker]',
    'consecutive_failures = 1',
  ].join('\n');
  store = await seededStore([
    ...['one', 'two', 'three'].map((id) => quality(id, 'translation', 24, 16)),
    // Half a point, $0.015, is more than any cache here saves.
    quality('one', 'code_generation', 10, 40),
    quality('two', 'code_generation', 48, 2),
    quality('three', 'code_generation', 10, 40),
  ]);
  gateway = await startGateway(toml, { store: store.url });
});

afterAll(async () => {
  await gateway.stop();
  await store.remove();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** As long as what the upstream says of it. */
const PROMPT = 'Good morning, dear reader of this. '.repeat(500);
const messages = [{ role: 'user', content: PROMPT }];

async function turn(request: object, options: Parameters<typeof ask>[2] = {}) {
  const { headers, requestId, status } = await ask(gateway, { messages, ...request }, options);
  expect(status).toBe(200);
  return { model: String(headers['x-router-model']), reason: String(headers['x-router-reason']), requestId };
}

async function turns(count: number, request: object, options: Parameters<typeof ask>[2] = {}) {
  const all: Awaited<ReturnType<typeof turn>>[] = [];
  for (let at = 0; at < count; at += 1) all.push(await turn(request, options));
  return all;
}

describe('a conversation stays on its model', () => {
  test.each([
    ['session_id', { session_id: 'a' }, {}],
    ['conversation_id', { conversation_id: 'b' }, {}],
    ['x-session-id', {}, { headers: { 'x-session-id': 'c' } }],
  ])('by %s', async (name, request, options) => {
    const [first, ...rest] = await turns(12, request, options);
    expect(['auto', 'explore']).toContain(first?.reason);
    expect(rest.map(({ model }) => model)).toEqual(Array.from({ length: 11 }, () => first?.model));
    expect(new Set(rest.map(({ reason }) => reason))).toEqual(new Set(['sticky']));
    expect(bodies.at(-1)).not.toContain(name);
  });

  test('requests of no conversation do not', async () => {
    const all = await turns(30, {});
    expect(new Set(all.map(({ model }) => model)).size).toBeGreaterThan(1);
    expect(all.map(({ reason }) => reason)).not.toContain('sticky');
  });

  test('explain says why; the propensity is 1; it is counted', async () => {
    const [, second] = await turns(2, { session_id: 'explained' });
    const explained = await read<{ candidates: { probability: number }[] }>(
      gateway,
      `/v1/explain/${second?.requestId}`,
    );
    expect(explained).toMatchObject({
      reason: 'sticky',
      sticky: { warm_cache_usd: expect.any(Number), forgone_usd: expect.any(Number) },
    });
    expect(explained.candidates.map(({ probability }) => probability)).toEqual([1, 0, 0]);
    const { text } = await send(`${gateway.url}/metrics`);
    expect(text).toMatch(/outrider_selections_total\{[^}]*reason="sticky"[^}]*\} \d/);
    expect(text).toMatch(/outrider_sessions [1-9]/);
  });

  test('its labels count half', async () => {
    const [, second] = await turns(2, { session_id: 'rated' });
    const rate = (requestId: string | undefined) =>
      send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 1 } });
    const answer = await rate(second?.requestId);
    const { moved } = answer.json as { moved: { before: Samples; after: Samples } };
    expect(moved.after.samples - moved.before.samples).toBeCloseTo(0.5, 1);
    const free = await rate((await turn({})).requestId);
    const { moved: whole } = free.json as { moved: { before: Samples; after: Samples } };
    expect(whole.after.samples - whole.before.samples).toBeCloseTo(1, 1);
  });
});

interface Samples {
  readonly samples: number;
}

describe('a conversation leaves its model', () => {
  test('where more is to be gained than a cold cache costs', async () => {
    const route = { models: ['one', 'two'] };
    await turn({ session_id: 'leaves', route: { models: ['one'] } });
    expect(await turn({ session_id: 'leaves', route })).toMatchObject({ model: 'one', reason: 'sticky' });
    const left = await turn({ session_id: 'leaves', route }, { task: 'code_generation' });
    expect(left.model).toBe('two');
    expect(left.reason).not.toBe('sticky');
    // And is where it went.
    expect(await turn({ session_id: 'leaves', route })).toMatchObject({ model: 'two', reason: 'sticky' });
  });

  test('that the request leaves out', async () => {
    const [first] = await turns(1, { session_id: 'out', route: { models: ['one'] } });
    expect(first?.model).toBe('one');
    const next = await turn({ session_id: 'out', route: { models: ['two', 'three'] } });
    expect(next.model).not.toBe('one');
    expect(next.reason).not.toBe('sticky');
  });

  test('whose breaker is open', async () => {
    await turn({ session_id: 'ill', route: { models: ['three'] } });
    failing.add('three');
    const fallen = await turn({ session_id: 'ill' });
    expect(fallen).toMatchObject({ reason: 'fallback' });
    expect(fallen.model).not.toBe('three');
    // Now it is where it fell to, and so is one whose endpoint is known to be down beforehand.
    expect(await turn({ session_id: 'ill' })).toMatchObject({ model: fallen.model, reason: 'sticky' });
    failing.delete('three');
  });

  test('of another key: two keys with one session id never meet', async () => {
    const keys = await Promise.all([gateway.createKey(), gateway.createKey()]);
    const [mine, theirs] = keys.map(({ key }) => ({ key }));
    // Keys are asked for from the next look on, five seconds later at most.
    await turn({ session_id: 'shared', route: { models: ['one'] } }, mine);
    expect(await turn({ session_id: 'shared' }, mine)).toMatchObject({ model: 'one', reason: 'sticky' });
    expect((await turn({ session_id: 'shared' }, theirs)).reason).not.toBe('sticky');
  });

  test('where the configuration says that no cache is warm', async () => {
    const { key } = await gateway.createKey();
    await turn({ session_id: 'cold' }, { key });
    await gateway.writeConfig(`${toml}\n[routing.sessions]\ncache_ttl_ms = 0`);
    await gateway.reload();
    expect((await turn({ session_id: 'cold' }, { key })).reason).not.toBe('sticky');
  });
});
