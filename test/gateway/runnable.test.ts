import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

interface Runnable {
  readonly data: { readonly id: string; readonly endpoints: { readonly provider: string }[] }[];
  readonly filtered_out: { readonly model: string; readonly provider: string; readonly reason: string }[];
  readonly filtered_counts: object;
}

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(`
[providers.one]
base_url = "${upstream.baseUrl}"
[providers.two]
base_url = "${upstream.baseUrl}"
[routing.breaker]
consecutive_failures = 1
[api.models.small]
context_length = 4000
capabilities = []
endpoints = [
  { provider = "one", model = "small", input_usd_per_million = 1, output_usd_per_million = 2 },
  { provider = "two", model = "small", input_usd_per_million = 3, output_usd_per_million = 6 },
]
[api.models.large]
context_length = 100000
capabilities = ["tools", "vision"]
unsupported_parameters = ["logit_bias"]
endpoints = [{ provider = "two", model = "large" }]
[api.models.vectors]
type = "embedding"
dimensions = 8
endpoints = [{ provider = "one", model = "vectors", input_usd_per_million = 0.1 }]
[api.models."500"]
endpoints = [{ provider = "one", model = "500", input_usd_per_million = 1 }]
`);
  ({ key } = await gateway.createKey({
    allowedModels: ['small', 'vectors', 'large'],
    allowedProviders: ['one'],
  }));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

let admin: string;
const runnable = async (query = '', as?: string) => {
  admin ??= (await gateway.createKey({ scopes: ['admin'] })).key;
  const answer = await read<Runnable>(gateway, `/v1/catalog/runnable${query}`, as ?? admin);
  return {
    ids: answer.data.map(({ id }) => id).sort(),
    why: Object.fromEntries(answer.filtered_out.map((one) => [`${one.provider}/${one.model}`, one.reason])),
    counts: answer.filtered_counts,
    answer,
  };
};

test('everything, while nothing is wrong', async () => {
  const { ids, why, counts } = await runnable();
  expect({ ids, why, counts }).toEqual({ ids: ['500', 'large', 'small', 'vectors'], why: {}, counts: {} });
});

test.each([
  ['?type=embedding', ['vectors'], { 'one/small': 'wrong_type', 'two/large': 'wrong_type' }],
  ['?needs=tools,vision', ['large'], { 'one/small': 'missing_capability' }],
  ['?context_length=5000', ['500', 'large', 'vectors'], { 'two/small': 'context_length' }],
  ['?parameters=seed,logit_bias', ['500', 'small', 'vectors'], { 'two/large': 'unsupported_parameter' }],
  [
    '?max_price=2',
    ['500', 'small', 'vectors'],
    { 'two/small': 'over_price_ceiling', 'two/large': 'price_unknown' },
  ],
  ['?provider=two', ['large', 'small'], { 'one/small': 'not_in_route', 'one/vectors': 'not_in_route' }],
])('%s', async (query, ids, why) => {
  const answer = await runnable(query);
  expect(answer.ids).toEqual(ids);
  expect(answer.why).toMatchObject(why);
});

test('what a key may not use is counted and not named', async () => {
  const { ids, why, counts, answer } = await runnable('', key);
  expect({ ids, why, counts }).toEqual({
    ids: ['small', 'vectors'],
    why: {},
    counts: { not_allowed_for_key: 3 },
  });
  expect(JSON.stringify(answer)).not.toMatch(/two|500/);
  const listed = await send(`${gateway.url}/v1/models`, { key });
  expect(listed.text).not.toMatch(/"two"|"500"|"large"/);
  expect((await send(`${gateway.url}/v1/models/large`, { key })).status).toBe(404);
});

test('an open breaker', async () => {
  await ask(gateway, { model: '500' }, { key: admin });
  const { why, answer } = await runnable();
  expect(why).toEqual({ 'one/500': 'breaker_open' });
  expect(answer.filtered_out[0]).toMatchObject({ message: expect.any(String), retry_after_seconds: 30 });
  const shown = await read(gateway, '/v1/models/500', admin);
  expect(shown).toMatchObject({ status: 'open', retry_after_seconds: 30 });
});

test.each([
  ['?type=chatt', /chat, completion/],
  ['?needs=wings', /tools, json/],
  ['?provider=three', /one, two/],
  ['?max_price=cheap', /number/],
  ['?max_unit_price=-1', /number/],
  ['?context_length=', /number/],
  ['?price=1', /Known are type, needs/],
])('%s is a 400 that says what there is', async (query, message) => {
  const answer = await send(`${gateway.url}/v1/catalog/runnable${query}`, { key: admin });
  expect(answer.status).toBe(400);
  expect(answer.text).toMatch(message);
});

test('a model as it is listed', async () => {
  expect(await read(gateway, '/v1/models/large', admin)).toEqual({
    id: 'large',
    object: 'model',
    created: 0,
    owned_by: 'two',
    name: 'large',
    type: 'chat',
    context_length: 100_000,
    capabilities: ['tools', 'vision'],
    architecture: {
      modality: 'text+image->text',
      input_modalities: ['text', 'image'],
      output_modalities: ['text'],
    },
    top_provider: { context_length: 100_000, max_completion_tokens: null },
    supported_parameters: [
      'temperature',
      'top_p',
      'max_tokens',
      'max_completion_tokens',
      'n',
      'stop',
      'seed',
      'frequency_penalty',
      'presence_penalty',
      'logprobs',
      'top_logprobs',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
    ],
    supported_sampling_parameters: [
      'temperature',
      'top_p',
      'max_tokens',
      'max_completion_tokens',
      'n',
      'stop',
      'seed',
      'frequency_penalty',
      'presence_penalty',
      'logprobs',
      'top_logprobs',
    ],
    status: 'ready',
    providers: ['two'],
    endpoints: [
      {
        provider: 'two',
        status: 'ready',
        pricing_per_million: null,
        unsupported_parameters: ['logit_bias'],
      },
    ],
    pricing: null,
    pricing_per_million: null,
    scores: {},
  });
  expect(await read(gateway, '/v1/models/small', admin)).toMatchObject({
    providers: ['one', 'two'],
    pricing: { prompt: '0.000001', completion: '0.000002' },
    pricing_per_million: { prompt: 1, completion: 2 },
    endpoints: [{ pricing_per_million: { prompt: 1 } }, { pricing_per_million: { prompt: 3 } }],
  });
  expect(await read(gateway, '/v1/models/vectors', admin)).toMatchObject({
    type: 'embedding',
    dimensions: 8,
    architecture: { modality: 'text->embeddings' },
  });
});
