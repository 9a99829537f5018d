import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf } from '../clients/client.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { openScene, type Scene } from './scene.ts';

const MESSAGES = [{ role: 'user', content: 'Say hello.' }] as const;

let scene: Scene;
let client: OpenAI;

beforeAll(async () => {
  scene = await openScene(['ill']);
  client = clientOf(scene.gateway);
});
afterAll(() => scene.close());

function ask(model: string) {
  return client.chat.completions.create({ model, messages: [...MESSAGES] });
}

test.each([
  ['ill.429-seconds', OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
  ['ill.400', OpenAI.BadRequestError, 400, 'invalid_request'],
  ['ill.422', OpenAI.UnprocessableEntityError, 422, 'invalid_request'],
  ['ill.404-model', OpenAI.NotFoundError, 404, 'model_not_found'],
  ['ill.401', OpenAI.InternalServerError, 502, 'upstream_auth'],
  ['ill.502-html', OpenAI.InternalServerError, 502, 'upstream_error'],
  ['ill.html-200', OpenAI.InternalServerError, 502, 'bad_upstream_response'],
  ['ill.refuse', OpenAI.InternalServerError, 502, 'upstream_unreachable'],
])('%s is the error class that a program catches', async (model, errorClass, status, code) => {
  const error = await ask(model).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(errorClass);
  expect(error).toMatchObject({ status, code, requestID: expect.stringMatching(/^req_/) });
});

test('a stream that dies throws inside the loop, after what it said', async () => {
  let text = '';
  const reading = (async () => {
    const stream = await client.chat.completions.create({
      model: 'ill.stream-reset-after',
      stream: true,
      messages: [...MESSAGES],
    });
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  })();
  const error = await reading.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ code: 'upstream_error' });
  expect(text).toBe(ANSWER_TEXT);
});

test('its own retries are attempts like any other', async () => {
  const { gateway, upstream } = scene;
  const patient = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 1 });
  const before = upstream.requests.length;
  // The first answer is a 502, the retry finds the breaker still closed and the same 502: two calls, one error.
  const error = await patient.chat.completions
    .create({ model: 'ill.500', messages: [...MESSAGES] })
    .catch((failure: unknown) => failure);
  expect(error).toMatchObject({ status: 502 });
  expect(upstream.requests.length - before).toBe(2);
});
