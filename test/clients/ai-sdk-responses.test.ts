import { createOpenAI } from '@ai-sdk/openai';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type Said, startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';

let gateway: TestGateway;
let upstream: TalkingUpstream;

beforeAll(async () => {
  upstream = await startTalkingUpstream(({ body, texts }): Said => {
    const isFirstTurn = !(body.messages as { role: string }[]).some(({ role }) => role === 'tool');
    if (body.tools !== undefined && isFirstTurn) return { call: 'weather', arguments: { city: 'Paris' } };
    return body.response_format === undefined ? `About: ${texts.at(-1)}` : '{"city": "Paris"}';
  });
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['talker']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

/** The AI SDK's provider for OpenAI, which speaks the Responses API unless told otherwise. */
function model(name = 'auto') {
  return createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none-yet' })(name);
}

const weather = tool({
  description: 'The weather of a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `21 °C in ${city}`,
});

test('a text', async () => {
  const { text, finishReason, usage, warnings } = await generateText({
    model: model(),
    system: 'Be brief.',
    prompt: 'Translate to French: good morning',
    maxRetries: 0,
  });
  expect(text).not.toBe('');
  expect(finishReason).toBe('stop');
  expect(usage.totalTokens).toBeGreaterThan(0);
  expect(warnings ?? []).toEqual([]);
});

test('a stream', async () => {
  const result = streamText({ model: model(), prompt: 'Write a poem about the sea.', maxRetries: 0 });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  expect(text).not.toBe('');
  expect(await result.finishReason).toBe('stop');
  expect((await result.usage).outputTokens).toBeGreaterThan(0);
});

test('JSON by a schema', async () => {
  const { output } = await generateText({
    model: model(),
    output: Output.object({ schema: z.object({ city: z.string() }) }),
    prompt: 'Which city is the capital of France?',
    maxRetries: 0,
  });
  expect(output).toEqual({ city: 'Paris' });
});

test.each(['generate', 'stream'] as const)('tools over several steps, %s', async (way) => {
  const request = {
    model: model(),
    tools: { weather },
    prompt: 'What is the weather in Paris?',
    stopWhen: stepCountIs(3),
    maxRetries: 0,
  };
  const { steps, text } =
    way === 'generate'
      ? await generateText(request)
      : await (async () => {
          const result = streamText(request);
          await result.consumeStream();
          return { steps: await result.steps, text: await result.text };
        })();
  expect(steps.length).toBe(2);
  expect(steps[0]?.toolResults[0]?.output).toBe('21 °C in Paris');
  expect(text).toBe('About: 21 °C in Paris');
});

test('a second turn refers to the answer before', async () => {
  const first = await generateText({ model: model(), prompt: 'Name a fruit.', maxRetries: 0 });
  const second = await generateText({
    model: model(),
    messages: [
      { role: 'user', content: 'Name a fruit.' },
      ...first.response.messages,
      { role: 'user', content: 'And another one.' },
    ],
    maxRetries: 0,
  });
  expect(second.text).toBe('About: And another one.');
  // What came back as a reference went to the model as the text it stands for.
  expect(upstream.heard.at(-1)?.texts).toEqual(['Name a fruit.', 'About: Name a fruit.', 'And another one.']);
});

test('an abort ends the stream', async () => {
  const leaving = new AbortController();
  const result = streamText({
    model: model(),
    prompt: `Say: ${'word '.repeat(10_000)}`,
    abortSignal: leaving.signal,
    maxRetries: 0,
  });
  const kinds: string[] = [];
  for await (const part of result.fullStream) {
    kinds.push(part.type);
    if (part.type === 'text-delta') leaving.abort();
  }
  expect(kinds).toContain('abort');
  expect(kinds).not.toContain('finish');
});

test('an error of the gateway', async () => {
  await expect(generateText({ model: model('nobody'), prompt: 'Hi', maxRetries: 0 })).rejects.toMatchObject({
    statusCode: 404,
  });
});
