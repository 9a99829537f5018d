import { ContextOverflowError } from '@langchain/core/errors';
import { HumanMessage, SystemMessage, type ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const chat = (options: object = {}) =>
  new ChatOpenAI({
    model: 'auto',
    apiKey: 'none-yet',
    maxRetries: 0,
    configuration: { baseURL: `${gateway.url}/v1` },
    ...options,
  });

const weather = tool(async () => '21 degrees', {
  name: 'get_weather',
  description: 'Current weather of a city',
  schema: z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) }),
});

test('invoke', async () => {
  const answer = await chat().invoke([new SystemMessage('Be brief.'), new HumanMessage('Say hello.')]);
  expect(answer.text).not.toBe('');
  expect(answer.usage_metadata?.output_tokens).toBeGreaterThan(0);
  expect(answer.response_metadata.model_name).toMatch(/^sim-/);
});

test('stream', async () => {
  const pieces: string[] = [];
  for await (const chunk of await chat().stream('Write a line about the sea.')) pieces.push(chunk.text);
  expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(1);
});

test('batch', async () => {
  const answers = await chat().batch(['Say hello.', 'Translate to French: good morning']);
  expect(answers.map(({ text }) => text !== '')).toEqual([true, true]);
});

test('a bound tool is called and its result goes back', async () => {
  const model = chat({ model: 'sim-courier', modelKwargs: { seed: 1 } });
  const question = new HumanMessage('What is the weather in Paris, in celsius?');
  const asking = await model.bindTools([weather], { tool_choice: 'get_weather' }).invoke([question]);
  const [call] = asking.tool_calls ?? [];
  expect(call?.name).toBe('get_weather');
  const result: ToolMessage = await weather.invoke({
    ...call,
    name: 'get_weather',
    args: call?.args ?? {},
    type: 'tool_call',
  });
  const answer = await model.bindTools([weather], { tool_choice: 'none' }).invoke([question, asking, result]);
  expect(answer.text).not.toBe('');
});

test('structured output by a JSON schema', async () => {
  const model = chat({ model: 'sim-atlas-large', modelKwargs: { seed: 1 } });
  const person = await model
    .withStructuredOutput(z.object({ name: z.string(), age: z.int() }), { method: 'jsonSchema' })
    .invoke('Ada is 36 years old. Extract her name and age.');
  expect(typeof person.name).toBe('string');
  expect(Number.isInteger(person.age)).toBe(true);
});

test('an abort and an unknown model', async () => {
  const controller = new AbortController();
  const reading = (async () => {
    const stream = await chat({ model: 'sim-atlas-large' }).stream('Write a long story about a river.', {
      signal: controller.signal,
    });
    for await (const _chunk of stream) controller.abort();
  })();
  await expect(reading).rejects.toThrow(/abort/i);
  await expect(chat({ model: 'no-such-model' }).invoke('hi')).rejects.toMatchObject({ status: 404 });
});

test('embeddings of documents and of a question are of one model', async () => {
  const embeddings = new OpenAIEmbeddings({
    model: 'auto',
    apiKey: 'none-yet',
    maxRetries: 0,
    batchSize: 2,
    configuration: { baseURL: `${gateway.url}/v1` },
  });
  const documents = await embeddings.embedDocuments(['a cat on a mat', 'a car', 'a ship at sea']);
  const question = await embeddings.embedQuery('a cat on a mat');
  expect(documents.map((vector) => vector.length)).toEqual(Array(3).fill(question.length));
  for (const [place, number] of question.entries()) expect(documents[0]?.[place]).toBeCloseTo(number, 6);
});

test('tool calls and structured output, streamed', async () => {
  const model = chat({ model: 'sim-courier', modelKwargs: { seed: 1 } });
  const stream = await model
    .bindTools([weather], { tool_choice: 'get_weather' })
    .stream('What is the weather in Paris, in celsius?');
  let whole: Awaited<ReturnType<typeof model.invoke>> | undefined;
  for await (const chunk of stream)
    whole = whole === undefined ? chunk : (whole.concat as (one: typeof chunk) => typeof chunk)(chunk);
  expect(whole?.tool_calls?.[0]).toMatchObject({ name: 'get_weather', args: expect.any(Object) });
  expect(whole?.usage_metadata?.output_tokens).toBeGreaterThan(0);
  const people: unknown[] = [];
  const structured = chat({ model: 'sim-atlas-large', modelKwargs: { seed: 1 } }).withStructuredOutput(
    z.object({ name: z.string(), age: z.int() }),
    { method: 'jsonSchema' },
  );
  for await (const partial of await structured.stream('Ada is 36 years old. Extract her name and age.'))
    people.push(partial);
  expect(people.at(-1)).toMatchObject({ age: expect.any(Number) });
});

test('by the Responses API', async () => {
  const answer = await chat({ useResponsesApi: true }).invoke('Say hello.');
  expect(answer.text).not.toBe('');
  const pieces: string[] = [];
  for await (const chunk of await chat({ useResponsesApi: true }).stream('Write a line about the sea.'))
    pieces.push(chunk.text);
  expect(pieces.join('')).not.toBe('');
});

test('a batch in which one fails keeps the others', async () => {
  const answers = await chat({ model: 'sim-mini' }).batch(['Say hello.', ''], {}, { returnExceptions: true });
  expect(answers.map((answer) => answer instanceof Error)).toEqual([false, false]);
  const failed = await chat({ model: 'nobody' }).batch(['hi', 'ho'], {}, { returnExceptions: true });
  expect(failed.map((answer) => answer instanceof Error)).toEqual([true, true]);
});

test('errors are told apart as those of OpenAI are', async () => {
  const closed = await startGateway(
    `${providerToml('up', 'http://127.0.0.1:9/v1', ['ok'])}\n[plans.tiny]\nrequests_per_minute = 1\ntokens_per_minute = 1_000_000`,
  );
  const { key } = await closed.createKey({ plan: 'tiny' });
  const codeOf = (model: string, apiKey: string) =>
    chat({ model, apiKey, configuration: { baseURL: `${closed.url}/v1` } })
      .invoke('hi')
      .then(
        () => 'answered',
        (error: { lc_error_code?: string; status?: number }) => error.lc_error_code ?? error.status,
      );
  expect(await codeOf('ok', 'or-nobody')).toBe('MODEL_AUTHENTICATION');
  expect(await codeOf('nobody', key)).toBe('MODEL_NOT_FOUND');
  expect(await codeOf('ok', key)).toBe('MODEL_RATE_LIMIT');
  await closed.stop();
});

test('what is too long for a model is told as that', async () => {
  const small = await startGateway(
    providerToml('up', 'http://127.0.0.1:9/v1', ['ok']).replace(
      'context_length = 128000',
      'context_length = 100',
    ),
  );
  const asking = chat({ model: 'ok', configuration: { baseURL: `${small.url}/v1` } }).invoke(
    'word '.repeat(2_000),
  );
  await expect(asking).rejects.toBeInstanceOf(ContextOverflowError);
  await small.stop();
});
