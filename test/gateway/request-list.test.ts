import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

interface Page {
  readonly data: readonly {
    readonly request_id: string;
    readonly task: string;
    readonly model: string | null;
    readonly reason: string;
    readonly ending: string;
    readonly attempts: number;
    readonly cost_usd: number;
    readonly score: number | null;
  }[];
  readonly next_before: string | null;
}

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let mine: string;
let other: string;
let admin: string;
/** The oldest first. */
const ids: string[] = [];

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', '500']));
  mine = (await gateway.createKey()).key;
  other = (await gateway.createKey()).key;
  admin = (await gateway.createKey({ scopes: ['admin'] })).key;
  const prompts = ['Translate to French: good morning', 'Write a Python function that reverses a list'];
  for (let index = 0; index < 6; index++) {
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      key: mine,
      body: {
        model: index % 2 === 0 ? 'one' : 'two',
        messages: [{ role: 'user', content: prompts[index % 2] }],
      },
    });
    expect(answer.status).toBe(200);
    ids.push(String(answer.headers['x-request-id']));
  }
  const failed = await send(`${gateway.url}/v1/chat/completions`, {
    key: other,
    body: { model: '500', messages: [{ role: 'user', content: 'hi' }] },
  });
  ids.push(String(failed.headers['x-request-id']));
  await send(`${gateway.url}/v1/feedback/${ids[0]}`, { key: mine, body: { score: 0.25 } });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function list(query: string, key: string): Promise<Page> {
  const answer = await send(`${gateway.url}/v1/requests${query}`, { key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Page;
}

test('the newest first, each in a line', async () => {
  const { data, next_before } = await list('', admin);
  expect(data.map(({ request_id }) => request_id)).toEqual([...ids].reverse());
  expect(next_before).toBeNull();
  expect(data[0]).toMatchObject({ ending: 'server_error', model: '500', cost_usd: 0, reason: 'explicit' });
  expect(data.at(-1)).toMatchObject({ ending: 'completed', model: 'one', task: 'translation', score: 0.25 });
  expect(data.at(-1)?.cost_usd).toBeGreaterThan(0);
});

test('pages fit together, and the last one says so', async () => {
  const seen: string[] = [];
  let before = '';
  for (let page = 0; page < 10; page++) {
    const { data, next_before } = await list(`?limit=2${before}`, admin);
    seen.push(...data.map(({ request_id }) => request_id));
    if (next_before === null) break;
    before = `&before=${next_before}`;
  }
  expect(seen).toEqual([...ids].reverse());
});

test('filters by task, model and reason', async () => {
  expect((await list('?task=translation', admin)).data).toHaveLength(3);
  expect((await list('?model=two', admin)).data).toHaveLength(3);
  expect((await list('?model=two&task=translation', admin)).data).toHaveLength(0);
  expect((await list('?reason=auto', admin)).data).toHaveLength(0);
  expect((await list('?reason=explicit&limit=100', admin)).data).toHaveLength(7);
  expect((await list('?task=rerank', admin)).data).toHaveLength(0);
});

test('a request that failed over is found as a fallback, as its line says', async () => {
  const answer = await send(`${gateway.url}/v1/chat/completions`, {
    key: admin,
    body: { models: ['500', 'one'], messages: [{ role: 'user', content: 'hi' }] },
  });
  expect(answer.headers['x-router-attempts']).toBe('2');
  const id = answer.headers['x-request-id'];
  const found = await list('?reason=fallback', admin);
  expect(found.data.map(({ request_id, reason }) => [request_id, reason])).toEqual([[id, 'fallback']]);
  const explicit = await list('?reason=explicit', admin);
  expect(explicit.data.map(({ request_id }) => request_id)).not.toContain(id);
});

test('a key without admin sees its own requests only', async () => {
  expect((await list('', mine)).data).toHaveLength(6);
  expect((await list('', other)).data.map(({ request_id }) => request_id)).toEqual([ids[6]]);
});

test.each([
  ['limit=0', 'limit'],
  ['limit=1e2', 'limit'],
  ['limit=201', 'limit'],
  ['before=yesterday', 'before'],
  ['before=1.%27', 'before'],
  ['task=juggling', 'task'],
  ['reason=whim', 'reason'],
  ['page=2', 'page'],
])('%s is a 400', async (query, param) => {
  const answer = await send(`${gateway.url}/v1/requests?${query}`, { key: admin });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ error: { param } });
});
