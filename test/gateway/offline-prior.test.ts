import { afterEach, expect, test } from 'vitest';
import { SIMULATED_MODELS } from '../../src/providers/simulated/catalog.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { read } from './ask.ts';

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
});

interface Rankings {
  readonly data: readonly {
    readonly models: readonly { model: string; quality: { mean: number }; evidence: string }[];
  }[];
}

async function rowsOf(running: TestGateway) {
  const { data } = await read<Rankings>(
    running,
    '/v1/intelligence/rankings?task=code_generation&sort=quality',
  );
  return data[0]?.models ?? [];
}

const toml = (...models: string[]) => providerToml('somewhere', 'http://127.0.0.1:9/v1', models);

test('the shipped prior ranks known models before there is any outcome, and says so; a reload brings it too', async () => {
  gateway = await startGateway(toml('gpt-4o', 'meta-llama/Meta-Llama-3-8B-Instruct'));
  const rows = await rowsOf(gateway);
  expect(rows.map(({ model }) => model)).toEqual(['gpt-4o', 'meta-llama/Meta-Llama-3-8B-Instruct']);
  expect(rows.map(({ evidence }) => evidence)).toEqual(['prior', 'prior']);
  expect((rows[0]?.quality.mean ?? 0) - (rows[1]?.quality.mean ?? 0)).toBeGreaterThan(0.2);

  await gateway.writeConfig(toml('meta-llama/Meta-Llama-3-8B-Instruct', 'claude-3-opus-20240229'));
  await gateway.reload();
  const after = await rowsOf(gateway);
  expect(after.map(({ model }) => model)).toEqual([
    'claude-3-opus-20240229',
    'meta-llama/Meta-Llama-3-8B-Instruct',
  ]);
  expect((after[0]?.quality.mean ?? 0) - (after[1]?.quality.mean ?? 0)).toBeGreaterThan(0.2);
});

test('it can be left out, at start and by a reload', async () => {
  const models = toml('gpt-4o', 'meta-llama/Meta-Llama-3-8B-Instruct');
  gateway = await startGateway(`[learning]\nshipped_priors = false\n${models}`);
  expect(new Set((await rowsOf(gateway)).map(({ quality }) => quality.mean)).size).toBe(1);
  await gateway.writeConfig(models);
  await gateway.reload();
  expect(new Set((await rowsOf(gateway)).map(({ quality }) => quality.mean)).size).toBe(2);
});

test('simulated models begin with nothing but their prices', async () => {
  gateway = await startGateway('');
  const modelToMean = new Map((await rowsOf(gateway)).map(({ model, quality }) => [model, quality.mean]));
  const means = SIMULATED_MODELS.filter(({ type }) => type === 'chat')
    .sort((one, other) => priceOf(one) - priceOf(other))
    .map(({ id }) => modelToMean.get(id) ?? Number.NaN);
  expect(means).toHaveLength(7);
  expect(means).toEqual([...means].sort((one, other) => one - other));
});

function priceOf(model: {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
}): number {
  return 3 * model.inputUsdPerMillion + model.outputUsdPerMillion;
}
