import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TONGUES } from '../../src/core/catalog/model.ts';
import { type Cost, clientOf, collect, METADATA_WANTED, metadataOf, userSays } from '../clients/client.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { CALLS, JSON_ANSWER, SECRET, TEXT, TOKENS } from '../fixtures/tongues/answer.ts';
import { NATIVE_ENV, nativeModelToml, nativeProviderToml } from '../fixtures/tongues/native-toml.ts';
import { type NativeUpstream, startNativeUpstream } from '../fixtures/tongues/native-upstream.ts';
import { WEATHER_TOOLS } from '../providers/ai-sdk/call.ts';
import { ask, read } from './ask.ts';

const SCENES = [
  'cache-write',
  'text',
  'tools',
  'json',
  'thinking',
  'overloaded',
  'rate-limited',
  'error-middle',
  'stalled',
];
/** 20 tokens at full price, 100 cached ones at a tenth, 8 at two dollars. */
const COST_USD = (20 * 1 + 100 * 0.1 + 8 * 2) / 1_000_000;

let native: NativeUpstream;
let talking: TalkingUpstream;
let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  native = await startNativeUpstream();
  talking = await startTalkingUpstream(() => 'I stand in.');
  gateway = await startGateway(
    [
      ...TONGUES.map((tongue) => nativeProviderToml(tongue, native)),
      ...TONGUES.flatMap((tongue) => SCENES.map((scene) => nativeModelToml(tongue, scene))),
      ...TONGUES.map((tongue) => nativeModelToml(tongue, 'overloaded-again', 'failing')),
      providerToml('stand-in', talking.baseUrl, ['stand-in']),
      '[routing.timeouts]\nidle_ms = 2000\n',
    ].join('\n'),
    { env: NATIVE_ENV },
  );
  client = clientOf(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await native.close();
  await talking.close();
});

describe.each(TONGUES)('the openai client and %s', (tongue) => {
  test('a completion, at its price with what was cached', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: `${tongue}-text`, messages: userSays('How is Paris?') })
      .withResponse();
    expect(data).toMatchObject({
      model: `${tongue}-text`,
      choices: [{ message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: TOKENS.input,
        completion_tokens: TOKENS.output,
        prompt_tokens_details: { cached_tokens: TOKENS.cached },
      },
    });
    expect((data.usage as OpenAI.CompletionUsage & Cost).cost).toBeCloseTo(COST_USD, 9);
    expect(response.headers.get('x-router-provider')).toBe(tongue);
    expect(response.headers.get('x-router-warnings')).toBeNull();
  });

  test('a stream, its usage in the last chunk alone', async () => {
    const stream = await client.chat.completions.create({
      model: `${tongue}-text`,
      messages: userSays('How is Paris?'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(TEXT);
    expect(chunks.filter(({ usage }) => usage != null)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: TOKENS.input });
    expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set([`${tongue}-text`]));
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test('two tools at once, by the client’s own assembly of a stream', async () => {
    const runner = client.chat.completions.stream({
      model: `${tongue}-tools`,
      messages: userSays('How is Paris?'),
      tools: WEATHER_TOOLS as OpenAI.ChatCompletionTool[],
    });
    const answer = await runner.finalChatCompletion();
    const calls = answer.choices[0]?.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(
      calls.map(({ function: called }) => ({ name: called.name, input: JSON.parse(called.arguments) })),
    ).toEqual(CALLS);
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('JSON by a schema', async () => {
    const answer = await client.chat.completions.create({
      model: `${tongue}-json`,
      messages: userSays('How is Paris?'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'weather',
          schema: {
            type: 'object',
            properties: { city: { type: 'string' }, degrees: { type: 'number' } },
            required: ['city', 'degrees'],
            additionalProperties: false,
          },
        },
      },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual(JSON_ANSWER);
  });

  test('what is left out stands in a header, of streams too', async () => {
    const body = { model: `${tongue}-text`, messages: userSays('How is Paris?'), frequency_penalty: 0.5 };
    const whole = await client.chat.completions.create(body).withResponse();
    const stream = await client.chat.completions.create({ ...body, stream: true }).withResponse();
    await collect(stream.data);
    // Gemini 2.5 takes penalties no more than the others.
    expect(whole.response.headers.get('x-router-warnings')).toBe('dropped:frequency_penalty');
    expect(stream.response.headers.get('x-router-warnings')).toBe('dropped:frequency_penalty');
  });

  test('what cannot be carried is a 400 that says what', async () => {
    const before = native.requests.length;
    const error = await client.chat.completions
      .create({ model: `${tongue}-text`, messages: userSays('How is Paris?'), n: 2 })
      .catch((failure: unknown) => failure);
    if (!(error instanceof OpenAI.BadRequestError)) throw new Error(String(error));
    expect(error).toMatchObject({ code: 'unsupported_by_provider', param: 'n' });
    expect(error.message).toContain(`'${tongue}'`);
    expect(native.requests.length).toBe(before);
  });

  test.each(['overloaded', 'rate-limited'])('%s: another model stands in', async (scene) => {
    const { data, response } = await client.chat.completions
      .create({
        model: 'auto:priority',
        messages: userSays('How is Paris?'),
        ...({ route: { models: [`${tongue}-${scene}`, 'stand-in'] } } as object),
      })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('I stand in.');
    expect(response.headers.get('x-router-attempts')).toBe('2');
    const health = await read<{ endpoints?: object[] }>(gateway, '/v1/intelligence/health');
    expect(JSON.stringify(health)).toContain(`${tongue}/`);
  });

  test('an endpoint that fails five times is left alone', async () => {
    const model = `${tongue}-failing`;
    const seen = () =>
      native.requests.filter((request) => request.model.endsWith('--overloaded-again')).length;
    const before = seen();
    const statuses: number[] = [];
    for (let call = 0; call < 7; call++) statuses.push((await ask(gateway, { model })).status);
    expect(statuses).toEqual([502, 502, 502, 502, 502, 503, 503]);
    expect(seen() - before).toBe(5);
  });

  test('a stream that dies in its middle is an error event without [DONE]', async () => {
    const { text } = await ask(gateway, { model: `${tongue}-error-middle`, stream: true });
    expect(text).toContain('"code":"upstream_error"');
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain(SECRET);
  });

  test('held back, even that fails over', async () => {
    const { text, headers } = await ask(gateway, {
      model: 'auto:priority',
      stream: true,
      route: { models: [`${tongue}-error-middle`, 'stand-in'], hold_back: true },
    });
    expect(text).toContain('[DONE]');
    expect(headers['x-router-model']).toBe('stand-in');
  });

  test('a client that leaves cuts the upstream', async () => {
    const stream = await client.chat.completions.create({
      model: `${tongue}-stalled`,
      messages: userSays('How is Paris?'),
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    const leftMs = performance.now();
    await expect.poll(() => native.openAnswers(), { interval: 5 }).toBe(0);
    expect(performance.now() - leftMs).toBeLessThan(1_000);
  });
});

test('what Anthropic keeps for the next time is charged at its own price', async () => {
  const { usage } = await client.chat.completions.create({
    model: 'anthropic-cache-write',
    messages: userSays('How is Paris?'),
  });
  expect(usage?.prompt_tokens_details).toMatchObject({ cached_tokens: 0, cache_write_tokens: 100 });
  expect((usage as OpenAI.CompletionUsage & Cost).cost).toBeCloseTo((20 + 100 * 1.25 + 8 * 2) / 1_000_000, 9);
});

describe('auto', () => {
  test('passes over providers that cannot carry the request, and says so', async () => {
    const answer = await client.chat.completions.create(
      { model: 'auto', messages: userSays('How is Paris?'), logit_bias: { 50256: -100 } },
      METADATA_WANTED,
    );
    const { model, excluded } = metadataOf(answer);
    expect(model).toBe('stand-in');
    const reasons = new Map(excluded.map((one) => [one.model, one.reason]));
    expect(reasons.get('anthropic-text')).toBe('not_carried');
    expect(reasons.get('google-text')).toBe('not_carried');
  });

  test('is refused with what to change where nobody is left', async () => {
    const { status, json } = await ask(gateway, {
      model: 'auto',
      logprobs: true,
      route: { models: ['anthropic-text', 'google-text'] },
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'unsupported_by_provider', param: 'logprobs' } });
  });
});
