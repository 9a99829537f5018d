import OpenAI from 'openai-7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { collect, userSays } from './client.ts';

/** The newest major of the SDK: what `openai.test.ts` shows of the one before, in short. */
let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none-yet', maxRetries: 0 });
});

afterAll(() => gateway.stop());

test('a completion', async () => {
  const { data, response } = await client.chat.completions
    .create({ model: 'auto', messages: userSays('Say hello in a few words.') })
    .withResponse();
  expect(data.choices[0]?.message.content).not.toBe('');
  expect(data.model).toBe(response.headers.get('x-router-model'));
});

test('a stream', async () => {
  const stream = await client.chat.completions.create({
    model: 'auto',
    messages: userSays('Write a line about the sea.'),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  expect(chunks.length).toBeGreaterThan(2);
  expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
});

test('an answer parsed by a JSON schema', async () => {
  const schema = z.toJSONSchema(z.object({ name: z.string(), age: z.int() }));
  const answer = await client.chat.completions.parse({
    model: 'sim-atlas-large',
    seed: 1,
    messages: userSays('Ada is 36 years old. Extract her name and age.'),
    response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
  });
  expect(answer.choices[0]?.message.parsed).toMatchObject({
    name: expect.any(String),
    age: expect.any(Number),
  });
});

test('the list of models, and one that is not there', async () => {
  const ids = await collect(client.models.list());
  expect(ids[0]?.id).toBe('auto');
  const failure = client.chat.completions.create({ model: 'no-such-model', messages: userSays('hi') });
  await expect(failure).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test('an abort', async () => {
  const stream = await client.chat.completions.create({
    model: 'sim-atlas-large',
    messages: userSays('Write a long story about a river.'),
    stream: true,
  });
  let chunks = 0;
  for await (const _chunk of stream) {
    chunks += 1;
    stream.controller.abort();
  }
  expect(chunks).toBeGreaterThan(0);
});
