import { afterAll, beforeAll, expect, test } from 'vitest';
import { quality } from '../core/learning/evidence.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { inParallel, seededStore } from '../fixtures/seeded-store.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

/** An answer of the dear model costs $0.0002, of the cheap one $0.00002: 10 tokens in, 5 out. */
const BUDGET = 0.08;
const config = (upstream: MisbehavingUpstream, budget = BUDGET) =>
  [
    providerToml('low', upstream.baseUrl, ['cheap', '500']),
    providerToml('high', upstream.baseUrl, ['dear'], {
      endpoint: 'input_usd_per_million = 10.0, output_usd_per_million = 20.0',
    }),
    '[strategies.thrifty]',
    `budget_usd_per_1k_requests = ${budget}`,
  ].join('\n');

/** Until the multiplier has found its place, and what is measured after. */
const WARM_UP = 250;
const MEASURED = 600;

let upstream: MisbehavingUpstream;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  store = await seededStore([quality('cheap', 'translation', 50, 30), quality('dear', 'translation', 72, 8)]);
  gateway = await startGateway(config(upstream), { store: store.url });
});

afterAll(async () => {
  await gateway.stop();
  await store.remove();
  await upstream.close();
});

interface Budget {
  readonly usd_per_1k_requests: number;
  readonly spent_usd_per_1k_requests: number;
  readonly multiplier: number;
  readonly cost_penalty: number;
}

async function budgetOf(strategy: string): Promise<Budget | null> {
  const path = `/v1/intelligence/rankings?task=translation&strategy=${strategy}`;
  return (await read<{ budget: Budget | null }>(gateway, path)).budget;
}

const models = ['cheap', 'dear'];

test('without a budget nearly everything goes to the better model', async () => {
  const answers = await inParallel(60, 8, () => ask(gateway, { route: { models } }));
  const dear = answers.filter(({ headers }) => headers['x-router-model'] === 'dear').length;
  expect(dear).toBeGreaterThan(50);
  expect(await budgetOf('balanced')).toBeNull();
});

test('what is spent comes to the budget, by what answers really cost', { timeout: 120_000 }, async () => {
  const answers = await inParallel(WARM_UP + MEASURED, 8, () =>
    ask(gateway, { model: 'auto:thrifty', route: { models } }),
  );
  const spentUsd = answers
    .slice(WARM_UP)
    .reduce((sum, { headers }) => sum + Number(headers['x-router-cost-usd']), 0);
  expect((1000 * spentUsd) / MEASURED / BUDGET).toBeGreaterThan(0.9);
  expect((1000 * spentUsd) / MEASURED / BUDGET).toBeLessThan(1.1);
  const budget = await budgetOf('thrifty');
  expect(budget).toMatchObject({ usd_per_1k_requests: BUDGET });
  expect(budget?.multiplier).toBeGreaterThan(0.2);
  expect(budget?.cost_penalty).toBeGreaterThan(1);
  // The rankings are those that the budget makes: the cheap model is as likely the best as it is chosen.
  const [ranked] = (
    await read<{ data: { models: { model: string; probability_best: number }[] }[] }>(
      gateway,
      '/v1/intelligence/rankings?task=translation&strategy=thrifty',
    )
  ).data;
  expect(ranked?.models.find(({ model }) => model === 'cheap')?.probability_best).toBeGreaterThan(0.2);
});

test('explain, the metadata and the metrics show it', async () => {
  const answer = await ask(
    gateway,
    { model: 'auto:thrifty', route: { models } },
    { headers: { 'x-router-metadata': 'enabled' } },
  );
  const shown = { cost_penalty: expect.any(Number) };
  expect(answer.json).toMatchObject({ router_metadata: { budget: shown } });
  expect(await read(gateway, `/v1/explain/${answer.requestId}`)).toMatchObject({ budget: shown });
  const plain = await ask(gateway, { route: { models } });
  expect(await read(gateway, `/v1/explain/${plain.requestId}`)).not.toHaveProperty('budget');
  const { text } = await send(`${gateway.url}/metrics`);
  expect(text).toContain(`outrider_budget_usd_per_1k_requests{strategy="thrifty"} ${BUDGET}`);
  const { multiplier } = (await budgetOf('thrifty')) as Budget;
  const shownMultiplier = /outrider_budget_multiplier\{strategy="thrifty"\} (\S+)/.exec(text)?.[1];
  expect(Number(shownMultiplier)).toBeCloseTo(multiplier, 3);
  expect(text).toContain('outrider_budget_spent_usd_per_1k_requests{strategy="thrifty"}');
});

test('named models and outages are none of its requests', async () => {
  const before = await budgetOf('thrifty');
  for (let at = 0; at < 20; at += 1) {
    await ask(gateway, { model: 'dear', route: { strategy: 'thrifty' } });
    await ask(gateway, { model: 'auto:thrifty', route: { models: ['500'] } });
  }
  expect(await budgetOf('thrifty')).toEqual(before);
});

test('a reload keeps it; another budget keeps the price of a dollar', async () => {
  const before = (await budgetOf('thrifty')) as Budget;
  await gateway.reload();
  expect(await budgetOf('thrifty')).toEqual(before);
  await gateway.writeConfig(config(upstream, 2 * BUDGET));
  await gateway.reload();
  const after = (await budgetOf('thrifty')) as Budget;
  expect(after.usd_per_1k_requests).toBe(2 * BUDGET);
  expect(after.cost_penalty).toBeCloseTo(before.cost_penalty, 3);
  await gateway.writeConfig(config(upstream));
  await gateway.reload();
  expect((await budgetOf('thrifty'))?.multiplier).toBeCloseTo(before.multiplier, 3);
});

test('a restart finds it again', async () => {
  const before = (await budgetOf('thrifty')) as Budget;
  await gateway.stop();
  gateway = await startGateway(config(upstream), { store: store.url });
  expect(await budgetOf('thrifty')).toEqual(before);
});
