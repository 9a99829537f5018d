import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
/** Of a key for `public` alone, and of one that is an admin's beside. */
let narrow: string;
let admin: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      providerToml('up', upstream.baseUrl, ['public', 'spare']),
      // Shut out for another reason than the key: that one stands in the decision.
      '[api.models.secret]\ncontext_length = 20',
      'endpoints = [{ provider = "up", model = "secret", input_usd_per_million = 1.0 }]',
    ].join('\n'),
  );
  const allowedModels = ['public'];
  ({ key: narrow } = await gateway.createKey({ allowedModels }));
  ({ key: admin } = await gateway.createKey({ allowedModels, scopes: ['admin'] }));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test('a key for some models hears of no other; an admin sees why they were left out', async () => {
  const messages = [{ role: 'user', content: 'Translate this, please: good morning. '.repeat(20) }];
  const headers = { 'x-router-metadata': 'enabled' };
  const { requestId, json } = await ask(gateway, { messages }, { key: narrow, headers });
  expect(json).toMatchObject({
    router_metadata: { model: 'public', candidates: [{ model: 'public' }], excluded: [] },
  });
  const path = `/v1/explain/${requestId}`;
  expect(await read(gateway, path, narrow)).toMatchObject({
    candidates: [{ model: 'public' }],
    excluded: [],
  });
  const { excluded } = await read<{ excluded: object[] }>(gateway, path, admin);
  expect(excluded).toHaveLength(2);
  expect(excluded).toContainEqual({ model: 'spare', endpoint: 'up/spare', reason: 'not_allowed_for_key' });
  expect(excluded).toContainEqual({ model: 'secret', endpoint: 'up/secret', reason: 'context_length' });
});

test.each([
  ['narrow', ['public']],
  ['admin', ['public', 'secret', 'spare']],
])('health with the key: %s', async (name, models) => {
  const { data } = await read<{ data: { endpoints: { model: string }[] }[] }>(
    gateway,
    '/v1/intelligence/health',
    name === 'admin' ? admin : narrow,
  );
  expect(data.flatMap(({ endpoints }) => endpoints.map(({ model }) => model)).sort()).toEqual(models);
});

test('metrics, which tell of all models, are not for a key for some; an admin and an unlimited key get them', async () => {
  const scrape = (key: string) => send(`${gateway.url}/metrics`, { key });
  const refused = await scrape(narrow);
  expect(refused).toMatchObject({ status: 403, json: { error: { code: 'model_not_allowed' } } });
  expect(refused.text).not.toContain('secret');
  expect((await scrape(admin)).text).toMatch(/^outrider_breaker_state\{.*up\/secret/m);
  const { key } = await gateway.createKey();
  expect((await scrape(key)).text).toMatch(/^outrider_breaker_state\{.*up\/secret/m);
});

test.each([
  ['narrow', ['public']],
  ['admin', ['public', 'secret', 'spare']],
])('rankings with the key: %s', async (name, models) => {
  const { data } = await read<{ data: { models: { model: string; probability_best: number }[] }[] }>(
    gateway,
    '/v1/intelligence/rankings?task=translation',
    name === 'admin' ? admin : narrow,
  );
  expect(data[0]?.models.map(({ model }) => model).sort()).toEqual(models);
  expect(data[0]?.models.reduce((sum, row) => sum + row.probability_best, 0)).toBeCloseTo(1, 3);
});
