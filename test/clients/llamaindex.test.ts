import { FunctionTool } from '@llamaindex/core/tools';
import { OpenAI, OpenAIEmbedding } from '@llamaindex/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const llm = (model = 'auto') =>
  new OpenAI({ model, apiKey: 'none-yet', baseURL: `${gateway.url}/v1`, maxRetries: 0 });

test('chat', async () => {
  const answer = await llm().chat({ messages: [{ role: 'user', content: 'Say hello in a few words.' }] });
  expect(answer.message.content).not.toBe('');
  expect(answer.message.role).toBe('assistant');
});

test('a stream', async () => {
  const pieces: string[] = [];
  const stream = await llm().chat({
    messages: [{ role: 'user', content: 'Write a line about the sea.' }],
    stream: true,
  });
  for await (const { delta } of stream) if (delta !== '') pieces.push(delta);
  expect(pieces.length).toBeGreaterThan(1);
});

test('complete', async () => {
  const { text } = await llm().complete({ prompt: 'Translate to French: good morning' });
  expect(text).not.toBe('');
});

test('an unknown model is a 404', async () => {
  const chat = llm('no-such-model').chat({ messages: [{ role: 'user', content: 'hi' }] });
  await expect(chat).rejects.toMatchObject({ status: 404 });
});

const weather = FunctionTool.from(({ city }: { city: string }) => `21 degrees in ${city}`, {
  name: 'get_weather',
  description: 'Current weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
});
const question = { role: 'user', content: 'What is the weather in Paris?' } as const;

test('a tool is called, and its result goes back', async () => {
  const model = llm('sim-courier');
  const { message } = await model.chat({ messages: [question], tools: [weather] });
  const { toolCall: calls } = message.options as {
    toolCall: { id: string; name: string; input: string | { city: string } }[];
  };
  const [call] = calls;
  expect(call?.name).toBe('get_weather');
  const given = typeof call?.input === 'string' ? JSON.parse(call.input) : call?.input;
  const result = String(await weather.call(given));
  const answer = await model.chat({
    messages: [
      question,
      message,
      {
        role: 'user',
        content: result,
        options: { toolResult: { id: call?.id ?? '', result, isError: false } },
      },
    ],
  });
  expect(answer.message.content).not.toBe('');
});

test('a tool call comes in a stream', async () => {
  const stream = await llm('sim-courier').chat({ messages: [question], tools: [weather], stream: true });
  const calls = new Set<string>();
  for await (const { options } of stream) {
    const { toolCall = [] } = (options ?? {}) as { toolCall?: { name: string }[] };
    for (const { name } of toolCall) calls.add(name);
  }
  expect([...calls]).toEqual(['get_weather']);
});

test('embeddings, one and many', async () => {
  const embedding = new OpenAIEmbedding({
    model: 'auto',
    apiKey: 'none-yet',
    maxRetries: 0,
    additionalSessionOptions: { baseURL: `${gateway.url}/v1` },
  });
  const one = await embedding.getTextEmbedding('a cat on a mat');
  const many = await embedding.getTextEmbeddings(['a cat on a mat', 'a ship']);
  expect(one.length).toBeGreaterThan(8);
  expect(many.map((vector) => vector.length)).toEqual([one.length, one.length]);
  for (const [place, number] of one.entries()) expect(many[0]?.[place]).toBeCloseTo(number, 6);
});
