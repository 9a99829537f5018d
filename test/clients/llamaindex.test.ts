import { OpenAI } from '@llamaindex/openai';
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
