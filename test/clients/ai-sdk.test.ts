import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

/** The two packages with which people reach an OpenAI-compatible server from `ai`. */
const PACKAGES = {
  '@ai-sdk/openai-compatible': (apiKey: string) => {
    const provider = createOpenAICompatible({
      name: 'outrider',
      baseURL: `${gateway.url}/v1`,
      apiKey,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
    return (model: string) => provider.chatModel(model);
  },
  '@ai-sdk/openai, chat': (apiKey: string) => {
    const provider = createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey });
    return (model: string) => provider.chat(model);
  },
} as const;

describe.each(Object.entries(PACKAGES))('%s', (_name, open) => {
  const model = (id: string) => open('none-yet')(id);

  test('a text by model "auto"', async () => {
    const result = await generateText({
      model: model('auto'),
      prompt: 'Say hello in a few words.',
      maxRetries: 0,
    });
    expect(result.text).not.toBe('');
    expect(result.finishReason).toBe('stop');
    expect(result.usage.inputTokens).toBeGreaterThan(0);
    expect(result.usage.outputTokens).toBeGreaterThan(0);
    expect(result.response.modelId).toBe(result.response.headers?.['x-router-model']);
    expect(result.response.headers?.['x-router-reason']).toMatch(/auto|explore/);
  });

  test('a stream, piece by piece, with its usage', async () => {
    const result = streamText({ model: model('auto'), prompt: 'Write a line about the sea.', maxRetries: 0 });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    expect(await result.text).toBe(pieces.join(''));
    expect(await result.finishReason).toBe('stop');
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
  });

  test('a tool is called, run, and its result goes back', async () => {
    const asked: unknown[] = [];
    const result = await generateText({
      model: model('sim-courier'),
      seed: 1,
      prompt: 'What is the weather in Paris, in celsius?',
      maxRetries: 0,
      stopWhen: stepCountIs(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
      tools: {
        get_weather: tool({
          description: 'Current weather of a city',
          inputSchema: z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) }),
          execute: async (input) => {
            asked.push(input);
            return { degrees: 21 };
          },
        }),
      },
    });
    expect(asked).toHaveLength(1);
    expect(result.steps).toHaveLength(2);
    expect(result.steps[0]?.finishReason).toBe('tool-calls');
    expect(result.text).not.toBe('');
  });

  test('an object by a JSON schema', async () => {
    const schema = jsonSchema<{ name: string; age: number }>({
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    });
    const { object } = await generateObject({
      model: model('sim-atlas-large'),
      seed: 1,
      schema,
      prompt: 'Ada is 36 years old. Extract her name and age.',
      maxRetries: 0,
    });
    expect(typeof object.name).toBe('string');
    expect(Number.isInteger(object.age)).toBe(true);
  });

  test('an abort reaches the gateway', async () => {
    const controller = new AbortController();
    const result = streamText({
      model: model('sim-atlas-large'),
      prompt: 'Write a long story about a river, in many chapters.',
      maxRetries: 0,
      abortSignal: controller.signal,
      onError: () => {},
    });
    const parts: string[] = [];
    for await (const part of result.fullStream) {
      parts.push(part.type);
      if (part.type === 'text-delta') controller.abort();
    }
    expect(parts.at(-1)).toBe('abort');
  });

  test('an unknown model is a 404 that says where to look', async () => {
    const failure = await generateText({ model: model('no-such-model'), prompt: 'hi', maxRetries: 0 }).catch(
      (error: unknown) => error,
    );
    expect(APICallError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ statusCode: 404, isRetryable: false });
    expect((failure as Error).message).toContain('/v1/models');
  });
});

// Creating a key closes the gateway to those without one: nothing may follow this.
test.each(Object.entries(PACKAGES))('%s: a wrong key is a 401', async (_name, open) => {
  await gateway.createKey();
  await expect
    .poll(async () => {
      const failure = await generateText({
        model: open('wrong')('auto'),
        prompt: 'hi',
        maxRetries: 0,
      }).catch((error: unknown) => error);
      return APICallError.isInstance(failure) ? failure.statusCode : undefined;
    })
    .toBe(401);
});
