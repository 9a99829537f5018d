import { afterAll, beforeAll, expect, test } from 'vitest';
import { quality } from '../core/learning/evidence.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { seededStore } from '../fixtures/seeded-store.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

/** A dear model is in use, a cheap one is believed to be better. */
const OBSERVE =
  '[routing]\nmode = "observe"\nbaseline = "habit"\n[routing.breaker]\nconsecutive_failures = 2\n';

let upstream: MisbehavingUpstream;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;
let models: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  models = [
    providerToml('high', upstream.baseUrl, ['habit'], {
      endpoint: 'input_usd_per_million = 10.0, output_usd_per_million = 20.0',
    }),
    providerToml('low', upstream.baseUrl, ['cheap', '500']),
    '[strategies.thrifty]\nbudget_usd_per_1k_requests = 0.000001\n',
  ].join('\n');
  store = await seededStore([
    quality('habit', 'translation', 50, 50),
    quality('cheap', 'translation', 95, 5),
    quality('500', 'translation', 5, 95),
  ]);
  gateway = await startGateway(models + OBSERVE, { store: store.url });
});

afterAll(async () => {
  await gateway.stop();
  await store.remove();
  await upstream.close();
});

interface Observed {
  readonly mode: string;
  readonly observed: {
    readonly baseline: string;
    readonly requests: number;
    readonly agreement: number | null;
    readonly expected_usd_per_1k_requests: Readonly<Record<string, number>>;
    readonly expected_quality: Readonly<Record<string, number>>;
  } | null;
  readonly data: readonly {
    readonly task: string;
    readonly models: readonly { readonly model: string; readonly would_have_share: number | null }[];
  }[];
}

const rankings = (query = '') =>
  read<Observed>(gateway, `/v1/intelligence/rankings?task=translation${query}`);

test('the baseline serves what auto asks for, whatever would have been chosen', async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      ask(gateway, { model: at % 2 === 0 ? 'auto' : 'auto:quality', stream: at % 4 === 0 }),
    ),
  );
  for (const { headers, status } of answers) {
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'x-router-model': 'habit', 'x-router-reason': 'dry-run' });
  }
  expect(upstream.countFor('cheap')).toBe(0);
  expect(answers[1]?.headers['x-router-strategy']).toBe('quality');
});

test('a model that is named is served', async () => {
  const { headers } = await ask(gateway, { model: 'cheap' });
  expect(headers).toMatchObject({ 'x-router-model': 'cheap', 'x-router-reason': 'explicit' });
});

test('explain and the metadata show both: what was served with propensity 1, and the choice', async () => {
  const answer = await ask(gateway, {}, { headers: { 'x-router-metadata': 'enabled' } });
  const dryRun = {
    would_have_chosen: 'cheap',
    provider: 'low',
    agrees: false,
    expected_saving_usd: expect.any(Number),
    expected_quality_gain: expect.any(Number),
  };
  expect(answer.json).toMatchObject({ router_metadata: { reason: 'dry-run', dry_run: dryRun } });
  const explained = await read<{ dry_run: Record<string, number & { length: number }> }>(
    gateway,
    `/v1/explain/${answer.requestId}`,
  );
  expect(explained).toMatchObject({
    model: 'habit',
    reason: 'dry-run',
    candidates: [{ model: 'habit', probability: 1 }],
    attempts: [{ model: 'habit', probability: 1 }],
    dry_run: dryRun,
  });
  expect(explained.dry_run.expected_saving_usd).toBeGreaterThan(0);
  expect(explained.dry_run.expected_quality_gain).toBeGreaterThan(0.3);
  expect(explained.dry_run.candidates?.length).toBe(3);
});

test('rankings and metrics sum up what acting would have changed', async () => {
  const { mode, observed, data } = await rankings();
  expect(mode).toBe('observe');
  expect(observed).toMatchObject({ baseline: 'habit' });
  expect(observed?.requests).toBeGreaterThan(20);
  expect(observed?.agreement).toBeLessThan(0.2);
  expect(observed?.expected_usd_per_1k_requests.saving).toBeGreaterThan(0);
  expect(observed?.expected_quality.gain).toBeGreaterThan(0.3);
  const shares = new Map(data[0]?.models.map(({ model, would_have_share }) => [model, would_have_share]));
  expect(shares.get('cheap')).toBeGreaterThan(0.8);
  expect([...shares.values()].reduce((sum: number, share) => sum + (share ?? 0), 0)).toBeCloseTo(1, 3);
  const { text } = await send(`${gateway.url}/metrics`);
  expect(text).toMatch(/outrider_dry_runs_total\{model="cheap",agrees="false"\} \d\d/);
  const sumOf = (of: string, what: string) =>
    Number(new RegExp(`outrider_dry_run_expected_${what}_total\\{of="${of}"\\} (\\S+)`).exec(text)?.[1]);
  expect(sumOf('baseline', 'cost_usd')).toBeGreaterThan(2 * sumOf('choice', 'cost_usd'));
  expect(sumOf('choice', 'quality')).toBeGreaterThan(sumOf('baseline', 'quality'));
});

test('a dry run is no request, and changes nothing of the sum', async () => {
  const before = (await rankings()).observed;
  const body = { model: 'auto', messages: [{ role: 'user', content: 'Translate to French: good morning' }] };
  const answer = await send(`${gateway.url}/v1/route`, { body });
  expect(answer.json).toMatchObject({ model: 'habit', reason: 'dry-run' });
  expect((await rankings()).observed).toEqual(before);
});

test('the baseline is learnt about as it serves', async () => {
  const { requestId } = await ask(gateway, {});
  const answer = await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 1 } });
  expect(answer.json).toMatchObject({ counted: true, moved: { model: 'habit', task: 'translation' } });
  expect(answer.json).not.toHaveProperty('note');
  const { moved } = answer.json as { moved: Record<'before' | 'after', { samples: number }> };
  expect(moved.after.samples - moved.before.samples).toBeCloseTo(1, 1);
});

async function budgetOfThrifty() {
  const { budget } = (await rankings('&strategy=thrifty')) as unknown as {
    budget: { multiplier: number; spent_usd_per_1k_requests: number };
  };
  return budget;
}

test('a budget presses as it would, by what choices were expected to cost', async () => {
  for (let at = 0; at < 5; at += 1) await ask(gateway, { model: 'auto:thrifty' });
  const budget = await budgetOfThrifty();
  expect(budget.multiplier).toBeGreaterThan(1);
  // The baseline costs $0.2 per 1,000.
  expect(budget.spent_usd_per_1k_requests).toBeLessThan(0.15);
});

test('what the baseline cannot serve nobody serves, and the answer says so', async () => {
  await gateway.writeConfig(models + OBSERVE.replace('"habit"', '"500"'));
  await gateway.reload();
  expect((await rankings()).observed).toMatchObject({ baseline: '500', requests: 0, agreement: null });
  const before = await budgetOfThrifty();
  const first = await ask(gateway, { model: 'auto:thrifty' });
  expect(first.status).toBe(502);
  await ask(gateway, { model: 'auto:thrifty' });
  // Nobody answered, and nobody charged: no budget is.
  expect(await budgetOfThrifty()).toEqual(before);
  const refused = await ask(gateway, { model: 'auto:thrifty' });
  expect(refused.status).toBe(503);
  expect(refused.text).toContain("'500'");
  expect(upstream.countFor('500')).toBe(2);
});

test('a cascade does not move up while it is observed, and a reload lets routing act', async () => {
  await gateway.writeConfig(models + OBSERVE);
  await gateway.reload();
  const observed = await ask(gateway, { model: 'auto:cascade', response_format: { type: 'json_object' } });
  expect(observed.headers).toMatchObject({ 'x-router-model': 'habit', 'x-router-attempts': '1' });
  await gateway.writeConfig(models);
  await gateway.reload();
  const acted = await ask(gateway, { route: { models: ['cheap', 'habit'] } });
  expect(acted.headers['x-router-reason']).not.toBe('dry-run');
  expect(await rankings()).toMatchObject({ mode: 'route', observed: null });
});

test('a key that may not know the choice does not learn of it', async () => {
  // The last test: within seconds the first key closes the gateway to those who have none.
  await gateway.writeConfig(models + OBSERVE);
  await gateway.reload();
  const { requestId } = await ask(gateway, {});
  const { key } = await gateway.createKey({ allowedModels: ['habit'] });
  const answer = await ask(gateway, {}, { key, headers: { 'x-router-metadata': 'enabled' } });
  expect(answer.headers['x-router-model']).toBe('habit');
  expect(answer.text).not.toContain('cheap');
  expect(requestId).not.toBe(answer.requestId);
});
