import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { dataOf, METADATA_WANTED, userSays } from './client.ts';

let gateway: TestGateway;
let upstream: MisbehavingUpstream;
let odd: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway();
  odd = await startGateway(
    providerToml('up', upstream.baseUrl, [
      'ok',
      'usage-missing',
      'usage-negative',
      'stream-json-instead',
      '500',
    ]),
  );
});

afterAll(async () => {
  await gateway.stop();
  await odd.stop();
  await upstream.close();
});

const chat = (request: object, at = gateway) =>
  send(`${at.url}/v1/chat/completions`, {
    body: { model: 'auto', messages: userSays('What is 2 + 2?'), ...request },
    headers: METADATA_WANTED.headers,
  });

function expectCompletion(answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(faultsBySchema('CreateChatCompletionResponse', answer.json)).toEqual([]);
}

/** Every event but `[DONE]`. */
function expectChunks(answer: Answer): void {
  expect(answer.status).toBe(200);
  const data = dataOf(answer.text);
  expect(data.pop()).toBe('[DONE]');
  expect(data.length).toBeGreaterThan(2);
  for (const payload of data) {
    const chunk: unknown = JSON.parse(payload);
    expect(faultsBySchema('CreateChatCompletionStreamResponse', chunk), payload).toEqual([]);
  }
}

const TOOLS = [
  {
    type: 'function',
    function: { name: 'add', parameters: { type: 'object', properties: { a: { type: 'integer' } } } },
  },
];

describe.skipIf(!hasOpenAiSchema)("by OpenAI's schema (skipped where its document is not at hand)", () => {
  const kinds: [string, object][] = [
    ['plain', {}],
    ['several choices', { n: 3, max_tokens: 5 }],
    ['log probabilities', { logprobs: true, top_logprobs: 3, max_tokens: 5 }],
    ['a tool call', { tools: TOOLS, tool_choice: 'required' }],
    ['JSON', { response_format: { type: 'json_object' } }],
    ['cut off', { max_tokens: 1 }],
  ];

  test.each(kinds)('a completion, %s', async (_name, request) => expectCompletion(await chat(request)));

  test.each(kinds)('a stream, %s', async (_name, request) => {
    expectChunks(await chat({ ...request, stream: true }));
    expectChunks(await chat({ ...request, stream: true, stream_options: { include_usage: true } }));
  });

  test.each(['ok', 'usage-missing', 'usage-negative'])(
    'what a provider says by halves: %s',
    async (model) => {
      expectCompletion(await chat({ model }, odd));
      expectChunks(await chat({ model, stream: true, stream_options: { include_usage: true } }, odd));
    },
  );

  test('JSON that becomes a stream', async () => {
    const request = { model: 'stream-json-instead', stream: true, stream_options: { include_usage: true } };
    expectChunks(await chat(request, odd));
  });

  test('models', async () => {
    const list = (await send(`${gateway.url}/v1/models`)).json;
    expect(faultsBySchema('ListModelsResponse', list)).toEqual([]);
    expect(faultsBySchema('Model', (await send(`${gateway.url}/v1/models/auto`)).json)).toEqual([]);
  });

  test.each<[string, () => Promise<Answer>, number]>([
    ['400', () => chat({ n: 0 }), 400],
    ['404 of a model', () => chat({ model: 'nobody' }), 404],
    ['404 of a path', () => send(`${gateway.url}/v1/nobody`), 404],
    ['414', () => send(`${gateway.url}/v1/explain/${'x'.repeat(600)}`), 414],
    [
      '415',
      () => send(`${gateway.url}/v1/chat/completions`, { body: '{}', headers: { 'content-type': 'x/y' } }),
      415,
    ],
    ['502', () => chat({ model: '500' }, odd), 502],
    ['400 of a wish', () => chat({ route: { max_cost_usd: 1e-12 } }), 400],
    [
      '503',
      async () => {
        for (let failure = 0; failure < 5; failure += 1) await chat({ model: '500' }, odd);
        return chat({ model: '500' }, odd);
      },
      503,
    ],
  ])('an error: %s', async (_name, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(faultsBySchema('ErrorResponse', answer.json)).toEqual([]);
  });

  test('the validator finds faults', () => {
    expect(faultsBySchema('CreateChatCompletionResponse', { object: 'chat.completion' })).not.toEqual([]);
    expect(faultsBySchema('ErrorResponse', { error: 'Bad Request' })).not.toEqual([]);
  });
});
