import { afterAll, beforeAll, expect, test } from 'vitest';
import { among, modelTable, providerTable } from '../faults/scene.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
const env = { UPSTREAM_KEY: 'sk-upstream-0123456789' };

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      // The first attempt may come nearly a second late, on a full machine, and there is time for a second one still.
      '[routing.timeouts]\nheaders_ms = 1000\ntotal_ms = 2000\n',
      ...['a', 'b', 'c'].map((name) => providerTable(name, upstream.baseUrl)),
      modelTable('refused', 'a', '401'),
      modelTable('same-key', 'a', 'one'),
      modelTable('too-short', 'b', 'context-length', { contextLength: 8_000 }),
      modelTable('failing', 'c', '500'),
      modelTable('short-as-well', 'c', 'two', { contextLength: 8_000 }),
      modelTable('slow', 'b', 'slow-headers'),
      modelTable('slow-too', 'c', 'slow-headers'),
      modelTable('well', 'b', 'three'),
    ].join('\n'),
    { env },
  );
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test.each([
  ['a provider that refused our key', 'refused', 'same-key'],
  ['a window that is too short', 'too-short', 'short-as-well'],
])('%s stays ruled out after another failure', async (_what, first, alike) => {
  const answer = await ask(gateway, among(first, 'failing', alike, 'well'));
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers).toMatchObject({ 'x-router-model': 'well', 'x-router-attempts': '3' });
});

test('a failure is seen when no time is left for another attempt', async () => {
  const { requestId, status } = await ask(gateway, among('slow', 'slow-too', 'well'));
  expect(status).toBe(504);
  const { attempts, learnt } = await read<{
    attempts: { ending: string; cost: { actual_usd: number; is_estimate: boolean } }[];
    learnt: { automatic: { quality: number } | null }[];
  }>(gateway, `/v1/explain/${requestId}`);
  expect(attempts.map(({ ending }) => ending)).toEqual(['timeout', 'timeout']);
  expect(learnt.map(({ automatic }) => automatic?.quality)).toEqual([undefined, 0]);
  // Both have read the prompt.
  for (const { cost } of attempts) {
    expect(cost.is_estimate).toBe(true);
    expect(cost.actual_usd).toBeGreaterThan(0);
  }
});

test('a bad strategy is named where it stands', async () => {
  const answer = await ask(gateway, { route: { strategy: 'nonsense' } });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ error: { param: 'route.strategy' } });
});

test('tokens are learnt for one choice, and the rows say of how many', async () => {
  const { requestId } = await ask(gateway, { model: 'well', n: 4 }, { task: 'summarization' });
  await read(gateway, `/v1/explain/${requestId}`);
  const tokens = await gateway.withStore(async (store) => {
    const { beliefs } = await store.loadBeliefs();
    return beliefs.find((belief) => belief.kind === 'tokens' && belief.task === 'summarization');
  });
  expect(tokens).toMatchObject({ subject: 'well', a: 1 });
  expect(tokens?.b).toBeCloseTo(Math.log(5 / 4), 9);
});

test('a request keeps the settings of its beginning when the providers are renamed under it', async () => {
  const tables = (provider: string) =>
    [
      '[routing.timeouts]\nheaders_ms = 400\n',
      providerTable(provider, upstream.baseUrl),
      modelTable('slow', provider, 'slow-headers'),
      modelTable('well', provider, 'three'),
    ].join('\n');
  const renamed = await startGateway(tables('before'), { env });
  try {
    const seen = upstream.countFor('slow-headers');
    const asked = ask(renamed, among('slow', 'well'));
    await expect.poll(() => upstream.countFor('slow-headers')).toBe(seen + 1);
    await renamed.writeConfig(tables('after'));
    const reloaded = renamed.reload();
    const answer = await asked;
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers).toMatchObject({ 'x-router-model': 'well', 'x-router-provider': 'before' });
    await reloaded;
    expect((await ask(renamed, { model: 'well' })).headers['x-router-provider']).toBe('after');
  } finally {
    await renamed.stop();
  }
});
