import type OpenAI from 'openai';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { type SimulatedServer, startSimulatedServer } from '../../../src/providers/simulated/server.ts';
import { faultsBySchema, hasOpenAiSchema } from './openai-schema.ts';

let server: SimulatedServer;
let agent: Agent;

beforeAll(async () => {
  server = await startSimulatedServer({ random: createRandom(7), speed: 0 });
  agent = new Agent();
});

afterAll(async () => {
  await agent.close();
  await server.close();
});

async function send(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await agent.request({
    origin: new URL(server.baseUrl).origin,
    path: `/v1${path}`,
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** The body is checked by its content, here and by OpenAI's schema: `Body` only says what is read of it. */
async function post<Body = unknown>(path: string, body: unknown, headers?: Record<string, string>) {
  const answer = await send(path, body, headers);
  return { status: answer.status, body: JSON.parse(answer.text) as Body };
}

interface Drawn {
  simulated: { quality: number; task: string };
}

async function complete(body: Record<string, unknown>, headers?: Record<string, string>) {
  const answer = await post<OpenAI.ChatCompletion & Drawn>('/chat/completions', body, headers);
  expect(answer.status).toBe(200);
  return answer.body;
}

async function firstChoice(body: Record<string, unknown>) {
  const choice = (await complete(body)).choices[0];
  if (choice === undefined) throw new Error('no choice');
  return choice;
}

/** The function called in the first choice. */
async function calledFunction(body: Record<string, unknown>) {
  const call = (await firstChoice(body)).message.tool_calls?.[0];
  return call?.type === 'function' ? { id: call.id, ...call.function } : undefined;
}

async function embedded(body: Record<string, unknown>) {
  return (await post<OpenAI.CreateEmbeddingResponse>('/embeddings', body)).body;
}

function chat(content: unknown, more: Record<string, unknown> = {}) {
  return { model: 'sim-flash', messages: [{ role: 'user', content }], ...more };
}

async function stream(body: Record<string, unknown>) {
  const answer = await send('/chat/completions', { ...body, stream: true });
  const data = answer.text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));
  expect(answer.headers['content-type']).toMatch(/^text\/event-stream/);
  expect(data.at(-1)).toBe('[DONE]');
  return data.slice(0, -1).map((event) => JSON.parse(event) as OpenAI.ChatCompletionChunk & Partial<Drawn>);
}

/** A seed for which this request is answered with a quality in the range. */
async function seedFor(body: Record<string, unknown>, least: number, most: number): Promise<number> {
  for (let seed = 1; seed < 200; seed += 1) {
    const { quality } = (await complete({ ...body, seed })).simulated;
    if (quality >= least && quality < most) return seed;
  }
  throw new Error('no seed gives such a quality');
}

const WEATHER_TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Current weather of a city',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', minLength: 2 },
        unit: { enum: ['celsius', 'fahrenheit'] },
        days: { type: 'integer', minimum: 1, maximum: 7 },
      },
      required: ['city', 'unit'],
      additionalProperties: false,
    },
  },
};
const ASK_WEATHER = chat('What is the weather in Paris for 3 days?', {
  model: 'sim-courier',
  tools: [WEATHER_TOOL],
});

describe('POST /chat/completions', () => {
  test('a normal answer', async () => {
    const body = await complete(chat('What is 17 * 23?'));
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'sim-flash',
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
      simulated: { task: 'reasoning_math' },
    });
    expect(body.choices[0]?.message.content).toContain('imulated');
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = body.usage ?? {};
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    expect(body.simulated.quality).toBeGreaterThan(0);
    expect(body.simulated.quality).toBeLessThan(1);
  });

  test('a stream says the same as the answer whole, with usage when asked', async () => {
    const request = chat('Write a haiku about rain', { seed: 5, n: 2, model: 'sim-scribe' });
    const whole = await complete(request);
    const chunks = await stream({ ...request, stream_options: { include_usage: true } });
    for (const index of [0, 1]) {
      const mine = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
      expect(mine[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
      expect(mine.map((choice) => choice.delta.content ?? '').join('')).toBe(
        whole.choices[index]?.message.content,
      );
      expect(mine.map((choice) => choice.finish_reason).filter(Boolean)).toEqual(['stop']);
    }
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.at(-2)?.simulated).toEqual(whole.simulated);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect((await stream(request)).some((chunk) => 'usage' in chunk)).toBe(false);
  });

  test('the same seed gives the same answer, another another', async () => {
    const request = chat('Tell me a story about a lighthouse', { model: 'sim-mini' });
    const contentFor = async (seed: number) => {
      const { choices, simulated } = await complete({ ...request, seed });
      return JSON.stringify([choices, simulated]);
    };
    const first = await contentFor(1);
    expect(await contentFor(1)).toBe(first);
    expect(await contentFor(2)).not.toBe(first);
  });

  test('two servers with the same randomness answer alike', async () => {
    const twins = await Promise.all(
      [0, 1].map(() => startSimulatedServer({ random: createRandom(99), now: () => 1_000, speed: 0 })),
    );
    const answers = await Promise.all(
      twins.map(async ({ baseUrl }) => {
        const answer = await agent.request({
          origin: new URL(baseUrl).origin,
          path: '/v1/chat/completions',
          method: 'POST',
          body: JSON.stringify(chat('Hello there')),
        });
        return answer.body.text();
      }),
    );
    await Promise.all(twins.map((twin) => twin.close()));
    expect(answers[0]).toBe(answers[1]);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ created: 1 });
  });

  test('max_tokens cuts, stop ends', async () => {
    const cut = await complete(chat('Why is the sky blue?', { max_tokens: 3 }));
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.usage?.completion_tokens).toBe(3);
    const request = chat('Why is the sky blue?', { seed: 3 });
    const whole = (await firstChoice(request)).message.content ?? '';
    const stop = whole.slice(20, 24);
    expect(await firstChoice({ ...request, stop: [stop] })).toMatchObject({
      finish_reason: 'stop',
      message: { content: whole.slice(0, whole.indexOf(stop)) },
    });
  });

  test('log probabilities, one per token', async () => {
    const { choices, usage } = await complete(chat('Hi', { logprobs: true, top_logprobs: 2 }));
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content).toHaveLength(usage?.completion_tokens ?? 0);
    expect(content.map((entry) => entry.token).join('')).toBe(choices[0]?.message.content);
    expect(content[0]?.top_logprobs).toHaveLength(2);
  });

  test('tools are called with arguments that fit, whole and streamed', async () => {
    const request = { ...ASK_WEATHER, seed: await seedFor(ASK_WEATHER, 0.7, 1) };
    expect(await firstChoice(request)).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null },
    });
    const call = await calledFunction(request);
    expect(call?.name).toBe('get_weather');
    expect(JSON.parse(call?.arguments ?? '')).toEqual({
      city: 'Paris',
      unit: expect.stringMatching(/^(celsius|fahrenheit)$/),
      days: 3,
    });
    const deltas = (await stream(request)).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ index: 0, id: call?.id, function: { name: 'get_weather' } });
    expect(deltas.map((delta) => delta.function?.arguments).join('')).toBe(call?.arguments);
  });

  test('tool_choice decides; a tool result is answered in words', async () => {
    const unrelated = { ...ASK_WEATHER, messages: [{ role: 'user', content: 'Hello' }], seed: 4 };
    expect(await calledFunction(unrelated)).toBeUndefined();
    expect(await calledFunction({ ...unrelated, tool_choice: 'required' })).toBeDefined();
    const named = { type: 'function', function: { name: 'get_weather' } };
    expect(await calledFunction({ ...unrelated, tool_choice: named })).toBeDefined();
    expect(await calledFunction({ ...ASK_WEATHER, seed: 4, tool_choice: 'none' })).toBeUndefined();
    const answered = {
      ...ASK_WEATHER,
      messages: [
        ...ASK_WEATHER.messages,
        { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: {} }] },
        { role: 'tool', tool_call_id: 'c', content: '21 degrees' },
      ],
    };
    const { message } = await firstChoice({ ...answered, seed: await seedFor(answered, 0.7, 1) });
    expect(message.content).toContain('21 degrees');
  });

  test('weak models break tool calls and JSON in ways that can be checked', async () => {
    const weak = { ...ASK_WEATHER, model: 'sim-coder', tool_choice: 'required' };
    for (const [least, most, isRight] of [
      [0, 0.4, false],
      [0.65, 1, true],
    ] as const) {
      const called = await calledFunction({ ...weak, seed: await seedFor(weak, least, most) });
      expect(called?.name === 'get_weather' && isJson(called.arguments)).toBe(isRight);
      const json = chat('Extract the names', {
        model: 'sim-mini',
        response_format: { type: 'json_object' },
      });
      const { message } = await firstChoice({ ...json, seed: await seedFor(json, least, most) });
      expect(isJson(message.content ?? '')).toBe(isRight);
    }
  });

  test('images only for models that see', async () => {
    const image = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    expect((await post('/chat/completions', chat(image))).status).toBe(200);
    expect((await post('/chat/completions', chat(image, { model: 'sim-coder' }))).status).toBe(400);
  });

  test('the caller can name the task', async () => {
    const taskOf = async (more: Record<string, unknown>, headers?: Record<string, string>) =>
      (await complete(chat('Hello', more), headers)).simulated.task;
    expect(await taskOf({})).toBe('conversation');
    expect(await taskOf({ metadata: { task: 'translation' } })).toBe('translation');
    expect(await taskOf({}, { 'x-simulated-task': 'code_review' })).toBe('code_review');
  });

  test('a conversation that goes on is partly cached', async () => {
    const first = chat('The quick brown fox jumps over the lazy dog. '.repeat(200));
    expect((await complete(first)).usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    const second = { ...first, messages: [...first.messages, { role: 'user', content: 'And then?' }] };
    const { usage } = await complete(second);
    expect(usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(1024);
    expect(usage?.prompt_tokens_details?.cached_tokens).toBeLessThanOrEqual(usage?.prompt_tokens ?? 0);
  });

  test.each([
    ['null', 400],
    ['{"model":', 400],
    [{ model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] }, 404],
    [{ model: 'sim-embed-small', messages: [{ role: 'user', content: 'x' }] }, 400],
    [{ model: 'sim-flash' }, 400],
    [{ model: 'sim-flash', messages: [] }, 400],
    [{ model: 'sim-flash', messages: [123] }, 400],
    [chat('x', { n: 10_000 }), 400],
    [chat('x', { temperature: 'hot' }), 400],
    [chat('x', { max_tokens: 0 }), 400],
    [chat('x', { stream_options: { include_usage: true } }), 400],
    [chat('x', { response_format: { type: 'json_schema' } }), 400],
    [chat('x', { tools: [WEATHER_TOOL], tool_choice: { type: 'function', function: { name: 'no' } } }), 400],
    [chat('x', { tools: [WEATHER_TOOL], model: 'sim-mini' }), 400],
    [chat('word '.repeat(20_000), { model: 'sim-mini' }), 400],
  ])('refuses %j', async (body, status) => {
    const answer = await post('/chat/completions', body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.any(String) },
    });
  });

  test('too long a prompt says so by code', async () => {
    const { body } = await post('/chat/completions', chat('word '.repeat(20_000), { model: 'sim-mini' }));
    expect(body).toMatchObject({ error: { code: 'context_length_exceeded' } });
  });
});

describe('POST /embeddings', () => {
  const cosine = (first: number[], second: number[]) =>
    first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);

  test.each(['sim-embed-large', 'sim-embed-small'])(
    '%s: unit vectors, similar texts nearer',
    async (model) => {
      const input = [
        'The cat sleeps on the sofa',
        'A cat is sleeping on a sofa',
        'Quarterly revenue rose by nine percent',
      ];
      const { data, usage } = await embedded({ model, input });
      const [cat = [], catAgain = [], revenue = []] = data.map((item) => item.embedding);
      expect(cosine(cat, cat)).toBeCloseTo(1, 4);
      expect(cosine(cat, catAgain)).toBeGreaterThan(cosine(cat, revenue) + 0.2);
      expect(usage.total_tokens).toBe(usage.prompt_tokens);
      expect((await embedded({ model, input: input[0] })).data[0]?.embedding).toEqual(cat);
    },
  );

  test('base64 and dimensions', async () => {
    const request = { model: 'sim-embed-large', input: 'hello world', dimensions: 64 };
    const plain = (await embedded(request)).data[0]?.embedding ?? [];
    expect(plain).toHaveLength(64);
    expect(cosine(plain, plain)).toBeCloseTo(1, 4);
    const coded = (await embedded({ ...request, encoding_format: 'base64' })).data[0]?.embedding;
    const bytes = Buffer.from(String(coded), 'base64');
    expect(Array.from({ length: 64 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(plain);
  });

  test.each([
    [{ model: 'sim-embed-small', input: '' }, 400],
    [{ model: 'sim-embed-small', input: [] }, 400],
    [{ model: 'sim-embed-small', input: 'x', dimensions: 300 }, 400],
    [{ model: 'sim-embed-small', input: 'x', encoding_format: 'hex' }, 400],
    [{ model: 'sim-embed-small', input: 'word '.repeat(5_000) }, 400],
    [{ model: 'sim-flash', input: 'x' }, 400],
    [{ model: 'nobody', input: 'x' }, 404],
  ])('refuses %j', async (body, status) => {
    expect((await post('/embeddings', body)).status).toBe(status);
  });

  test('tokens count as input', async () => {
    const { data, usage } = await embedded({ model: 'sim-embed-small', input: [[1, 2], [3]] });
    expect(data).toHaveLength(2);
    expect(usage.total_tokens).toBe(3);
  });
});

test('GET /models lists every model, and each by itself', async () => {
  const list = JSON.parse((await send('/models')).text);
  expect(list.data.map((model: { id: string }) => model.id)).toContain('sim-atlas-large');
  expect(JSON.parse((await send('/models/sim-coder')).text).id).toBe('sim-coder');
  expect((await send('/models/none')).status).toBe(404);
  expect((await send('/somewhere')).status).toBe(404);
});

describe.skipIf(!hasOpenAiSchema)("by OpenAI's published schema", () => {
  test.each([
    ['text', chat('Summarize: It rained. Then it stopped.')],
    ['choices', chat('Hello', { n: 3 })],
    ['logprobs', chat('Hello', { logprobs: true, top_logprobs: 3 })],
    ['cut', chat('Hello', { max_tokens: 2 })],
    ['tools', { ...ASK_WEATHER, tool_choice: 'required' }],
    ['json', chat('Extract the date 2024-01-02', { response_format: { type: 'json_object' } })],
  ])('%s', async (_name, request) => {
    const whole = (await post('/chat/completions', request)).body;
    expect(faultsBySchema('CreateChatCompletionResponse', whole)).toEqual([]);
    for (const chunk of await stream({ ...request, stream_options: { include_usage: true } })) {
      expect(faultsBySchema('CreateChatCompletionStreamResponse', chunk)).toEqual([]);
    }
  });

  test('embeddings, models, errors', async () => {
    const embedding = (await post('/embeddings', { model: 'sim-embed-small', input: ['a', 'b'] })).body;
    expect(faultsBySchema('CreateEmbeddingResponse', embedding)).toEqual([]);
    expect(faultsBySchema('ListModelsResponse', JSON.parse((await send('/models')).text))).toEqual([]);
    expect(faultsBySchema('ErrorResponse', (await post('/chat/completions', {})).body)).toEqual([]);
    expect(faultsBySchema('CreateEmbeddingResponse', {})).not.toEqual([]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
