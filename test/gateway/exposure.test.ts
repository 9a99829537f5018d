import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExposureCaps } from '../../src/gateway/evidence/exposure-caps.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'org/two']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const cap = (id: string, body: unknown) =>
  send(`${gateway.url}/v1/intelligence/models/${id}/exposure`, { body });

test('a model gets no more of a task than it is allowed, and explain and rankings say so', async () => {
  const capped = await cap('org/two', { max_share: 0, task: 'translate' });
  expect(capped.json).toEqual({
    object: 'model_exposure',
    model: 'org/two',
    caps: [{ task: 'translation', max_share: 0 }],
  });
  let last = '';
  for (let turn = 0; turn < 10; turn += 1) {
    const answer = await ask(gateway, {});
    expect(answer.headers['x-router-model']).toBe('one');
    last = answer.requestId;
  }
  const explained = await read<{ capped: string[]; candidates: { model: string; probability: number }[] }>(
    gateway,
    `/v1/explain/${last}`,
  );
  expect(explained.capped).toEqual(['org/two']);
  expect(explained.candidates.find(({ model }) => model === 'org/two')?.probability).toBe(0);
  // By name it is there as before, and other tasks are not touched.
  expect((await ask(gateway, { model: 'org/two' })).headers['x-router-model']).toBe('org/two');
  const rankings = (task: string) =>
    read<{ data: { models: { model: string; exposure: object | null }[] }[] }>(
      gateway,
      `/v1/intelligence/rankings?task=${task}`,
    );
  const exposureIn = async (task: string) =>
    (await rankings(task)).data[0]?.models.map(({ model, exposure }) => [model, exposure]).sort();
  expect(await exposureIn('translation')).toEqual([
    ['one', null],
    ['org/two', { max_share: 0 }],
  ]);
  expect(await exposureIn('summarization')).toEqual([
    ['one', null],
    ['org/two', null],
  ]);
  expect((await cap('org/two', { max_share: null, task: 'translation' })).json).toMatchObject({ caps: [] });
  expect(await exposureIn('translation')).toEqual([
    ['one', null],
    ['org/two', null],
  ]);
});

test('of a cap on everything and one on a task the smaller holds; another process hears of it', async () => {
  await cap('one', { max_share: 0.5 });
  await cap('one', { max_share: 0.9, task: 'summarization' });
  const stored = await gateway.withStore((store) => store.loadState('exposure_caps'));
  const other = createExposureCaps({ loadState: async () => stored, exchangeState: async () => true });
  await other.refresh();
  expect(other.capsFor('summarization')).toEqual(new Map([['one', 0.5]]));
  expect(other.capsFor('translation')).toEqual(new Map([['one', 0.5]]));
  await gateway.withStore((store) => store.saveState('exposure_caps', JSON.stringify([['one', null, 0]])));
  await expect
    .poll(async () => (await ask(gateway, {})).headers['x-router-model'], { timeout: 20_000 })
    .toBe('org/two');
  await cap('one', { max_share: null });
  expect(await gateway.withStore((store) => store.loadState('exposure_caps'))).toBe('[]');
});

test('a cap and a pause of a model that left are listed, and can be taken away', async () => {
  const leave = (value: string, pause: string) =>
    gateway.withStore(async (store) => {
      await store.saveState('exposure_caps', value);
      await store.saveState('paused_models', pause);
    });
  await leave('[["gone",null,0.5],["gone","translation",0.1],["one",null,0.9]]', '["gone"]');
  const listed = () => read<{ data: object[] }>(gateway, '/v1/intelligence/exposure');
  await expect
    .poll(async () => (await listed()).data, { timeout: 20_000 })
    .toEqual([
      {
        model: 'gone',
        configured: false,
        paused: true,
        caps: [
          { task: null, max_share: 0.5 },
          { task: 'translation', max_share: 0.1 },
        ],
      },
      { model: 'one', configured: true, paused: false, caps: [{ task: null, max_share: 0.9 }] },
    ]);
  // It cannot be capped or paused any further.
  expect((await cap('gone', { max_share: 0.3 })).status).toBe(404);
  const act = (action: string) => send(`${gateway.url}/v1/intelligence/models/gone/${action}`, { body: {} });
  expect((await act('pause')).status).toBe(404);
  expect((await cap('gone', { max_share: null })).json).toMatchObject({
    caps: [{ task: 'translation', max_share: 0.1 }],
  });
  expect((await cap('gone', { max_share: null, task: 'translation' })).json).toMatchObject({ caps: [] });
  expect((await act('resume')).json).toEqual({
    object: 'model_service',
    model: 'gone',
    paused: false,
    others_in_service: null,
  });
  expect((await act('resume')).status).toBe(404);
  expect((await cap('gone', { max_share: null })).status).toBe(404);
  await cap('one', { max_share: null });
  expect((await listed()).data).toEqual([]);
  expect((await send(`${gateway.url}/v1/intelligence/exposure?model=one`)).status).toBe(400);
});

test('what another process set on a model that left can be taken away at once', async () => {
  await gateway.withStore(async (store) => {
    await store.saveState('exposure_caps', '[["gone",null,0.5]]');
    await store.saveState('paused_models', '["gone"]');
  });
  expect((await cap('gone', { max_share: null })).json).toMatchObject({ caps: [] });
  const resumed = await send(`${gateway.url}/v1/intelligence/models/gone/resume`, { body: {} });
  expect(resumed.json).toMatchObject({ paused: false });
});

test('what makes no sense in the store is left out', async () => {
  const odd = [
    ['one', null, 0.5],
    ['one', 'nonsense', 0.1],
    ['one', 'translation', 2],
    [3, null, 0.1],
    null,
    'x',
  ];
  for (const [text, size] of [
    [JSON.stringify(odd), 1],
    ['{', 0],
    ['3', 0],
  ] as const) {
    const caps = createExposureCaps({ loadState: async () => text, exchangeState: async () => true });
    await caps.refresh();
    expect(caps.capsFor('translation')?.size ?? 0).toBe(size);
  }
});

test.each([
  ['nobody', { max_share: 0.5 }, 404, /does not exist/],
  [
    'one',
    { max_share: 0.5, task: 'juggling' },
    400,
    /There is no task 'juggling'. There are: code_generation/,
  ],
  ['one', { max_share: 0.5, task: 'embedding' }, 400, /of type chat, which does code_generation/],
  ['one', { max_share: 1.5 }, 400, /max_share: must be a number from 0 to 1, or null/],
  ['one', { max_share: -1 }, 400, /max_share: must be a number from 0 to 1/],
  ['one', { max_share: '20%' }, 400, /max_share: must be a number from 0 to 1/],
  ['one', {}, 400, /max_share/],
  ['one', { max_share: 0.5, share: 1 }, 400, /share/],
])('%s with %j is refused', async (id, body, status, message) => {
  const answer = await cap(id, body);
  expect(answer.status).toBe(status);
  expect((answer.json as { error: { message: string } }).error.message).toMatch(message);
});
