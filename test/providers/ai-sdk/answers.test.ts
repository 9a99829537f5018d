import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TONGUES, type Tongue } from '../../../src/core/catalog/model.ts';
import type { Upstream } from '../../../src/providers/upstream.ts';
import { CALLS, JSON_ANSWER, LONG, PIECES, TEXT, TOKENS } from '../../fixtures/tongues/answer.ts';
import { type NativeUpstream, startNativeUpstream } from '../../fixtures/tongues/native-upstream.ts';
import { type Chunk, callNative, openNative, WEATHER_TOOLS } from './call.ts';

let native: NativeUpstream;
const upstreams = new Map<string, Upstream>();

beforeAll(async () => {
  native = await startNativeUpstream();
  for (const tongue of TONGUES) upstreams.set(tongue, openNative(tongue, native.baseUrl(tongue)));
});
afterAll(async () => {
  for (const upstream of upstreams.values()) await upstream.close();
  await native.close();
});

/** One that takes long answers. */
function open(tongue: Tongue): Upstream {
  const upstream = openNative(tongue, native.baseUrl(tongue), { maxAnswerBytes: 20_000_000 });
  upstreams.set(`${tongue} for long answers`, upstream);
  return upstream;
}

function at(tongue: Tongue): Upstream {
  const upstream = upstreams.get(tongue);
  if (upstream === undefined) throw new Error(tongue);
  return upstream;
}

const USAGE = {
  prompt_tokens: TOKENS.input,
  completion_tokens: TOKENS.output,
  total_tokens: TOKENS.input + TOKENS.output,
  prompt_tokens_details: { cached_tokens: TOKENS.cached },
};

function firstChoice<Choice>(json: Readonly<Record<string, unknown>> | undefined): Choice {
  const [choice] = (json?.choices ?? []) as Choice[];
  if (choice === undefined) throw new Error('an answer without a choice');
  return choice;
}

function saidIn(chunks: readonly Chunk[]): string {
  return chunks.map(({ choices }) => choices[0].delta.content ?? '').join('');
}

describe.each(TONGUES)('%s', (tongue) => {
  test('a text, with its usage and what was cached of it', async () => {
    const { done, progress } = callNative(at(tongue), tongue, 'text');
    const { json, body, facts } = await done;
    expect(JSON.parse(body.toString())).toEqual(json);
    expect(json).toMatchObject({
      object: 'chat.completion',
      choices: [
        { index: 0, message: { role: 'assistant', content: TEXT, refusal: null }, finish_reason: 'stop' },
      ],
      usage: USAGE,
    });
    expect(json?.id).toMatch(/./);
    expect(facts).toMatchObject({ text: TEXT, finishReason: 'stop', isTextWhole: true, toolCalls: [] });
    expect(progress).toMatchObject({ isSent: true, httpStatus: 200, usage: USAGE, warnings: [] });
    expect(progress.ttftMs).toBeGreaterThan(0);
  });

  test('a text in a stream, chunk by chunk, and nothing of its usage in it', async () => {
    const { done, progress, chunks } = callNative(at(tongue), tongue, 'text', {}, { isStream: true });
    const { facts, body } = await done;
    const all = chunks();
    expect(body.length).toBe(0);
    expect(all.map(({ choices }) => choices[0].delta)).toEqual([
      { role: 'assistant', content: '' },
      ...PIECES.map((content) => ({ content })),
      {},
    ]);
    expect(all.map(({ choices }) => choices[0].finish_reason)).toEqual([null, null, null, null, 'stop']);
    expect(all.every((chunk) => !('usage' in chunk))).toBe(true);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(facts).toMatchObject({ text: TEXT, finishReason: 'stop', isTextWhole: true });
    expect(progress).toMatchObject({
      usage: USAGE,
      tokenEvents: 3,
      textBytes: TEXT.length,
      lastChunk: { id: all[0]?.id, model: all[0]?.model },
    });
    expect(progress.ttftMs).toBeGreaterThan(0);
  });

  test('a megabyte and a half comes whole, also to a client that is slow; what is kept of it is bounded', async () => {
    const { json } = await callNative(open(tongue), tongue, 'long').done;
    const { message } = firstChoice<{ message: { content: string } }>(json);
    expect(message.content).toBe(LONG.join(''));
    const pieces: Buffer[] = [];
    const sink = {
      write: (events: Buffer) => pieces.push(events) < 0,
      onceDrained: (resume: () => void) => void setTimeout(resume, 1),
    };
    const { done } = callNative(open(tongue), tongue, 'long', {}, { isStream: true, sink });
    const { facts } = await done;
    const said = [
      ...Buffer.concat(pieces)
        .toString()
        .matchAll(/"content":"(\d+)"/g),
    ].map(([, text]) => text);
    expect(said.join('')).toBe(LONG.join(''));
    expect(facts).toMatchObject({ isTextWhole: false, finishReason: 'stop' });
    expect(facts.text.length).toBeLessThan(100_000);
    expect([facts.text.at(0), facts.text.at(-1)]).toEqual(['0', '9']);
  });

  test('usage is null in the chunks for a client that gets it by itself', async () => {
    const { done, chunks } = callNative(
      at(tongue),
      tongue,
      'text',
      {},
      { isStream: true, clearsUsage: true },
    );
    await done;
    expect(chunks().every(({ usage }) => usage === null)).toBe(true);
  });

  test('two tools called at once', async () => {
    const { done } = callNative(at(tongue), tongue, 'tools', { tools: WEATHER_TOOLS });
    const { json, facts } = await done;
    const choice = firstChoice<{ message: { tool_calls: { id: string; function: object }[] } }>(json);
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'I look.' } });
    expect(choice.message.tool_calls.map((call) => call.function)).toEqual(
      CALLS.map(({ name, input }) => ({ name, arguments: JSON.stringify(input) })),
    );
    expect(new Set(choice.message.tool_calls.map(({ id }) => id)).size).toBe(2);
    expect(facts.toolCalls).toEqual(
      CALLS.map(({ name, input }) => ({ name, arguments: JSON.stringify(input) })),
    );
  });

  test('two tools called at once in a stream', async () => {
    const { done, chunks } = callNative(
      at(tongue),
      tongue,
      'tools',
      { tools: WEATHER_TOOLS },
      { isStream: true },
    );
    const { facts } = await done;
    const all = chunks();
    const calls: { id: string; name: string; arguments: string }[] = [];
    for (const { choices } of all) {
      for (const { index, id, function: called } of choices[0].delta.tool_calls ?? []) {
        calls[index] ??= { id: '', name: '', arguments: '' };
        const call = calls[index];
        call.id += id ?? '';
        call.name += called.name ?? '';
        call.arguments += called.arguments;
      }
    }
    expect(calls.map(({ name, arguments: text }) => ({ name, input: JSON.parse(text) }))).toEqual(CALLS);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(saidIn(all)).toBe('I look.');
    expect(all.at(-1)?.choices[0].finish_reason).toBe('tool_calls');
    expect(facts.toolCalls.map(({ name }) => name)).toEqual(['get_weather', 'get_time']);
  });

  test.each([true, false])('JSON by a schema (stream: %s)', async (isStream) => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' }, degrees: { type: 'number' } },
      required: ['city', 'degrees'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'weather', schema, strict: true } };
    const { done } = callNative(at(tongue), tongue, 'json', { response_format: format }, { isStream });
    const { facts } = await done;
    expect(JSON.parse(facts.text)).toEqual(JSON_ANSWER);
    expect(JSON.stringify(native.last().body)).toContain('degrees');
  });

  test.each([true, false])('thinking comes beside the text (stream: %s)', async (isStream) => {
    const { done, chunks } = callNative(
      at(tongue),
      tongue,
      'thinking',
      { reasoning_effort: 'low', max_completion_tokens: 4_000 },
      { isStream },
    );
    const { json, facts } = await done;
    expect(facts.text).toBe(TEXT);
    const streamed = chunks()
      .map(({ choices }) => choices[0].delta.reasoning_content ?? '')
      .join('');
    const message = isStream
      ? undefined
      : firstChoice<{ message: { reasoning_content: string; reasoning_details?: object[] } }>(json).message;
    expect(message?.reasoning_content ?? streamed).toBe('Paris, in June.');
    const details = isStream
      ? chunks().flatMap(({ choices }) => choices[0].delta.reasoning_details ?? [])
      : message?.reasoning_details;
    const signed = {
      type: 'reasoning.text',
      format: tongue,
      index: 0,
      text: 'Paris, in June.',
      signature: 'EqQBCgIYAhIM',
    };
    // Gemini signs calls, not thoughts.
    expect(details ?? []).toEqual(tongue === 'google' ? [] : [signed]);
  });

  test.each([
    ['length', 'length'],
    ['refusal', 'content_filter'],
  ])('an answer that ends by %s', async (scene, reason) => {
    for (const isStream of [true, false]) {
      const { facts } = await callNative(at(tongue), tongue, scene, {}, { isStream }).done;
      expect(facts.finishReason).toBe(reason);
    }
  });
});

test('Gemini’s signature on a call goes to the client and comes back with its next turn', async () => {
  const { json } = await callNative(at('google'), 'google', 'tools', { tools: WEATHER_TOOLS }).done;
  const choice = firstChoice<{ message: { tool_calls: { id: string }[] } }>(json);
  const results = choice.message.tool_calls.map(({ id }) => ({
    role: 'tool',
    tool_call_id: id,
    content: 'fine',
  }));
  const messages = [{ role: 'user', content: 'How is Paris?' }, choice.message, ...results];
  await callNative(at('google'), 'google', 'text', { messages, tools: WEATHER_TOOLS }).done;
  const { contents } = native.last().body as { contents: { role: string; parts: object[] }[] };
  expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
  expect(contents[1]?.parts[1]).toMatchObject({ thoughtSignature: 'CpcHAVSoXO4=' });
  expect(contents[2]?.parts.map((part) => Object.keys(part)[0])).toEqual([
    'functionResponse',
    'functionResponse',
  ]);
});

test.each(['anthropic', 'bedrock'] as const)('%s gets its signed thinking back', async (tongue) => {
  const { json } = await callNative(at(tongue), tongue, 'thinking').done;
  const choice = firstChoice<{ message: object }>(json);
  const messages = [
    { role: 'user', content: 'How is Paris?' },
    choice.message,
    { role: 'user', content: 'And now?' },
  ];
  await callNative(at(tongue), tongue, 'text', { messages }).done;
  const sent = JSON.stringify(native.last().body);
  expect(sent).toContain('EqQBCgIYAhIM');
  // To another language that signature means nothing.
  await callNative(at('google'), 'google', 'text', { messages }).done;
  expect(JSON.stringify(native.last().body)).not.toContain('EqQBCgIYAhIM');
});
