import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type ScriptedServer, startScriptedServer } from '../fixtures/scripted-server.ts';
import { send } from '../http/send.ts';

/** Three tokens at $0.02 a million: 0.06 micro-USD. */
const COST_USD = 6e-8;

let provider: ScriptedServer;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startScriptedServer(() => ({
    body: {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.6, 0.8] }],
      model: 'small',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    },
  }));
  gateway = await startGateway(`
[providers.p]
base_url = "${provider.baseUrl}"
[api.models.small]
type = "embedding"
endpoints = [{ provider = "p", model = "small", input_usd_per_million = 0.02 }]
[api.models.large]
type = "embedding"
endpoints = [{ provider = "p", model = "large", input_usd_per_million = 0.13 }]
`);
});
afterAll(async () => {
  await gateway.stop();
  await provider.close();
});

const embed = (key: string, body: object = {}) =>
  send(`${gateway.url}/v1/embeddings`, { key, body: { model: 'small', input: 'abc', ...body } });

test('a hundred answers that cost parts of a micro-USD are what they cost, in answers and in sums', async () => {
  const { key } = await gateway.createKey({ name: 'many' });
  for (let count = 0; count < 100; count += 1) {
    const { status, headers, json } = await embed(key);
    expect(status).toBe(200);
    expect(headers['x-router-cost-usd']).toBe('0.00000006');
    expect(json).toMatchObject({ usage: { cost: COST_USD, cost_usd: COST_USD } });
  }
  const usage = await send(`${gateway.url}/v1/usage?group_by=model`, { key });
  expect(usage.json).toMatchObject({ total: { requests: 100, cost_usd: 0.000006 } });
});

test('what is expected of them is told as exactly, and the cheaper of two is known', async () => {
  const { key } = await gateway.createKey({ name: 'curious' });
  const expected = async (model: string) => {
    const answer = await send(`${gateway.url}/v1/embeddings`, {
      key,
      body: { model, input: 'abc' },
      headers: { 'x-router-metadata': 'enabled' },
    });
    const { router_metadata } = answer.json as {
      router_metadata: { cost_usd: number; candidates: { expected_cost_usd: number }[] };
    };
    const explained = await send(`${gateway.url}/v1/explain/${answer.headers['x-request-id']}`, { key });
    expect(explained.json).toMatchObject({
      candidates: [{ expected_cost_usd: router_metadata.candidates[0]?.expected_cost_usd }],
    });
    return router_metadata;
  };
  const [small, large] = [await expected('small'), await expected('large')];
  expect(small?.cost_usd).toBe(COST_USD);
  expect(small?.candidates[0]?.expected_cost_usd).toBeGreaterThan(0);
  expect(small?.candidates[0]?.expected_cost_usd).toBeLessThan(1e-6);
  expect(large?.candidates[0]?.expected_cost_usd).toBeGreaterThan(
    6 * (small?.candidates[0]?.expected_cost_usd ?? 1),
  );
});

test('they use a budget up, and do not fit once it is', async () => {
  const { key } = await gateway.createKey({ name: 'poor', budgetMicroUsdPerDay: 3 });
  const statuses: number[] = [];
  for (let count = 0; count < 80; count += 1) statuses.push((await embed(key)).status);
  const served = statuses.indexOf(402);
  // The third millionth is charged with the 42nd: 2.5 are spent then.
  expect(served).toBe(42);
  expect(new Set(statuses.slice(served))).toEqual(new Set([402]));
  const usage = await send(`${gateway.url}/v1/usage?group_by=model`, { key });
  expect(usage.json).toMatchObject({ total: { requests: 42, cost_usd: 0.000003 } });
});
