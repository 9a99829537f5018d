import OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { type Cost, clientOf, collect, METADATA_WANTED, metadataOf } from './client.ts';

let gateway: TestGateway;
let client: OpenAI;
let upstream: TalkingUpstream;
let told: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  client = clientOf(gateway);
  upstream = await startTalkingUpstream(({ texts }) => `heard: ${texts.at(-1)}`);
  told = await startGateway(providerToml('up', upstream.baseUrl, ['talker']));
});

afterAll(async () => {
  await gateway.stop();
  await told.stop();
  await upstream.close();
});

const Weather = z.object({ city: z.string() });
const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
} as const;

describe('responses.create', () => {
  test('a text, its price and who answered', async () => {
    const { data, response } = await client.responses
      .create({ model: 'auto', input: 'Translate to French: good morning' }, METADATA_WANTED)
      .withResponse();
    expect(data.status).toBe('completed');
    expect(data.output_text).not.toBe('');
    expect(data.model).toBe(response.headers.get('x-router-model'));
    const requestId = response.headers.get('x-request-id') ?? '';
    expect(data.id).toBe(`resp_${requestId}`);
    const usage = data.usage as OpenAI.Responses.ResponseUsage & Cost;
    expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
    expect(usage.cost).toBe(Number(response.headers.get('x-router-cost-usd')));
    expect(metadataOf(data)).toMatchObject({ request_id: requestId, task: { type: 'translation' } });

    const explained = await client.get<object>(`/explain/${requestId}`);
    expect(explained).toMatchObject({ model: data.model, requested_model: 'auto', stream: false });
    const feedback = await client.post<object>(`/feedback/${requestId}`, { body: { outcome: 'success' } });
    expect(feedback).toMatchObject({ request_id: requestId });
    // The answer's own id does as well.
    expect(await client.get<object>(`/explain/${data.id}`)).toEqual(
      await client.get<object>(`/explain/${requestId}`),
    );
    const again = await client.post<object>(`/feedback/${data.id}`, { body: { outcome: 'success' } });
    expect(again).toMatchObject({ request_id: requestId, counted: true });
    const retracted = await client.delete<object>(`/feedback/${data.id}?source=nobody`);
    expect(retracted).toMatchObject({ request_id: requestId, deleted: true });
    await expect(client.get(`/explain/resp_${data.id}`)).rejects.toMatchObject({ status: 404 });
  });

  test('a stream: deltas add up to the final response', async () => {
    const stream = client.responses.stream({ model: 'auto', input: 'Write a poem about the sea.' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const final = await stream.finalResponse();
    expect(text).not.toBe('');
    expect(final.output_text).toBe(text);
    expect(final.status).toBe('completed');
    expect((final.usage as OpenAI.Responses.ResponseUsage & Cost).cost).toBeGreaterThan(0);
  });

  test('a function is called, its output goes back, as the client keeps it', async () => {
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'What is the weather in Paris? Use the weather tool.' },
    ];
    const first = await client.responses.create({
      model: 'auto:quality',
      input,
      tools: [TOOL],
      tool_choice: { type: 'function', name: 'get_weather' },
    });
    const call = first.output.find((item) => item.type === 'function_call');
    expect(call).toMatchObject({ name: 'get_weather', status: 'completed' });
    if (call?.type !== 'function_call') throw new Error('no call');
    expect(() => JSON.parse(call.arguments)).not.toThrow();
    input.push(...(first.output as OpenAI.Responses.ResponseInputItem[]));
    input.push({ type: 'function_call_output', call_id: call.call_id, output: '21 °C' });
    const second = await client.responses.create({ model: 'auto:quality', input, tools: [TOOL] });
    expect(second.output_text).not.toBe('');
  });

  test('a streamed call: argument deltas add up', async () => {
    const events = await collect(
      await client.responses.create({
        model: 'auto:quality',
        input: 'What is the weather in Paris?',
        tools: [TOOL],
        tool_choice: 'required',
        stream: true,
      }),
    );
    const deltas = events.flatMap((event) =>
      event.type === 'response.function_call_arguments.delta' ? [event.delta] : [],
    );
    const done = events.find((event) => event.type === 'response.function_call_arguments.done');
    expect(done).toMatchObject({ name: 'get_weather', arguments: deltas.join('') });
  });

  test('parse: JSON by a zod schema, and the arguments of a zod function', async () => {
    const parsed = await client.responses.parse({
      model: 'auto:quality',
      input: 'Which city is the capital of France?',
      text: { format: zodTextFormat(Weather, 'weather') },
    });
    expect(Weather.safeParse(parsed.output_parsed).success).toBe(true);
    const called = await client.responses.parse({
      model: 'auto:quality',
      input: 'What is the weather in Paris?',
      tools: [zodResponsesFunction({ name: 'get_weather', parameters: Weather })],
      tool_choice: 'required',
    });
    const call = called.output.find((item) => item.type === 'function_call');
    expect(Weather.safeParse(call?.parsed_arguments).success).toBe(true);
  });

  test('what is cut off says so', async () => {
    const cut = await client.responses.create({
      model: 'auto',
      input: 'Tell me a long story.',
      max_output_tokens: 3,
    });
    expect(cut).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      max_output_tokens: 3,
    });
  });

  test('route wishes and a task hint', async () => {
    const { response } = await client.responses
      .create(
        {
          model: 'auto',
          input: 'Hi',
          route: { strategy: 'price' },
        } as OpenAI.Responses.ResponseCreateParamsNonStreaming,
        { headers: { 'x-router-task': 'summarization' } },
      )
      .withResponse();
    expect(response.headers.get('x-router-strategy')).toBe('price');
    expect(response.headers.get('x-router-task')).toBe('summarization');
    const wrong = client.responses.create({
      model: 'auto',
      input: 'Hi',
      route: { stratgy: 'price' },
    } as unknown as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    await expect(wrong).rejects.toMatchObject({ status: 400, param: 'route.stratgy' });
  });

  test('what cannot be carried is refused by name', async () => {
    const refused = client.responses.create({
      model: 'auto',
      input: 'What is new?',
      tools: [{ type: 'web_search' }],
    });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'tools[0].type',
      message: expect.stringContaining('web_search'),
    });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });
});

test('the provider gets a chat request', async () => {
  const talker = clientOf(told);
  const answer = await talker.responses.create({
    model: 'talker',
    instructions: 'Be brief.',
    input: [
      { role: 'developer', content: 'Speak French.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: 'https://example.com/cat.png', detail: 'low' },
        ],
      },
    ],
    metadata: { team: 'search' },
    reasoning: { effort: 'low' },
    max_output_tokens: 100,
    store: true,
  });
  expect(answer).toMatchObject({ metadata: { team: 'search' }, instructions: 'Be brief.', store: false });
  const { body } = upstream.heard.at(-1) ?? {};
  expect(body).toEqual({
    model: 'talker',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'Speak French.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'https://example.com/cat.png', detail: 'low' } },
        ],
      },
    ],
    reasoning_effort: 'low',
    max_tokens: 100,
  });
});
