import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fastestOf } from '../fixtures/fastest-of.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Cost, clientOf, collect, userSays } from './client.ts';

let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway();
  client = clientOf(gateway);
});

afterAll(() => gateway.stop());

const WEATHER_TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Current weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city', 'unit'],
      additionalProperties: false,
    },
  },
} as const;

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('a completion', () => {
  test('model: "auto" answers, and says who did and what it cost', async () => {
    const { data, response, request_id } = await client.chat.completions
      .create({ model: 'auto', messages: userSays('Say hello in a few words.') })
      .withResponse();
    expect(data).toMatchObject({
      object: 'chat.completion',
      model: response.headers.get('x-router-model'),
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
    });
    expect(data.choices[0]?.message.content).not.toBe('');
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
    const usage = data.usage as OpenAI.CompletionUsage & Cost;
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.cost).toBeGreaterThan(0);
    expect(usage.cost_usd).toBe(usage.cost);
    expect(Number(response.headers.get('x-router-cost-usd'))).toBe(usage.cost);
  });

  test('a named model is charged at its list price', async () => {
    const answer = await client.chat.completions.create({
      model: 'sim-flash',
      messages: userSays('Which is the largest planet?'),
    });
    expect(answer.model).toBe('sim-flash');
    const usage = answer.usage as OpenAI.CompletionUsage & Cost;
    const micro = 0.25 * usage.prompt_tokens + usage.completion_tokens;
    expect(usage.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(usage.cost * 1e6).toBeCloseTo(Math.ceil(micro), -0.5);
  });

  test('n, max_tokens, stop and logprobs', async () => {
    const answer = await client.chat.completions.create({
      model: 'auto',
      messages: userSays('Tell me something about rivers.'),
      n: 2,
      logprobs: true,
      top_logprobs: 2,
      max_tokens: 8,
    });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
    for (const { logprobs, finish_reason } of answer.choices) {
      expect(finish_reason).toBe('length');
      expect(logprobs?.content).toHaveLength(8);
      expect(logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
      expect(logprobs?.content?.[0]?.logprob).toBeLessThanOrEqual(0);
    }
  });

  test('an image goes to a model that sees', async () => {
    const { data, response } = await client.chat.completions
      .create({
        model: 'auto',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is in this picture?' },
              { type: 'image_url', image_url: { url: PIXEL } },
            ],
          },
        ],
      })
      .withResponse();
    expect(['sim-atlas-large', 'sim-scribe', 'sim-flash']).toContain(data.model);
    expect(response.headers.get('x-router-task')).not.toBe('unknown');
  });
});

describe('a stream', () => {
  const request = { model: 'auto', messages: userSays('Write a line about the sea.'), stream: true } as const;

  test('tokens arrive one by one and end with a finish reason; no usage unless asked for', async () => {
    const stream = await client.chat.completions.create(request);
    let text = '';
    const finishReasons: unknown[] = [];
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk');
      expect(chunk.usage ?? undefined).toBeUndefined();
      expect(chunk.choices).toHaveLength(1);
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) finishReasons.push(chunk.choices[0].finish_reason);
    }
    expect(text).not.toBe('');
    expect(finishReasons).toEqual(['stop']);
  });

  test('include_usage adds one last chunk with usage and cost', async () => {
    const stream = await client.chat.completions.create({
      ...request,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    const last = chunks.at(-1);
    const usage = last?.usage as OpenAI.CompletionUsage & Cost;
    expect(last?.choices).toEqual([]);
    expect(last?.id).toBe(chunks[0]?.id);
    expect(usage.completion_tokens).toBeGreaterThan(0);
    expect(usage.cost).toBeGreaterThan(0);
    expect(usage.cost_usd).toBe(usage.cost);
    expect(chunks.slice(0, -1).filter((chunk) => chunk.usage)).toEqual([]);
  });

  test('the SDK puts a streamed completion together', async () => {
    const whole = await client.chat.completions
      .stream({ model: 'auto', messages: userSays('Write a line about the sea.'), n: 2 })
      .finalChatCompletion();
    expect(whole.choices).toHaveLength(2);
    for (const { message } of whole.choices) expect(message.content).not.toBe('');
  });
});

describe('tools', () => {
  const request = {
    model: 'auto',
    messages: userSays('What is the weather in Paris, in celsius?'),
    tools: [WEATHER_TOOL],
  } as const;
  /** Simulated models err honestly; with a seed they do so always or never. */
  const flawless = { ...request, model: 'sim-courier', seed: 1 } as const;

  function checkCall(call: OpenAI.ChatCompletionMessageToolCall | undefined): void {
    if (call?.type !== 'function') throw new Error('no function was called');
    expect(call.function.name).toBe('get_weather');
    const given = JSON.parse(call.function.arguments);
    expect(typeof given.city).toBe('string');
    expect(['celsius', 'fahrenheit']).toContain(given.unit);
  }

  test('auto: a model with tools is chosen, and the task is tool_use', async () => {
    const { data, response } = await client.chat.completions
      .create({ ...request, tools: [...request.tools], tool_choice: 'required' })
      .withResponse();
    expect(['sim-atlas-large', 'sim-coder', 'sim-flash', 'sim-courier']).toContain(data.model);
    expect(response.headers.get('x-router-task')).toBe('tool_use');
    expect(data.choices[0]?.finish_reason).toBe('tool_calls');
    expect(data.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather' } });
  });

  test('a forced function is called', async () => {
    const answer = await client.chat.completions.create({
      ...flawless,
      tools: [...request.tools],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    checkCall(answer.choices[0]?.message.tool_calls?.[0]);
  });

  test('a streamed call arrives in pieces and is put together', async () => {
    const stream = client.chat.completions.stream({
      ...flawless,
      tools: [...request.tools],
      tool_choice: 'required',
    });
    let pieces = 0;
    for await (const chunk of stream) pieces += chunk.choices[0]?.delta.tool_calls?.length ?? 0;
    const whole = await stream.finalChatCompletion();
    expect(pieces).toBeGreaterThan(1);
    checkCall(whole.choices[0]?.message.tool_calls?.[0]);
  });

  test('the result of a tool goes back', async () => {
    const answer = await client.chat.completions.create({
      ...request,
      tools: [...request.tools],
      messages: [
        ...request.messages,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '21 degrees and sunny' },
      ],
    });
    expect(answer.choices[0]?.message.content).not.toBe('');
  });
});

describe('JSON modes', () => {
  test('json_schema', async () => {
    const answer = await client.chat.completions.create({
      model: 'sim-courier',
      messages: userSays('Extract the name and age: Ada is 36.'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'person',
          strict: true,
          schema: {
            type: 'object',
            properties: { name: { type: 'string' }, age: { type: 'integer' } },
            required: ['name', 'age'],
            additionalProperties: false,
          },
        },
      },
      seed: 1,
    });
    const person = JSON.parse(answer.choices[0]?.message.content ?? '');
    expect(Object.keys(person).sort()).toEqual(['age', 'name']);
    expect(Number.isInteger(person.age)).toBe(true);
  });

  test('json_object', async () => {
    const answer = await client.chat.completions.create({
      model: 'sim-courier',
      messages: userSays('Extract the name and age as JSON: Ada is 36.'),
      response_format: { type: 'json_object' },
      seed: 1,
    });
    expect(typeof JSON.parse(answer.choices[0]?.message.content ?? '')).toBe('object');
  });
});

describe('what is not here', () => {
  test('an unknown model is a NotFoundError', async () => {
    const asking = client.chat.completions.create({ model: 'gpt-0', messages: userSays('hi') });
    await expect(asking).rejects.toThrow(OpenAI.NotFoundError);
    await expect(asking).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      type: 'not_found_error',
      requestID: expect.stringMatching(/^req_/),
      message: expect.stringContaining("'gpt-0'"),
    });
  });

  test('an embedding model does not chat', async () => {
    const asking = client.chat.completions.create({ model: 'sim-embed-small', messages: userSays('hi') });
    await expect(asking).rejects.toMatchObject({ status: 400, code: 'wrong_model_type', param: 'model' });
  });

  test('an unknown `route` option is a BadRequestError that lists those there are', async () => {
    const asking = client.chat.completions.create({
      model: 'auto',
      messages: userSays('hi'),
      // @ts-expect-error an option of this gateway, misspelt
      route: { stratgy: 'price' },
    });
    await expect(asking).rejects.toThrow(OpenAI.BadRequestError);
    await expect(asking).rejects.toMatchObject({
      code: 'unknown_option',
      param: 'route.stratgy',
      message: expect.stringMatching(
        /strategy, models, provider_allow, provider_deny, max_cost_usd, max_latency_ms, min_quality, allow_fallback, hold_back, explore/,
      ),
    });
  });
});

describe('a stream that is watched from behind', () => {
  let upstream: MisbehavingUpstream;
  let watched: TestGateway;
  let watching: OpenAI;

  beforeAll(async () => {
    upstream = await startMisbehavingUpstream();
    watched = await startGateway(
      providerToml('up', upstream.baseUrl, [
        'stream-stall-after',
        'stream-reset-after',
        'slow-headers',
        'echo',
      ]),
    );
    watching = clientOf(watched);
  });

  afterAll(async () => {
    await watched.stop();
    await upstream.close();
  });

  const streamOf = (model: string) =>
    watching.chat.completions.create({ model, messages: userSays('hi'), stream: true });

  /** When the upstream saw the gateway hang up on the last request. */
  async function upstreamLeftAtMs(): Promise<number> {
    const entry = upstream.requests.at(-1);
    await expect.poll(() => entry?.leftAtMs, { interval: 5 }).toBeDefined();
    return entry?.leftAtMs ?? Number.POSITIVE_INFINITY;
  }

  test('leaving in the middle cuts the upstream within 100 ms', async () => {
    const cutMs = await fastestOf(100, async () => {
      const stream = await streamOf('stream-stall-after');
      let text = '';
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text === ANSWER_TEXT) break;
      }
      const leftAtMs = performance.now();
      return (await upstreamLeftAtMs()) - leftAtMs;
    });
    expect(cutMs).toBeLessThan(100);
  });

  test.each([true, false])('leaving before the first byte does too (stream: %s)', async (stream) => {
    const cutMs = await fastestOf(100, async () => {
      const leaving = new AbortController();
      const before = upstream.countFor('slow-headers');
      const asking = watching.chat.completions.create(
        { model: 'slow-headers', messages: userSays('hi'), stream },
        { signal: leaving.signal },
      );
      await expect.poll(() => upstream.countFor('slow-headers'), { interval: 5 }).toBe(before + 1);
      leaving.abort();
      const leftAtMs = performance.now();
      await expect(asking).rejects.toThrow(OpenAI.APIUserAbortError);
      return (await upstreamLeftAtMs()) - leftAtMs;
    });
    expect(cutMs).toBeLessThan(100);
  });

  test('a death in the middle is an APIError, not an end', async () => {
    const stream = await streamOf('stream-reset-after');
    let text = '';
    const reading = (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    })();
    await expect(reading).rejects.toThrow(OpenAI.APIError);
    await expect(reading).rejects.toMatchObject({ code: 'upstream_error' });
    expect(text).toBe(ANSWER_TEXT);
  });

  test('the provider gets what the client sent, unknown fields and digits included, and nothing of ours', async () => {
    const answer = await watching.chat.completions.create({
      model: 'up/echo',
      messages: userSays('héllo 👋'),
      temperature: 0.25,
      // @ts-expect-error some provider's own
      top_k_of_tomorrow: { deep: [1, null, 'x'] },
      session_id: 'mine',
      route: { explore: false },
    });
    const seen = JSON.parse(answer.choices[0]?.message.content ?? '');
    expect(JSON.parse(seen.body)).toEqual({
      model: 'echo',
      messages: userSays('héllo 👋'),
      temperature: 0.25,
      top_k_of_tomorrow: { deep: [1, null, 'x'] },
    });
    expect(seen.headers.authorization).toBeUndefined();
    expect(Object.keys(seen.headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
  });
});
