import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Said, startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { type Cost, collect, METADATA_WANTED, metadataOf } from './client.ts';

let upstream: TalkingUpstream;
let ill: MisbehavingUpstream;
let gateway: TestGateway;
let simulated: TestGateway;
let client: Anthropic;

beforeAll(async () => {
  upstream = await startTalkingUpstream(({ body, texts }): Said => {
    const isFirstTurn = !(body.messages as { role: string }[]).some(({ role }) => role === 'tool');
    if (body.tools !== undefined && isFirstTurn) return { call: 'weather', arguments: { city: 'Paris' } };
    return body.response_format === undefined ? `About: ${texts.at(-1)}` : '{"city": "Paris"}';
  });
  ill = await startMisbehavingUpstream();
  gateway = await startGateway(
    providerToml('up', upstream.baseUrl, ['talker']) +
      providerToml('ill', ill.baseUrl, ['500', '429-seconds', 'stream-reset-after', 'stream-endless']),
  );
  simulated = await startGateway();
  client = clientOf(gateway);
});

afterAll(async () => {
  await gateway.stop();
  await simulated.stop();
  await upstream.close();
  await ill.close();
});

/** Anthropic's own client, unchanged but for the base URL. */
function clientOf({ url }: { readonly url: string }, apiKey = 'none-yet'): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
}

const hello = {
  model: 'talker',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say hello.' }],
} satisfies Anthropic.MessageCreateParamsNonStreaming;

const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

describe('messages.create', () => {
  test('a text, its price and who answered', async () => {
    const { data, response } = await client.messages
      .create({ ...hello, system: 'Be brief.' }, METADATA_WANTED)
      .withResponse();
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'talker',
      content: [{ type: 'text', text: 'About: Say hello.' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 0 },
    });
    const requestId = response.headers.get('x-request-id') ?? '';
    expect(data.id).toBe(`msg_${requestId}`);
    expect(response.headers.get('request-id')).toBe(requestId);
    expect(metadataOf(data).request_id).toBe(requestId);
    const explained = await fetch(`${gateway.url}/v1/explain/${data.id}`);
    expect(await explained.json()).toMatchObject({ request_id: requestId });
    expect((data.usage as Anthropic.Usage & Cost).cost).toBeGreaterThan(0);
    expect(upstream.heard.at(-1)?.body).toEqual({
      model: 'talker',
      max_tokens: 100,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Say hello.' },
      ],
    });
  });

  test('a stream adds up to its final message', async () => {
    const stream = client.messages.stream(hello);
    let text = '';
    stream.on('text', (piece) => {
      text += piece;
    });
    const final = await stream.finalMessage();
    expect(text).toBe('About: Say hello.');
    expect(final).toMatchObject({
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 100, output_tokens: 10 },
    });
    expect(stream.request_id).toBe(final.id.replace('msg_', ''));
  });

  test('the events of a stream, in order', async () => {
    const events = await collect(await client.messages.create({ ...hello, stream: true }));
    const types = events.map(({ type }) => type);
    expect(types.filter((type, place) => type !== types[place - 1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  test.each([false, true])('a tool is called, its result goes back (stream: %s)', async (stream) => {
    const ask = (messages: Anthropic.MessageParam[]) => {
      const request = { ...hello, messages, tools: [WEATHER] };
      return stream ? client.messages.stream(request).finalMessage() : client.messages.create(request);
    };
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is the weather in Paris?' }];
    const first = await ask(messages);
    expect(first.stop_reason).toBe('tool_use');
    const [use] = first.content;
    expect(use).toMatchObject({ type: 'tool_use', name: 'weather', input: { city: 'Paris' } });
    if (use?.type !== 'tool_use') throw new Error('no tool was called');
    messages.push({ role: 'assistant', content: first.content });
    messages.push({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: use.id, content: [{ type: 'text', text: '21 °C' }] },
        { type: 'text', text: 'And so?' },
      ],
    });
    const second = await ask(messages);
    expect(second).toMatchObject({
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: 'About: And so?' }],
    });
    expect(upstream.heard.at(-1)?.body.messages).toEqual([
      { role: 'user', content: 'What is the weather in Paris?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: use.id, type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } },
        ],
      },
      { role: 'tool', tool_call_id: use.id, content: '21 °C' },
      { role: 'user', content: 'And so?' },
    ]);
  });

  test('JSON by a schema', async () => {
    const parsed = await client.messages.parse({
      ...hello,
      output_config: {
        format: {
          type: 'json_schema',
          schema: { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false },
        },
      },
    });
    expect(parsed.parsed_output).toEqual({ city: 'Paris' });
  });

  test('pictures, thoughts and stops', async () => {
    await client.messages.create({
      ...hello,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } },
            { type: 'text', text: 'Which is the cat?', cache_control: { type: 'ephemeral' } },
          ],
        },
      ],
      max_tokens: 10_000,
      thinking: { type: 'enabled', budget_tokens: 8_000 },
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
    });
    expect(upstream.heard.at(-1)?.body).toMatchObject({
      messages: [
        {
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
            { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
            { type: 'text', text: 'Which is the cat?' },
          ],
        },
      ],
      reasoning_effort: 'medium',
      stop: ['END'],
      user: 'u',
    });
  });

  test('an abort cuts the provider', async () => {
    const before = ill.requests.length;
    const stream = client.messages.stream({ ...hello, model: 'stream-endless' });
    stream.on('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await expect.poll(() => ill.requests[before]?.leftAtMs).toBeDefined();
  });
});

describe('errors are those that the client knows', () => {
  test.each([
    ['unknown model', { model: 'nobody' }, Anthropic.NotFoundError, 404, 'not_found_error'],
    ['out of range', { max_tokens: 0 }, Anthropic.BadRequestError, 400, 'invalid_request_error'],
    ['a failing provider', { model: '500' }, Anthropic.InternalServerError, 502, 'api_error'],
    ['too many requests', { model: '429-seconds' }, Anthropic.RateLimitError, 429, 'rate_limit_error'],
  ])('%s', async (_name, members, kind, status, type) => {
    const failure = await client.messages.create({ ...hello, ...members }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ status, type, requestID: expect.stringMatching(/^req_/) });
  });

  test('a tool of Anthropic’s own is refused by name', async () => {
    const refused = client.messages.create({
      ...hello,
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      error: { error: { param: 'tools[0].type', message: expect.stringContaining('web_search_20250305') } },
    });
  });

  test('a stream that dies', async () => {
    const stream = client.messages.stream({ ...hello, model: 'stream-reset-after' });
    await expect(stream.finalMessage()).rejects.toMatchObject({ type: 'api_error' });
  });

  test('the key comes as x-api-key, or as a bearer token', async () => {
    const { key } = await simulated.createKey({ scopes: ['inference'] });
    const request = { ...hello, model: 'auto' };
    expect((await clientOf(simulated, key).messages.create(request)).content.length).toBe(1);
    const bearer = new Anthropic({ baseURL: simulated.url, apiKey: null, authToken: key, maxRetries: 0 });
    expect((await bearer.messages.create(request)).content.length).toBe(1);
    await expect(clientOf(simulated, 'or-wrong').messages.create(request)).rejects.toMatchObject({
      status: 401,
      type: 'authentication_error',
      error: { type: 'error' },
    });
  });
});

test('count_tokens is an estimate', async () => {
  const short = await client.messages.countTokens({ model: 'auto', messages: hello.messages });
  const long = await client.messages.countTokens({
    model: 'auto',
    system: 'You are an assistant who answers in French.',
    messages: [{ role: 'user', content: 'word '.repeat(1_000) }],
    tools: [WEATHER],
  });
  expect(short.input_tokens).toBeGreaterThan(3);
  expect(short.input_tokens).toBeLessThan(20);
  expect(long.input_tokens).toBeGreaterThan(900);
});
