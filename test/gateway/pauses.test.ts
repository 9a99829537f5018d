import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

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

const act = (id: string, action: string, body: object = {}) =>
  send(`${gateway.url}/v1/intelligence/models/${id}/${action}`, { body });
const ask = (model: string) =>
  send(`${gateway.url}/v1/chat/completions`, {
    body: { model, messages: [{ role: 'user', content: 'hi' }] },
  });

test('nobody is sent to a paused model, by name or by auto, until it is resumed', async () => {
  const paused = await act('org/two', 'pause');
  expect(paused.json).toEqual({
    object: 'model_service',
    model: 'org/two',
    paused: true,
    others_in_service: 1,
  });
  expect((await act('org/two', 'pause')).json).toMatchObject({ paused: true });
  for (let index = 0; index < 10; index++) {
    expect((await ask('auto')).headers['x-router-model']).toBe('one');
  }
  const named = await ask('org/two');
  expect(named.status).toBe(503);
  expect(named.json).toMatchObject({ error: { code: 'no_model_available' } });
  expect(named.text).toContain('paused by the operator');
  const { json } = await send(`${gateway.url}/v1/models/org/two`);
  expect(json).toMatchObject({ status: 'paused' });
  const runnable = await send(`${gateway.url}/v1/catalog/runnable`);
  expect(runnable.text).toContain('"paused"');

  expect((await act('org/two', 'resume')).json).toMatchObject({ paused: false });
  expect((await ask('org/two')).status).toBe(200);
  expect((await send(`${gateway.url}/v1/models/org/two`)).json).toMatchObject({ status: 'ready' });
});

test('with everybody paused auto says why', async () => {
  await act('one', 'pause');
  await act('org/two', 'pause');
  const answer = await ask('auto');
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('2 paused by the operator');
  await act('one', 'resume');
  await act('org/two', 'resume');
});

test('another process hears of it', async () => {
  await gateway.withStore((store) => store.saveState('paused_models', JSON.stringify(['one'])));
  await expect.poll(async () => (await ask('one')).status, { timeout: 20_000 }).toBe(503);
  await act('one', 'resume');
  const stored = await gateway.withStore((store) => store.loadState('paused_models'));
  expect(stored).toBe('[]');
});

test.each([
  ['nobody', 'pause', {}, 404],
  ['one', 'stop', {}, 404],
  ['one', 'pause', { until: 'tomorrow' }, 400],
])('%s/%s with %j is a %i', async (id, action, body, status) => {
  expect((await act(id, action, body)).status).toBe(status);
});
