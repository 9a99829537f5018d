import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { clientOf, METADATA_WANTED, metadataOf, userSays } from './client.ts';

/** What users of OpenRouter and BrainstormRouter send with OpenAI's SDK, unchanged but for the base URL. */

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let client: OpenAI;

const twice = (id: string, cheap: number, dear: number, details = '') =>
  `[api.models.${JSON.stringify(id)}]\n${details}\ncontext_length = 128000\nendpoints = [
  { provider = "cheap", model = ${JSON.stringify(id)}, input_usd_per_million = ${cheap}, output_usd_per_million = ${cheap} },
  { provider = "dear", model = ${JSON.stringify(id)}, input_usd_per_million = ${dear}, output_usd_per_million = ${dear}, unsupported_parameters = ["logit_bias"] },
]`;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      `[providers.cheap]\nbase_url = "${upstream.baseUrl}"`,
      `[providers.dear]\nbase_url = "${upstream.baseUrl}"`,
      `[providers.free]\nbase_url = "${upstream.baseUrl}"`,
      twice('both', 1, 100),
      twice('meta/llama:8b', 2, 200),
      '[api.models.unpriced]\nendpoints = [{ provider = "free", model = "unpriced" }]',
      providerToml('broken', upstream.baseUrl, ['500']),
      '[routing.breaker]\nconsecutive_failures = 100\nmin_outcomes = 100',
      '[strategies.mine]\nvalue_of_quality_usd = 0.5',
      `[presets.writer]
model = "both"
strategy = "mine"
system_prompt = "You write."
provider = { order = ["dear"] }
parameters = { temperature = 0.3, max_tokens = 50, seed = 7 }`,
      '[presets.chain]\nmodels = ["500", "both:floor"]\nroute = { hold_back = true }',
    ].join('\n'),
  );
  client = clientOf(gateway);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function ask(request: Record<string, unknown>, headers: Record<string, string> = {}) {
  const { data, response } = await client.chat.completions
    .create(
      { model: 'both', messages: userSays('Translate to French: good morning'), ...request },
      { headers: { ...METADATA_WANTED.headers, ...headers } },
    )
    .withResponse();
  const metadata = metadataOf(data);
  const sent: Record<string, unknown> = JSON.parse(upstream.requests.at(-1)?.body ?? '');
  return {
    data,
    headers: response.headers,
    metadata,
    sent,
    order: metadata.candidates.map(({ provider, model }) => `${provider}/${model}`),
    reasons: Object.fromEntries(
      metadata.excluded.map((one) => [(one as unknown as { endpoint: string }).endpoint, one.reason]),
    ),
  };
}

const refusal = (request: Record<string, unknown>, headers: Record<string, string> = {}) =>
  ask(request, headers).then(
    () => expect.unreachable(),
    (error: unknown) => error as InstanceType<typeof OpenAI.APIError>,
  );

describe('the `provider` object', () => {
  test('order: ranks the endpoints, whatever the prices', async () => {
    expect((await ask({ provider: { order: ['dear', 'cheap'] } })).order).toEqual([
      'dear/both',
      'cheap/both',
    ]);
    const { order, metadata } = await ask({ provider: { order: ['Dear'] } });
    expect(order).toEqual(['dear/both', 'cheap/both']);
    expect(metadata.candidates.map(({ probability }) => probability)).toEqual([1, 0]);
  });

  test('order with auto: the choice is among the models of the first provider', async () => {
    const { order, metadata } = await ask({ model: 'openrouter/auto', provider: { order: ['dear'] } });
    expect(order.slice(0, 2).sort()).toEqual(['dear/both', 'dear/meta/llama:8b']);
    const first = metadata.candidates.slice(0, 2).map(({ probability }) => probability);
    expect(first.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(metadata.candidates.slice(2).every(({ probability }) => probability === 0)).toBe(true);
  });

  test('allow_fallbacks: false keeps to the order, or to one attempt', async () => {
    const { order, reasons } = await ask({ provider: { order: ['dear'], allow_fallbacks: false } });
    expect(order).toEqual(['dear/both']);
    expect(reasons).toEqual({ 'cheap/both': 'not_in_route' });
    const before = upstream.requests.length;
    const error = await refusal({ model: '500', models: ['both'], provider: { allow_fallbacks: false } });
    expect(error.status).toBe(502);
    expect(upstream.requests.length - before).toBe(1);
  });

  test('only and ignore', async () => {
    expect((await ask({ provider: { only: ['dear'] } })).order).toEqual(['dear/both']);
    expect((await ask({ provider: { ignore: ['dear'] } })).order).toEqual(['cheap/both']);
    expect((await refusal({ provider: { only: ['free'] } })).status).toBe(400);
  });

  test.each(['order', 'only', 'ignore'])('%s with a provider that is not here', async (option) => {
    const error = await refusal({ provider: { [option]: ['azure'] } });
    expect(error).toMatchObject({ status: 400, code: 'unknown_option', param: `provider.${option}` });
    expect(error.message).toContain('broken, cheap, dear, free');
  });

  test('sort', async () => {
    const byPrice = await ask({ provider: { sort: 'price' } });
    expect(byPrice.headers.get('x-router-strategy')).toBe('price');
    expect(byPrice.metadata.candidates.map(({ probability }) => probability)).toEqual([1, 0]);
    const parted = await ask({ models: ['meta/llama:8b'], provider: { sort: { by: 'price' } } });
    expect(parted.order).toEqual(['cheap/both', 'dear/both', 'cheap/meta/llama:8b', 'dear/meta/llama:8b']);
    const mixed = await ask({
      models: ['meta/llama:8b'],
      provider: { sort: { by: 'price', partition: 'none' } },
    });
    expect(mixed.order.slice(2).sort()).toEqual(['dear/both', 'dear/meta/llama:8b']);
    expect((await refusal({ provider: { sort: 'exacto' } })).message).toContain('price, throughput, latency');
  });

  test('max_price, USD per million; an unknown price is not taken for a low one', async () => {
    const { order, reasons } = await ask({
      model: 'auto',
      provider: { max_price: { prompt: '1.5', completion: 10 }, ignore: ['broken'] },
    });
    expect(order).toEqual(['cheap/both']);
    expect(reasons).toEqual({
      'dear/both': 'over_price_ceiling',
      'cheap/meta/llama:8b': 'over_price_ceiling',
      'dear/meta/llama:8b': 'over_price_ceiling',
      'free/unpriced': 'price_unknown',
      'broken/500': 'not_in_route',
    });
  });

  test('a max_price that nobody meets: 400 with the one that somebody would', async () => {
    const error = await refusal({
      model: 'auto',
      provider: { max_price: { prompt: 0.001, completion: 50 }, ignore: ['broken'] },
    });
    expect(error).toMatchObject({ status: 400, code: 'unsatisfiable_wish', param: 'provider.max_price' });
    const least = JSON.parse(/'provider.max_price': (\{.*?\})/.exec(error.message)?.[1] ?? '') as object;
    expect(least).toEqual({ prompt: expect.any(Number), completion: 50 });
    const answer = await ask({ model: 'auto', provider: { max_price: least, ignore: ['broken'] } });
    expect(answer.order).toEqual(['cheap/both']);
  });

  test('names of providers that leave nobody: 400 that names what left them out', async () => {
    const error = await refusal({ provider: { only: ['free'] } });
    expect(error).toMatchObject({ status: 400, code: 'unsatisfiable_wish', param: 'provider' });
  });

  test('require_parameters leaves out who does not take one; without it, it is dropped and said so', async () => {
    const bias = { logit_bias: { '50256': -100 } };
    const provider = { order: ['dear'] };
    const dropped = await ask({ ...bias, provider });
    expect(dropped.sent).not.toHaveProperty('logit_bias');
    expect(dropped.headers.get('x-router-warnings')).toBe('dropped:logit_bias');
    const required = await ask({ ...bias, provider: { ...provider, require_parameters: true } });
    expect(required.order).toEqual(['cheap/both']);
    expect(required.reasons).toEqual({ 'dear/both': 'unsupported_parameter' });
    expect(required.sent).toMatchObject(bias);
    expect(required.headers.has('x-router-warnings')).toBe(false);
    const error = await refusal({ ...bias, provider: { only: ['dear'], require_parameters: true } });
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'logit_bias' });
    const unsaid = await ask({ logit_bias: null, provider: { ...provider, require_parameters: true } });
    expect(unsaid.order[0]).toBe('dear/both');
  });

  test.each([
    ['data_collection', 'deny', 'allow'],
    ['zdr', true, false],
    ['enforce_distillable_text', true, false],
    ['quantizations', ['fp8'], []],
  ])('%s: what is not known here is refused, not ignored', async (option, asked, harmless) => {
    const error = await refusal({ provider: { [option]: asked } });
    expect(error.status).toBe(400);
    expect(error.message).toContain('does not know it of its providers');
    expect((await ask({ provider: { [option]: harmless } })).data.model).toBe('both');
  });

  test('an unknown option is a 400 with those there are', async () => {
    const error = await refusal({ provider: { odrer: ['dear'] } });
    expect(error).toMatchObject({ status: 400, code: 'unknown_option', param: 'provider.odrer' });
    expect(error.message).toContain('known are order, only, ignore, sort, allow_fallbacks');
    const price = await refusal({ provider: { max_price: { input: 1 } } });
    expect(price.message).toContain('known are prompt, completion');
  });

  test.each([-1, '-1', 'abc', '', '1e-9', true, null])(
    'a max_price of %j is told what it has to be',
    async (prompt) => {
      const error = await refusal({ provider: { max_price: { prompt } } });
      expect(error).toMatchObject({ status: 400, code: 'invalid_value', param: 'provider.max_price.prompt' });
      expect(error.message).toContain('provider.max_price.prompt: must be USD, a number of at least 0');
    },
  );
});

describe('lists of fallbacks', () => {
  test('are tried in their order', async () => {
    const answer = await ask({ model: '500', models: ['both', 'meta/llama:8b'] });
    expect(answer.data.model).toBe('both');
    expect(answer.headers.get('x-router-reason')).toBe('fallback');
    expect(answer.order[0]).toBe('broken/500');
    expect(answer.order.slice(1, 3).sort()).toEqual(['cheap/both', 'dear/both']);
    expect(answer.order.slice(3).sort()).toEqual(['cheap/meta/llama:8b', 'dear/meta/llama:8b']);
  });

  test('without `model`, with the legacy `route: "fallback"`, and with `auto` at its end', async () => {
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      body: { models: ['500', 'auto'], route: 'fallback', messages: userSays('hi') },
      headers: METADATA_WANTED.headers,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-router-reason']).toBe('fallback');
    expect(metadataOf(answer.json as object).candidates[0]?.model).toBe('500');
    expect(metadataOf(answer.json as object).candidates).toHaveLength(6);
  });

  test('`auto` with a list chooses among the list', async () => {
    const { order, metadata } = await ask({ model: 'auto:price', models: ['both', 'unpriced'] });
    expect([...order].sort()).toEqual(['cheap/both', 'dear/both', 'free/unpriced']);
    expect(metadata.strategy).toBe('price');
    expect(metadata.reason).toMatch(/^(auto|explore)$/);
  });

  test('an entry that does not exist', async () => {
    expect(await refusal({ models: ['nobody'] })).toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'models',
    });
  });

  test('a longer list is tried to its end', async () => {
    const models = ['both:nitro', 'both'];
    const answer = await ask({ model: '500', models: ['500', '500', '500', ...models] });
    expect(answer.data.model).toBe('both');
  });
});

describe('strategies by other names', () => {
  test.each([
    ['both:floor', 'price'],
    ['both:nitro', 'throughput'],
    ['meta/llama:8b:nitro', 'throughput'],
    ['cheap/both:quality', 'quality'],
    ['both:mine', 'mine'],
    ['auto:combined', 'balanced'],
  ])('%s', async (model, strategy) => {
    expect((await ask({ model })).headers.get('x-router-strategy')).toBe(strategy);
  });

  test('a suffix that is no strategy belongs to the name', async () => {
    expect((await refusal({ model: 'both:turbo' })).status).toBe(404);
    expect((await ask({ model: 'meta/llama:8b' })).data.model).toBe('meta/llama:8b');
  });

  test.each([
    ['combined', 'balanced'],
    ['priority', 'priority'],
    ['cascade', 'cascade'],
    ['latency', 'latency'],
    ['price', 'price'],
    ['quality', 'quality'],
    ['throughput', 'throughput'],
    ['cost-first', 'price'],
    ['auto', 'balanced'],
    ['mine', 'mine'],
  ])('X-Model-Router-Strategy: %s', async (name, strategy) => {
    const headers = { 'X-Model-Router-Strategy': name };
    const provider = { ignore: ['broken'] };
    expect((await ask({ model: 'auto', provider }, headers)).headers.get('x-router-strategy')).toBe(strategy);
  });

  test('an unknown one is a 400', async () => {
    expect(await refusal({}, { 'x-model-router-strategy': 'turbo' })).toMatchObject({
      status: 400,
      param: 'x-model-router-strategy',
      message: expect.stringContaining('combined'),
    });
  });

  test('who wins: route, then sort, then the name, then the header, then the preset', async () => {
    const header = { 'x-model-router-strategy': 'latency' };
    const strategy = async (request: Record<string, unknown>, headers?: Record<string, string>) =>
      (await ask(request, headers)).metadata.strategy;
    const all = { model: 'both:floor', provider: { sort: 'throughput' }, route: { strategy: 'quality' } };
    expect(await strategy(all, header)).toBe('quality');
    expect(await strategy({ ...all, route: {} }, header)).toBe('throughput');
    expect(await strategy({ model: 'both:floor' }, header)).toBe('price');
    expect(await strategy({ model: '@preset/writer' }, header)).toBe('latency');
    expect(await strategy({ model: '@preset/writer' })).toBe('mine');
    expect(await strategy({ model: '@preset/chain' })).toBe('balanced');
    expect(await strategy({ model: '@preset/chain', provider: { ignore: ['broken'] } })).toBe('price');
  });
});

describe('presets', () => {
  const SYSTEM = { role: 'system', content: 'You write.' };

  test.each([
    { model: '@preset/writer' },
    { model: 'both@preset/writer' },
    { model: 'both', preset: 'writer' },
    { model: 'both', preset: '@preset/writer' },
  ])('%o', async (request) => {
    const { sent, order, metadata, data } = await ask(request);
    expect(sent).toEqual({
      model: 'both',
      temperature: 0.3,
      max_tokens: 50,
      seed: 7,
      messages: [SYSTEM, ...userSays('Translate to French: good morning')],
    });
    expect(order[0]).toBe('dear/both');
    expect(metadata.strategy).toBe('mine');
    expect(data.model).toBe('both');
  });

  test('what the request says itself wins', async () => {
    const messages = [{ role: 'developer', content: 'You draw.' }, ...userSays('hi')];
    const { sent, order } = await ask({
      model: '@preset/writer',
      messages,
      temperature: 1,
      max_completion_tokens: 9,
      seed: null,
      provider: { order: ['cheap'] },
    });
    expect(sent).toEqual({ model: 'both', messages, temperature: 1, max_completion_tokens: 9, seed: 7 });
    expect(order[0]).toBe('cheap/both');
    expect((await ask({ model: 'meta/llama:8b', preset: 'writer' })).data.model).toBe('meta/llama:8b');
  });

  test('a preset with fallbacks; without a model at all', async () => {
    const answer = await ask({ model: '@preset/chain' });
    expect(answer.data.model).toBe('both');
    expect(answer.order).toEqual(['broken/500', 'cheap/both', 'dear/both']);
    const bare = await send(`${gateway.url}/v1/chat/completions`, {
      body: { preset: 'chain', messages: userSays('hi') },
    });
    expect(bare.status).toBe(200);
  });

  test('one that there is not', async () => {
    expect(await refusal({ model: '@preset/wirter' })).toMatchObject({
      status: 404,
      code: 'preset_not_found',
      message: expect.stringContaining('writer, chain'),
    });
    expect(await refusal({ preset: '__proto__' })).toMatchObject({ status: 404, param: 'preset' });
  });
});

test('nothing that was meant for this gateway reaches a provider', async () => {
  const { sent } = await ask({
    model: 'both',
    models: ['meta/llama:8b'],
    provider: { order: ['cheap'] },
    preset: 'chain',
    route: { explore: false },
    usage: { include: true },
    session_id: 's',
    conversation_id: 'c',
    transforms: ['middle-out'],
  });
  expect(Object.keys(sent).sort()).toEqual(['messages', 'model', 'transforms']);
});

test('an x-router-task that there is not is warned of', async () => {
  const { headers } = await ask({}, { 'x-router-task': 'cooking' });
  expect(headers.get('x-router-warnings')).toBe('ignored:x-router-task');
  const stream = await send(`${gateway.url}/v1/chat/completions`, {
    body: { model: 'dear/both', stream: true, logit_bias: { 1: 1 }, messages: userSays('hi') },
    headers: { 'x-router-task': 'cooking' },
  });
  expect(stream.headers['x-router-warnings']).toBe('ignored:x-router-task,dropped:logit_bias');
});
