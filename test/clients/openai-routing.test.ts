import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILT_IN_STRATEGIES } from '../../src/core/choice/strategy.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { clientOf, collect, dataOf, METADATA_WANTED, metadataOf, userSays } from './client.ts';

/** A chat request with what only this gateway understands. */
type Request = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> & { readonly route?: object };

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let client: OpenAI;

/** Four providers of one server, in the order that `priority` follows. Prices differ, so that ceilings have something to tell apart. */
beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  const at = (name: string, models: readonly string[], usd: number) =>
    providerToml(name, upstream.baseUrl, models, {
      endpoint: `input_usd_per_million = ${usd}, output_usd_per_million = ${usd}`,
    });
  gateway = await startGateway(
    [
      at('broken', ['500'], 0.1),
      at('torn', ['stream-truncated'], 1),
      at('cheap', ['tiny', 'meta/llama-3'], 1),
      at('dear', ['huge'], 500),
      '[strategies.support-desk]',
      'value_of_quality_usd = 0.5',
      'value_of_second_usd = 0.001',
    ].join('\n'),
  );
  client = clientOf(gateway);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function ask(request: Request = {}, headers: Record<string, string> = {}) {
  const { data, response } = await client.chat.completions
    .create(
      { model: 'auto', messages: userSays('Translate to French: good morning'), ...request },
      { headers: { ...METADATA_WANTED.headers, ...headers } },
    )
    .withResponse();
  return { data, headers: response.headers, metadata: metadataOf(data) };
}

/** The models that a request could have gone to. */
const candidatesOf = ({ metadata }: Awaited<ReturnType<typeof ask>>) =>
  metadata.candidates.map(({ model }) => model).sort();

const excludedBy = ({ metadata }: Awaited<ReturnType<typeof ask>>, reason: string) =>
  metadata.excluded.flatMap((excluded) => (excluded.reason === reason ? [excluded.model] : [])).sort();

describe('names', () => {
  test.each([
    ['auto', 'balanced'],
    ['auto:balanced', 'balanced'],
    ['auto:quality', 'quality'],
    ['auto:price', 'price'],
    ['auto:floor', 'price'],
    ['auto:latency', 'latency'],
    ['auto:fast', 'latency'],
    ['auto:throughput', 'throughput'],
    ['auto:nitro', 'throughput'],
    ['auto:best', 'quality'],
    ['openrouter/auto', 'balanced'],
    ['openrouter/auto:nitro', 'throughput'],
    ['cheapest', 'price'],
    ['fastest', 'latency'],
    ['best', 'quality'],
    ['auto:cascade', 'cascade'],
    ['auto:priority', 'priority'],
  ] as const)('%s chooses by %s', async (model, strategy) => {
    const { headers, metadata } = await ask({ model, route: { provider_deny: ['broken'] } });
    expect(headers.get('x-router-strategy')).toBe(strategy);
    expect(metadata).toMatchObject({
      strategy,
      value_of_quality_usd: BUILT_IN_STRATEGIES[strategy].valueOfQualityUsd,
      value_of_second_usd: BUILT_IN_STRATEGIES[strategy].valueOfSecondUsd,
    });
    expect(metadata.reason).toMatch(/^(auto|explore)$/);
  });

  test("an operator's own strategy", async () => {
    const { metadata } = await ask({ model: 'auto:support-desk', route: { provider_deny: ['broken'] } });
    expect(metadata).toMatchObject({
      strategy: 'support-desk',
      value_of_quality_usd: 0.5,
      value_of_second_usd: 0.001,
    });
  });

  test('an unknown strategy is a 400 that names those there are', async () => {
    for (const [param, request] of [
      ['model', { model: 'auto:turbo' }],
      ['route.strategy', { route: { strategy: 'turbo' } }],
    ] as const) {
      await expect(ask(request)).rejects.toMatchObject({
        status: 400,
        param,
        message: expect.stringContaining('balanced, quality, price, latency'),
      });
    }
  });

  test.each([
    ['tiny', 'tiny', 'cheap'],
    ['cheap/tiny', 'tiny', 'cheap'],
    ['meta/llama-3', 'meta/llama-3', 'cheap'],
    ['cheap/meta/llama-3', 'meta/llama-3', 'cheap'],
  ])('%s is a model by name', async (model, answering, provider) => {
    const answer = await ask({ model });
    expect(answer.data.model).toBe(answering);
    expect(answer.headers.get('x-router-model')).toBe(answering);
    expect(answer.headers.get('x-router-provider')).toBe(provider);
    expect(answer.headers.get('x-router-reason')).toBe('explicit');
    expect(candidatesOf(answer)).toEqual([answering]);
  });

  test('a named model is not replaced by another when it fails', async () => {
    const before = upstream.requests.length;
    await expect(ask({ model: '500' })).rejects.toThrow(OpenAI.InternalServerError);
    expect(upstream.requests.slice(before).map(({ model }) => model)).toEqual(['500']);
  });
});

describe('the `route` object', () => {
  test('strategy wins over the one in the name', async () => {
    const { headers } = await ask({ model: 'auto:price', route: { strategy: 'quality', models: ['tiny'] } });
    expect(headers.get('x-router-strategy')).toBe('quality');
  });

  test('models', async () => {
    const answer = await ask({ route: { models: ['tiny', 'huge'] } });
    expect(candidatesOf(answer)).toEqual(['huge', 'tiny']);
    expect(excludedBy(answer, 'not_in_route')).toEqual(['500', 'meta/llama-3', 'stream-truncated']);
  });

  test.each([
    ['models', ['tiny', 'tyni']],
    ['provider_allow', ['chaep']],
    ['provider_deny', ['chaep']],
  ])('%s that names nobody is refused, not ignored', async (option, names) => {
    await expect(ask({ route: { [option]: names } })).rejects.toMatchObject({
      status: 400,
      code: 'unknown_option',
      param: `route.${option}`,
    });
  });

  test('provider_allow and provider_deny', async () => {
    expect(candidatesOf(await ask({ route: { provider_allow: ['cheap', 'dear'] } }))).toEqual([
      'huge',
      'meta/llama-3',
      'tiny',
    ]);
    expect(candidatesOf(await ask({ route: { provider_deny: ['broken', 'dear'] } }))).toEqual([
      'meta/llama-3',
      'stream-truncated',
      'tiny',
    ]);
    expect(
      candidatesOf(await ask({ route: { provider_allow: ['cheap', 'dear'], provider_deny: ['cheap'] } })),
    ).toEqual(['huge']);
  });

  test('max_cost_usd leaves out whoever is expected to cost more', async () => {
    const dear = await ask({ route: { models: ['tiny', 'huge'], explore: false } });
    const [first, second] = dear.metadata.candidates
      .map((one) => one.expected_cost_usd)
      .sort((a, b) => a - b);
    const between = ((first ?? 0) + (second ?? 0)) / 2;
    const answer = await ask({ route: { models: ['tiny', 'huge'], max_cost_usd: between } });
    expect(candidatesOf(answer)).toEqual(['tiny']);
    expect(excludedBy(answer, 'over_cost_ceiling')).toEqual(['huge']);
  });

  test('max_cost_usd that nobody meets: 400 with the least that somebody would', async () => {
    const asking = ask({ route: { models: ['tiny', 'huge'], max_cost_usd: 1e-9 } });
    await expect(asking).rejects.toMatchObject({
      status: 400,
      code: 'unsatisfiable_wish',
      param: 'route.max_cost_usd',
    });
    const error: unknown = await asking.catch((thrown: unknown) => thrown);
    if (!(error instanceof OpenAI.APIError)) throw new Error('no error');
    expect(error.message).toContain("over 'route.max_cost_usd'");
    const least = Number(/'route.max_cost_usd': ([\d.]+\d)/.exec(error.message)?.[1]);
    expect(error.message).toMatch(/The least that leaves somebody/);
    expect(least).toBeGreaterThan(0);
    const answer = await ask({ route: { models: ['tiny', 'huge'], max_cost_usd: least } });
    expect(candidatesOf(answer)).toEqual(['tiny']);
    await expect(ask({ route: { models: ['tiny'], max_cost_usd: 0.9 * least } })).rejects.toMatchObject({
      status: 400,
    });
  });

  test('allow_fallback: another model takes over a failure, or it does not', async () => {
    const route = { strategy: 'priority', models: ['500', 'tiny'] };
    const answer = await ask({ route });
    expect(answer.data.model).toBe('tiny');
    expect(answer.headers.get('x-router-reason')).toBe('fallback');
    expect(answer.headers.get('x-router-attempts')).toBe('2');
    expect(answer.metadata).toMatchObject({ model: 'tiny', provider: 'cheap', attempts: 2 });
    await expect(ask({ route: { ...route, allow_fallback: false } })).rejects.toMatchObject({
      status: 502,
      code: 'upstream_error',
    });
  });

  test('explore: false exploits, with certainty', async () => {
    const answer = await ask({ route: { models: ['tiny', 'huge'], explore: false } });
    expect(answer.headers.get('x-router-reason')).toBe('auto');
    expect(answer.metadata.candidates.map(({ probability }) => probability)).toEqual([1, 0]);
    const drawn = await ask({ route: { models: ['tiny', 'meta/llama-3'] } });
    expect(Math.max(...drawn.metadata.candidates.map(({ probability }) => probability))).toBeLessThan(1);
  });

  test('hold_back: a stream that dies in the middle fails over', async () => {
    const modelsOf = async (route: object) => {
      const stream = await client.chat.completions.create({
        model: 'auto',
        messages: userSays('hi'),
        stream: true,
        // @ts-expect-error an option of this gateway
        route: { strategy: 'priority', models: ['stream-truncated', 'tiny'], ...route },
      });
      return [...new Set((await collect(stream)).map(({ model }) => model))];
    };
    await expect(modelsOf({})).rejects.toMatchObject({ code: 'upstream_error' });
    expect(await modelsOf({ hold_back: true })).toEqual(['tiny']);
  });
});

describe('x-router-task', () => {
  test.each([
    ['translation', 'translation'],
    ['Summarise', 'summarization'],
    ['code-review', 'code_review'],
  ])('%s overrides the classifier', async (hint, task) => {
    const answer = await ask({ route: { models: ['tiny'] } }, { 'x-router-task': hint });
    expect(answer.headers.get('x-router-task')).toBe(task);
    expect(answer.metadata.task).toMatchObject({ type: task, confidence: 1 });
  });

  test('a task that does not exist is no news', async () => {
    const answer = await ask({ route: { models: ['tiny'] } }, { 'x-router-task': '__proto__' });
    expect(answer.headers.get('x-router-task')).toBe('translation');
    expect(answer.metadata.task.confidence).toBeLessThan(1);
  });
});

describe('headers', () => {
  const names = (headers: Headers) =>
    [...headers.keys()].filter((name) => name === 'x-request-id' || name.startsWith('x-router-')).sort();

  test('of an answer', async () => {
    const { headers } = await ask({ model: 'tiny' }, { 'x-request-id': 'my-own_ID-1' });
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-request-id': 'my-own_ID-1',
      'x-router-model': 'tiny',
      'x-router-provider': 'cheap',
      'x-router-reason': 'explicit',
      'x-router-task': 'translation',
      'x-router-strategy': 'balanced',
      'x-router-attempts': '1',
      'x-router-cost-usd': '0.000015',
      'x-router-overhead-ms': expect.stringMatching(/^\d+\.\d\d$/),
    });
    expect(names(headers)).toHaveLength(9);
  });

  test('of a stream: the same, but for the cost, which is not known yet', async () => {
    const { response } = await client.chat.completions
      .create({ model: 'tiny', messages: userSays('hi'), stream: true })
      .withResponse();
    await response.body?.cancel();
    expect(names(response.headers)).toEqual([
      'x-request-id',
      'x-router-attempts',
      'x-router-model',
      'x-router-overhead-ms',
      'x-router-provider',
      'x-router-reason',
      'x-router-strategy',
      'x-router-task',
    ]);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
  });
});

describe('router_metadata', () => {
  test('only when asked for', async () => {
    const answer = await client.chat.completions.create({ model: 'tiny', messages: userSays('hi') });
    expect(answer).not.toHaveProperty('router_metadata');
  });

  test('in the body', async () => {
    const answer = await ask({ route: { models: ['tiny', 'huge'] } });
    expect(answer.metadata).toMatchObject({
      request_id: answer.headers.get('x-request-id'),
      model: answer.data.model,
      attempts: 1,
      strategy: 'balanced',
      task: { type: 'translation', language: 'en', needs: [] },
    });
    const probabilities = answer.metadata.candidates.map(({ probability }) => probability);
    expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(answer.metadata.candidates[0]?.model).toBe(answer.data.model);
  });

  test('in the last chunk before [DONE], and nothing after [DONE]', async () => {
    for (const streamOptions of [undefined, { include_usage: true }]) {
      const answer = await send(`${gateway.url}/v1/chat/completions`, {
        body: { model: 'tiny', messages: userSays('hi'), stream: true, stream_options: streamOptions },
        headers: METADATA_WANTED.headers,
      });
      expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
      const data = dataOf(answer.text);
      expect(data.filter((payload) => payload === '[DONE]')).toHaveLength(1);
      const last = JSON.parse(data.at(-2) ?? '');
      expect(last.choices).toEqual([]);
      expect(metadataOf(last)).toMatchObject({
        request_id: answer.headers['x-request-id'],
        model: 'tiny',
        cost_usd: 0.000015,
      });
      expect(last.usage?.cost).toBe(streamOptions && 0.000015);
      expect(data.filter((payload) => payload.includes('router_metadata'))).toHaveLength(1);
    }
  });
});
