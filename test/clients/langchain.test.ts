import { HumanMessage, SystemMessage, type ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

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
