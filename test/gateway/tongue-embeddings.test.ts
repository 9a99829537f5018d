import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tongue } from '../../src/core/catalog/model.ts';
import { clientOf } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { vectorOf } from '../fixtures/tongues/embeddings.ts';
import { NATIVE_ENV, nativeProviderToml } from '../fixtures/tongues/native-toml.ts';
import { type NativeUpstream, startNativeUpstream } from '../fixtures/tongues/native-upstream.ts';

let native: NativeUpstream;
let gateway: TestGateway;
let client: OpenAI;

const embedding = (id: string, provider: Tongue, model: string) =>
  `[api.models.${id}]\ntype = "embedding"\ncontext_length = 8192\nendpoints = [{ provider = "${provider}", model = "${model}", input_usd_per_million = 1.0 }]\n`;

beforeAll(async () => {
  native = await startNativeUpstream();
  gateway = await startGateway(
    [
      ...(['anthropic', 'google', 'bedrock'] as const).map((tongue) => nativeProviderToml(tongue, native)),
      embedding('gemini-embedding', 'google', 'gemini-embedding-001'),
      embedding('titan', 'bedrock', 'amazon.titan-embed-text-v2:0'),
      embedding('cohere', 'bedrock', 'cohere.embed-multilingual-v3'),
      embedding('none', 'anthropic', 'claude-haiku-4-5'),
      embedding('slow', 'bedrock', 'amazon.titan-embed-text-v2:0--silent'),
      embedding('ill', 'google', 'gemini-embedding-001--bad-gateway'),
      '[routing.timeouts]\nheaders_ms = 200\n',
    ].join('\n'),
    { env: NATIVE_ENV },
  );
  client = clientOf(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await native.close();
});

const TEXTS = ['one', 'three', 'seventeen'];

test.each([
  ['gemini-embedding', 1, undefined],
  ['titan', 3, 9],
  ['cohere', 1, 9],
])('%s: three texts, in %i calls', async (model, calls, tokens) => {
  const before = native.requests.length;
  const { data, usage } = await client.embeddings.create({ model, input: TEXTS, encoding_format: 'float' });
  expect(data.map((one) => one.embedding)).toEqual(TEXTS.map((text) => vectorOf(text)));
  expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(native.requests.length - before).toBe(calls);
  // Gemini counts nothing: what is charged is an estimate.
  if (tokens !== undefined) expect(usage.prompt_tokens).toBe(tokens);
  expect(usage.prompt_tokens).toBeGreaterThan(0);
});

test('one text, in the format that SDKs ask for and with as many numbers as were asked for', async () => {
  for (const [model, dimensions] of [
    ['gemini-embedding', 8],
    ['titan', 256],
  ] as const) {
    const { data } = await client.embeddings.create({ model, input: 'four', dimensions });
    expect(data[0]?.embedding).toEqual(vectorOf('four', dimensions));
  }
});

test('what is left out is named', async () => {
  const { response } = await client.embeddings
    .create({ model: 'titan', input: 'four', user: 'u-1' })
    .withResponse();
  expect(response.headers.get('x-router-warnings')).toBe('dropped:user');
});

test.each([
  ['none', 'four', 'model'],
  ['titan', [1, 2, 3], 'input'],
])('%s, %j: a 400 before anything goes out', async (model, input, param) => {
  const before = native.requests.length;
  const error = await client.embeddings.create({ model, input }).catch((failure: unknown) => failure);
  if (!(error instanceof OpenAI.BadRequestError)) throw new Error(String(error));
  expect(error).toMatchObject({ code: 'unsupported_by_provider', param });
  expect(native.requests.length).toBe(before);
});

test.each([
  ['slow', 504],
  ['ill', 502],
])('%s is a %i', async (model, status) => {
  const error = await client.embeddings.create({ model, input: 'four' }).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ status });
});
