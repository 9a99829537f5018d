import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let admin: string;
let own: { readonly key: string; readonly id: string };
let narrow: string;
const ids: string[] = [];

interface Verdict {
  readonly request_id: string;
  readonly source: string;
  readonly score: number;
  readonly counted: boolean;
  readonly moved: { readonly successes: number; readonly failures: number } | null;
}
interface List {
  readonly data: readonly Verdict[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two']));
  ({ key: admin } = await gateway.createKey({ scopes: ['admin'] }));
  const { key, record } = await gateway.createKey();
  own = { key, id: record.id };
  ({ key: narrow } = await gateway.createKey({ allowedModels: ['two'] }));
  for (let at = 0; at < 3; at += 1) {
    ids.push((await ask(gateway, { route: { models: ['one'] } }, { key: own.key })).requestId);
  }
  ids.push((await ask(gateway, { model: 'one' }, { key: admin, task: 'summarization' })).requestId);
  for (const [at, id] of ids.entries()) {
    await send(`${gateway.url}/v1/feedback/${id}`, {
      key: admin,
      body: { score: at / 4, comment: `<img src=x onerror=alert(${at})>` },
    });
  }
  await send(`${gateway.url}/v1/feedback/${ids[0]}`, {
    key: admin,
    body: { tests_passed: true, source: 'ci' },
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const list = (query = '', key = admin) => read<List>(gateway, `/v1/feedback${query}`, key);

test('the newest first, with what was said and what counts', async () => {
  const { data, has_more } = await list();
  expect(has_more).toBe(false);
  expect(data.map(({ request_id, source }) => [request_id, source])).toEqual([
    [ids[0], 'ci'],
    [ids[3], 'human'],
    [ids[2], 'human'],
    [ids[1], 'human'],
    [ids[0], 'human'],
  ]);
  // Tests are the stronger source; both stay.
  expect(data[0]).toMatchObject({
    score: 1,
    counted: true,
    signals: { tests_passed: true },
    moved: { epoch: 0, successes: 1, failures: 0 },
  });
  expect(data[4]).toMatchObject({ score: 0, counted: false, moved: null });
  expect(data[2]).toMatchObject({
    model: 'one',
    task: 'translation',
    key_id: own.id,
    comment: '<img src=x onerror=alert(2)>',
    moved: { successes: 0.5, failures: 0.5 },
  });
  // The request named its model: it teaches nothing.
  expect(data[1]).toMatchObject({ counted: false, moved: null });
});

test('filters and pages', async () => {
  expect((await list('?source=ci')).data).toHaveLength(1);
  expect((await list('?task=summary')).data.map(({ request_id }) => request_id)).toEqual([ids[3]]);
  expect((await list('?model=two')).data).toEqual([]);
  expect((await list(`?key_id=${own.id}`)).data).toHaveLength(4);
  expect((await list('?window=24h')).data).toHaveLength(5);
  const first = await list('?limit=3');
  const second = await list(`?limit=3&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data]).toEqual((await list()).data);
  expect(second.next_cursor).toBeNull();
});

test('a key sees what is about its own requests, and of models that it may know of', async () => {
  expect((await list('', own.key)).data).toHaveLength(4);
  expect((await list('', narrow)).data).toEqual([]);
  const others = await send(`${gateway.url}/v1/feedback?key_id=${own.id}`, { key: narrow });
  expect(others.status).toBe(404);
  for (const [id, key, status] of [
    [ids[0], own.key, 200],
    [ids[3], own.key, 404],
    [ids[0], narrow, 404],
    ['nobody', admin, 404],
  ] as const) {
    expect((await send(`${gateway.url}/v1/feedback/${id}`, { key })).status).toBe(status);
  }
});

test('all that was said of one answer, and what is believed by now', async () => {
  const shown = await read<object>(gateway, `/v1/feedback/${ids[0]}`, own.key);
  expect(shown).toMatchObject({
    object: 'feedback.summary',
    request_id: ids[0],
    model: 'one',
    reason: expect.stringMatching(/auto|explore/),
    automatic: { source_class: 'heuristic', counted: false, moved: null },
    data: [
      { source: 'ci', source_class: 'client_test', counted: true },
      { source: 'human', counted: false, capped: false },
    ],
    belief: { evidence: expect.any(String) },
  });
  // Taken back, the people's word counts, and it moved what it says.
  await send(`${gateway.url}/v1/feedback/${ids[0]}?source=ci`, { method: 'DELETE', key: admin });
  expect(await read(gateway, `/v1/feedback/${ids[0]}`, own.key)).toMatchObject({
    data: [{ source: 'human', counted: true, moved: { successes: 0, failures: 1 } }],
  });
});

test.each([
  ['?limit=0', 'limit'],
  ['?limit=-1', 'limit'],
  ['?limit=1e9', 'limit'],
  ['?limit=1000000000', 'limit'],
  ['?window=forever', 'window'],
  ['?cursor=1', 'cursor'],
  ['?cursor=x.y.z', 'cursor'],
  ['?task=juggling', 'task'],
  [`?model=${'m'.repeat(10_000)}`, 'model'],
  ['?sort=score', 'sort'],
  ['/r1?verbose=1', 'verbose'],
])('GET /v1/feedback%s is a 400', async (query, param) => {
  const answer = await send(`${gateway.url}/v1/feedback${query}`, { key: admin });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ error: { param, type: 'invalid_request_error' } });
  expect(answer.text.length).toBeLessThan(800);
});
