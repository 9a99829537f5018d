import OpenAI, { toFile } from 'openai-7';
import { zodResponseFormat, zodTextFormat } from 'openai-7/helpers/zod';
import type { RunnableToolFunctionWithParse } from 'openai-7/lib/RunnableFunction';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Cost, collect, userSays } from './client.ts';

/** The newest major of the SDK beyond chat, unchanged but for its base URL. */
let gateway: TestGateway;
let client: OpenAI;
let upstream: MisbehavingUpstream;
let odd: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  client = clientOf(gateway);
  upstream = await startMisbehavingUpstream();
  odd = await startGateway(
    `${providerToml('up', upstream.baseUrl, ['ok', '429-seconds', '500', 'stream-reset-after'])}
[plans.tiny]
requests_per_minute = 1
tokens_per_minute = 100_000`,
  );
});

afterAll(async () => {
  await gateway.stop();
  await odd.stop();
  await upstream.close();
});

const clientOf = ({ url }: TestGateway, apiKey = 'none-yet') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const Person = z.object({ name: z.string(), age: z.int() });
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Current weather of a city',
    parameters: {
      type: 'object' as const,
      properties: { city: { type: 'string' as const } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};

describe('chat, by its helpers', () => {
  test('a stream with events, snapshots and the whole in the end', async () => {
    const runner = client.chat.completions.stream({
      model: 'auto',
      messages: userSays('Write a line about the sea.'),
      stream_options: { include_usage: true },
    });
    let text = '';
    runner.on('content.delta', ({ delta }) => {
      text += delta;
    });
    const whole = await runner.finalChatCompletion();
    expect(whole.choices[0]?.message.content).toBe(text);
    expect(whole.choices[0]?.finish_reason).toBe('stop');
    expect((whole.usage as object as Cost).cost_usd).toBeGreaterThan(0);
  });

  test('functions that it runs itself until the model has its answer', async () => {
    const calls: string[] = [];
    const weather: RunnableToolFunctionWithParse<{ city: string }> = {
      type: 'function',
      function: {
        ...WEATHER.function,
        parse: (text) => JSON.parse(text),
        function: ({ city }) => {
          calls.push(city);
          return '21 degrees';
        },
      },
    };
    const runner = client.chat.completions.runTools({
      model: 'sim-courier',
      seed: 1,
      messages: userSays('What is the weather in Paris?'),
      tools: [weather],
    });
    expect(await runner.finalContent()).not.toBe('');
    expect(calls.length).toBeGreaterThan(0);
  });

  test('a streamed answer parsed by a schema', async () => {
    const runner = client.chat.completions.stream({
      model: 'sim-atlas-large',
      seed: 1,
      messages: userSays('Ada is 36 years old. Extract her name and age.'),
      response_format: zodResponseFormat(Person, 'person'),
    });
    const { choices } = await runner.finalChatCompletion();
    expect(Person.safeParse(choices[0]?.message.parsed).success).toBe(true);
  });
});

describe('responses', () => {
  test('one, and what it used', async () => {
    const { data, response } = await client.responses
      .create({ model: 'auto', input: 'Say hello in a few words.' })
      .withResponse();
    expect(data.output_text).not.toBe('');
    expect(data.status).toBe('completed');
    expect(data.model).toBe(response.headers.get('x-router-model'));
    expect((data.usage as object as Cost).cost_usd).toBeGreaterThan(0);
  });

  test('a stream by its helper', async () => {
    const runner = client.responses.stream({ model: 'auto', input: 'Write a line about the sea.' });
    let text = '';
    runner.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    expect((await runner.finalResponse()).output_text).toBe(text);
  });

  test('parsed by a schema, and a tool that is called', async () => {
    const ask = () =>
      client.responses.parse({
        model: 'sim-atlas-large',
        input: 'Ada is 36 years old. Extract her name and age.',
        text: { format: zodTextFormat(Person, 'person') },
      });
    // A simulated model is wrong at times, and this API knows no seed.
    const parsed = await Promise.any(Array.from({ length: 5 }, ask));
    expect(Person.safeParse(parsed.output_parsed).success).toBe(true);
    const { output } = await client.responses.create({
      model: 'sim-courier',
      input: 'What is the weather in Paris?',
      tools: [{ type: 'function', strict: true, ...WEATHER.function }],
      tool_choice: 'required',
    });
    const call = output.find(({ type }) => type === 'function_call');
    expect(call).toMatchObject({ name: 'get_weather' });
  });
});

test('completions of old, whole and streamed', async () => {
  const { choices } = await client.completions.create({ model: 'auto', prompt: 'Once upon a time' });
  expect(choices[0]?.text).not.toBe('');
  const chunks = await collect(
    await client.completions.create({ model: 'auto', prompt: 'Once upon a time', stream: true }),
  );
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toMatch(/stop|length/);
});

test('embeddings, which this SDK asks for in base64', async () => {
  const { data, model } = await client.embeddings.create({
    model: 'sim-embed-large',
    input: ['a', 'b'],
    dimensions: 32,
  });
  expect(model).toBe('sim-embed-large');
  expect(data.map(({ embedding }) => embedding.length)).toEqual([32, 32]);
  expect(data[0]?.embedding.every((number) => Math.abs(number) <= 1)).toBe(true);
});

test('pictures, whole and streamed', async () => {
  const { data } = await client.images.generate({ model: 'auto', prompt: 'a tree', size: '256x256' });
  expect(Buffer.from(data?.[0]?.b64_json ?? '', 'base64').toString('latin1', 1, 4)).toBe('PNG');
  const events = await collect(
    await client.images.generate({ model: 'auto', prompt: 'a tree', stream: true }),
  );
  expect(events.at(-1)?.type).toBe('image_generation.completed');
});

test('speech, and what is heard of it', async () => {
  const input = 'Good morning from a simulated voice';
  const spoken = await client.audio.speech.create({
    model: 'sim-voice-large',
    voice: 'alloy',
    input,
    response_format: 'wav',
  });
  const wav = Buffer.from(await spoken.arrayBuffer());
  const file = await toFile(wav, 'morning.wav', { type: 'audio/wav' });
  expect((await client.audio.transcriptions.create({ model: 'sim-ear-large', file })).text).toBe(input);
  const events = await collect(
    await client.audio.transcriptions.create({ model: 'sim-ear-large', file, stream: true }),
  );
  expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: input });
  const large = await toFile(Buffer.concat([wav, Buffer.alloc(3_000_000)]), 'long.wav');
  expect((await client.audio.transcriptions.create({ file: large, model: 'sim-ear-large' })).text).toBe(
    input,
  );
  expect((await client.audio.translations.create({ model: 'auto', file })).text).not.toBe('');
});

test('moderations', async () => {
  const { results } = await client.moderations.create({ input: ['I will kill him', 'I bake a cake'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
});

describe('errors are of its own classes', () => {
  test.each<[string, () => Promise<unknown>, unknown, string]>([
    [
      '400',
      () => client.embeddings.create({ model: 'auto', input: [] }),
      OpenAI.BadRequestError,
      'invalid_value',
    ],
    [
      '404',
      () => client.images.generate({ model: 'nobody', prompt: 'a' }),
      OpenAI.NotFoundError,
      'model_not_found',
    ],
    ['429', () => chat('429-seconds'), OpenAI.RateLimitError, 'rate_limit_exceeded'],
    ['502', () => chat('500'), OpenAI.InternalServerError, 'upstream_error'],
  ])('%s', async (status, ask, kind, code) => {
    const error = await ask().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status: Number(status), code, requestID: expect.stringMatching(/^req_/) });
  });

  const chat = (model: string, apiKey?: string) =>
    clientOf(odd, apiKey).chat.completions.create({ model, messages: userSays('hi') });

  test('a stream that breaks off is an error, and no short answer', async () => {
    const stream = await clientOf(odd).chat.completions.create({
      model: 'stream-reset-after',
      messages: userSays('hi'),
      stream: true,
    });
    await expect(collect(stream)).rejects.toThrow(OpenAI.APIError);
  });

  test('a key that is not known, one that may not, and one that came too often', async () => {
    const { key } = await odd.createKey({ plan: 'tiny', allowedModels: ['ok'] });
    await expect(chat('ok', 'or-nobody')).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(chat('500', key)).rejects.toThrow(OpenAI.PermissionDeniedError);
    await expect(chat('ok', key)).rejects.toThrow(OpenAI.RateLimitError);
  });
});

describe('an abort', () => {
  test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    [
      'of a response',
      async (signal) =>
        collect(
          await client.responses.create(
            { model: 'sim-atlas-large', input: 'Write a long story.', stream: true },
            { signal },
          ),
        ),
    ],
    [
      'of speech',
      async (signal) =>
        (
          await client.audio.speech.create(
            { model: 'auto', voice: 'alloy', input: 'word '.repeat(800) },
            { signal },
          )
        ).arrayBuffer(),
    ],
    [
      'of an upload',
      async (signal) =>
        client.audio.transcriptions.create(
          { model: 'auto', file: await toFile(Buffer.alloc(20_000_000), 'a.wav') },
          { signal },
        ),
    ],
  ])('%s leaves nothing behind', async (_name, ask) => {
    const controller = new AbortController();
    const asking = ask(controller.signal);
    setTimeout(() => controller.abort(), 30);
    await asking.catch((error: unknown) =>
      expect(error).toMatchObject({ message: expect.stringMatching(/abort/i) }),
    );
    const inFlight = async () =>
      (await (await fetch(`${gateway.url}/metrics`)).text()).match(
        /^outrider_requests_in_flight (\d+)/m,
      )?.[1];
    await expect.poll(inFlight).toBe('0');
  });
});
