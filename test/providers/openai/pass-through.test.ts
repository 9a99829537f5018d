import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPassThrough } from '../../../src/providers/openai/pass-through.ts';
import type { Upstream, UpstreamCall, UpstreamHandle } from '../../../src/providers/upstream.ts';
import { ANSWER_TEXT, chunk, finishChunk } from '../../fixtures/misbehaving-answers.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../../fixtures/misbehaving-upstream.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

const TIMEOUTS = { connectMs: 2_000, headersMs: 5_000, firstTokenMs: 5_000, idleMs: 5_000, clientMs: 5_000 };

let misbehaving: MisbehavingUpstream;
let scripted: ScriptedUpstream;
let agent: Agent;
const opened: Upstream[] = [];

beforeAll(async () => {
  misbehaving = await startMisbehavingUpstream();
  scripted = await startScriptedUpstream();
  agent = new Agent();
});
afterAll(async () => {
  for (const upstream of opened) await upstream.close();
  await agent.destroy();
  await misbehaving.close();
  await scripted.close();
});

function open(baseUrl: string, maxAnswerBytes = 1_000_000): Upstream {
  const upstream = createPassThrough(
    {
      name: 'there',
      baseUrl,
      apiKey: 'sk-upstream',
      headers: { 'x-team': 'seven' },
      maxConnections: 4,
      timeouts: TIMEOUTS,
    },
    { limits: { maxAnswerBytes }, nowMs: () => Date.now(), monotonicMs: () => performance.now() },
  );
  opened.push(upstream);
  return upstream;
}

interface Called extends UpstreamHandle {
  /** The runs of bytes that went to the client. */
  readonly runs: Buffer[];
}

function call(upstream: Upstream, model: string, details: Partial<UpstreamCall> = {}): Called {
  const runs: Buffer[] = [];
  const isStream = details.isStream ?? true;
  const handle = upstream.call({
    endpoint: {
      id: `there/${model}`,
      modelId: model,
      provider: 'there',
      upstreamModel: model,
      price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2, cachedInputUsdPerMillion: 1 },
      isPriceKnown: true,
    },
    path: '/chat/completions',
    form: 'chat',
    body: Buffer.from(JSON.stringify({ model, stream: isStream, stream_options: { include_usage: true } })),
    isStream,
    choices: 1,
    totalMs: 10_000,
    keepsWholeText: false,
    clearsUsage: false,
    sink: { write: (events) => runs.push(events) > 0, onceDrained: () => {} },
    ...details,
  });
  return { ...handle, runs };
}

describe('the bytes of a stream', () => {
  test.each([
    'stream-ok',
    'stream-crlf',
    'stream-cr',
    'stream-bom',
    'stream-comments',
    'stream-multiline-data',
    'stream-python-spaces',
    'stream-split-bytes',
    'stream-text-after-done',
    'stream-no-done',
  ])(
    '%s: as they came, but for the usage event, [DONE] and what stood before the first token',
    async (model) => {
      const { body } = await agent.request({
        origin: new URL(misbehaving.baseUrl).origin,
        path: '/v1/chat/completions',
        method: 'POST',
        body: JSON.stringify({ model, stream: true, stream_options: { include_usage: true } }),
      });
      const came = (await body.text()).replace(/^\uFEFF/, '');
      const events = came.split(/(?<=\n\n|\r\r|\r\n\r\n)/);
      const firstData = events.findIndex((event) => event.startsWith('data') || event.includes('\ndata:'));
      const done = events.findIndex((event) => event.includes('[DONE]'));
      const passed = events.filter(
        (event, index) =>
          (done < 0 || index < done) &&
          !/"usage": ?\{/.test(event) &&
          // Comments are dropped until there is a token; the role's chunk is held and goes with it.
          (event.includes('data:') || index > firstData + 2),
      );

      const { done: answer, runs, progress } = call(open(misbehaving.baseUrl), model);
      const { facts } = await answer;
      expect(Buffer.concat(runs).toString()).toBe(passed.join(''));
      expect(facts).toMatchObject({ text: ANSWER_TEXT, finishReason: 'stop', isTextWhole: true });
      expect(progress).toMatchObject({ httpStatus: 200, usage: { prompt_tokens: 10, completion_tokens: 5 } });
      expect(progress.ttftMs).toBeGreaterThan(0);
    },
  );
});

test.each(['ok', 'usage-spaced'])('%s: a unary body is handed on byte for byte', async (model) => {
  const { body } = await agent.request({
    origin: new URL(misbehaving.baseUrl).origin,
    path: '/v1/chat/completions',
    method: 'POST',
    body: JSON.stringify({ model }),
  });
  const came = Buffer.from(await body.arrayBuffer());
  const { done } = call(open(misbehaving.baseUrl), model, { isStream: false, sink: undefined });
  const answer = await done;
  expect(answer.body.equals(came)).toBe(true);
  expect(answer.facts.text).toBe(ANSWER_TEXT);
});

test('what goes up: the body as it is, our key and headers, no other encoding', async () => {
  const body = Buffer.from('{ "model": "echo",  "stream":false, "unknown": [1, 2.50, "ü"] }');
  const { done } = call(open(misbehaving.baseUrl), 'echo', { isStream: false, body, sink: undefined });
  const { headers, body: received } = JSON.parse((await done).facts.text);
  expect(received).toBe(body.toString());
  expect(headers).toMatchObject({
    authorization: 'Bearer sk-upstream',
    'x-team': 'seven',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'outrider',
  });
});

describe('streams by script', () => {
  const say = (payload: unknown) => `data: ${JSON.stringify(payload)}\n\n`;
  const token = (text: string) => say(chunk('m', { content: text }));
  const finish = say(finishChunk('m'));

  test('an error in the same packet as the first token: the client has seen nothing', async () => {
    scripted.next([token('Hel') + say({ error: { message: 'crashed' } })]);
    const { done, runs } = call(open(scripted.baseUrl), 'm');
    await expect(done).rejects.toMatchObject({ ending: 'stream_after_token' });
    expect(runs).toEqual([]);
  });

  test('a server that keeps the connection after [DONE] keeps nobody waiting', async () => {
    scripted.next([`${token('Hello')}${finish}data: [DONE]\n\n`], 'keep open');
    await expect(call(open(scripted.baseUrl), 'm').done).resolves.toMatchObject({ facts: { text: 'Hello' } });
    await expect.poll(() => scripted.openAnswers(), { timeout: 5_000 }).toBe(0);
  });

  test('silence after the finish reason is an end, and the connection is given up', async () => {
    scripted.next([token('Hello') + finish], 'keep open');
    const upstream = open(scripted.baseUrl);
    const { done } = call(upstream, 'm', { totalMs: 400 });
    await expect(done).resolves.toMatchObject({ facts: { text: 'Hello', finishReason: 'stop' } });
    await expect.poll(() => scripted.openAnswers(), { timeout: 5_000 }).toBe(0);
  });

  test('a reset after the finish reason is an end as well', async () => {
    scripted.next([token('Hello') + finish], 'reset');
    await expect(call(open(scripted.baseUrl), 'm').done).resolves.toMatchObject({ facts: { text: 'Hello' } });
  });

  test('a reset before the first token is a bad opening, not a bad answer', async () => {
    scripted.next([': wait\n\n'], 'reset');
    await expect(call(open(scripted.baseUrl), 'm').done).rejects.toMatchObject({
      ending: 'stream_before_token',
    });
  });

  test('an error beside choices ends the stream, and its words go nowhere', async () => {
    const spoilt = { ...chunk('m', { content: 'oh' }), error: { message: 'account 42 is over', code: 500 } };
    scripted.next([token('Hello'), say(spoilt)]);
    const { done, runs } = call(open(scripted.baseUrl), 'm');
    await expect(done).rejects.toMatchObject({ ending: 'stream_after_token' });
    expect(Buffer.concat(runs).toString()).toBe(token('Hello'));
    // Empty in every event, it says nothing.
    const calm = (error: unknown) => say({ error, ...chunk('m', { content: 'a' }) });
    scripted.next([calm(null) + calm('') + calm(null) + finish]);
    await expect(call(open(scripted.baseUrl), 'm').done).resolves.toMatchObject({ facts: { text: 'aaa' } });
  });

  test.each([
    ['blanks behind [DONE]', 'data: [DONE] \t\n\n'],
    ['an unreadable event', 'data: {"id":"x","choi\n\n'],
    ['half an event', 'data: {"usage":{"prompt'],
  ])('%s after the finish reason spoil nothing', async (_what, last) => {
    scripted.next([token('Hello') + finish + last]);
    const { done, runs } = call(open(scripted.baseUrl), 'm');
    await expect(done).resolves.toMatchObject({ facts: { text: 'Hello', finishReason: 'stop' } });
    expect(Buffer.concat(runs).toString()).toBe(token('Hello') + finish);
  });

  test('the text is counted in bytes, without its envelopes', async () => {
    const large = 'ä'.repeat(10_000);
    scripted.next([token('Hello') + token(large) + token(large) + finish]);
    const { done, progress } = call(open(scripted.baseUrl), 'm');
    await done;
    expect(progress).toMatchObject({ tokenEvents: 3, textBytes: 5 + 2 * 20_000 });
  });

  test('a byte order mark before JSON is dropped', async () => {
    const json = JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    });
    const head = { headers: { 'content-type': 'application/json' } };
    scripted.next([`\uFEFF${json}`], 'end', head);
    const { body } = await call(open(scripted.baseUrl), 'm', { isStream: false, sink: undefined }).done;
    expect(body.toString()).toBe(json);
    scripted.next([`\uFEFF${json}`], 'end', head);
    await expect(call(open(scripted.baseUrl), 'm').done).resolves.toMatchObject({ facts: { text: 'Hi' } });
  });

  test.each(['over quota', { message: 'over quota' }])(
    'an error beside choices of one body: %j',
    async (error) => {
      const json = JSON.stringify({ error, choices: [{ index: 0, message: { content: 'Hi' } }] });
      scripted.next([json], 'end', { headers: { 'content-type': 'application/json' } });
      const { done } = call(open(scripted.baseUrl), 'm', { isStream: false, sink: undefined });
      await expect(done).rejects.toMatchObject({ ending: 'bad_answer' });
    },
  );

  const choice = (index: number, delta: object, finish_reason: string | null = null) =>
    say({ ...chunk('m', {}), choices: [{ index, delta, finish_reason }] });

  test('of two choices both have to end', async () => {
    const both = choice(0, { content: 'a' }) + choice(1, { content: 'b' }) + choice(0, {}, 'stop');
    scripted.next([both]);
    const broken = call(open(scripted.baseUrl), 'm', { choices: 2 });
    await expect(broken.done).rejects.toMatchObject({ ending: 'stream_after_token' });
    scripted.next([both + choice(1, {}, 'length')]);
    await expect(call(open(scripted.baseUrl), 'm', { choices: 2 }).done).resolves.toMatchObject({
      facts: { text: 'a' },
    });
    // A server that gives one where two were wanted has ended all that it began.
    scripted.next([choice(0, { content: 'a' }) + choice(0, {}, 'stop')]);
    await expect(call(open(scripted.baseUrl), 'm', { choices: 2 }).done).resolves.toMatchObject({
      facts: { text: 'a' },
    });
  });

  test('an empty finish reason in every chunk is none', async () => {
    const spoken = choice(0, { role: 'assistant', content: '' }, '') + choice(0, { content: 'Hello' }, '');
    scripted.next([spoken]);
    await expect(call(open(scripted.baseUrl), 'm').done).rejects.toMatchObject({
      ending: 'stream_after_token',
    });
    scripted.next([spoken + choice(0, {}, 'stop')]);
    const { done, progress } = call(open(scripted.baseUrl), 'm');
    await expect(done).resolves.toMatchObject({ facts: { text: 'Hello', finishReason: 'stop' } });
    expect(progress.tokenEvents).toBe(1);
  });

  test('tool calls are put together from their pieces', async () => {
    const called = (index: number, name: string | undefined, text: string) =>
      choice(0, { tool_calls: [{ index, function: { name, arguments: text } }] });
    scripted.next([
      called(0, 'get_weather', ''),
      called(0, undefined, '{"city":'),
      called(1, 'get_time', '{}'),
      called(0, undefined, '"Bern"}') + choice(0, {}, 'tool_calls'),
    ]);
    const { facts } = await call(open(scripted.baseUrl), 'm').done;
    expect(facts.toolCalls).toEqual([
      { name: 'get_weather', arguments: '{"city":"Bern"}' },
      { name: 'get_time', arguments: '{}' },
    ]);
  });

  test('more than may be kept is cut, whole answer or stream', async () => {
    scripted.next([token('x'.repeat(3_000)), token('x'.repeat(3_000)), token('x'.repeat(3_000)) + finish]);
    await expect(call(open(scripted.baseUrl, 8_000), 'm').done).rejects.toMatchObject({ ending: 'too_much' });
    const one = call(open(misbehaving.baseUrl, 100), 'ok', { isStream: false, sink: undefined });
    await expect(one.done).rejects.toMatchObject({ ending: 'too_much' });
  });

  test('of a long stream both ends are kept for the checks, and that is said', async () => {
    const middle = Array.from({ length: 60 }, () => token('m'.repeat(1_000))).join('');
    scripted.next([token('first ') + middle, token(' last') + finish]);
    const { facts } = await call(open(scripted.baseUrl), 'm').done;
    expect(facts.isTextWhole).toBe(false);
    expect(facts.text).toMatch(/^first m+.* last$/);
    expect(facts.text.length).toBeLessThan(35_000);
    scripted.next([token('first ') + middle, token(' last') + finish]);
    const whole = await call(open(scripted.baseUrl), 'm', { keepsWholeText: true }).done;
    expect(whole.facts).toMatchObject({ isTextWhole: true });
    expect(whole.facts.text).toHaveLength(60_011);
  });
});

test('an aborted call ends at once, and only once', async () => {
  const { done, abort } = call(open(misbehaving.baseUrl), 'slow-headers', {
    isStream: false,
    sink: undefined,
  });
  await expect.poll(() => misbehaving.countFor('slow-headers')).toBe(1);
  abort('client_left');
  abort('shutdown');
  await expect(done).rejects.toMatchObject({ ending: 'client_left' });
  await expect.poll(() => misbehaving.requests.at(-1)?.leftAtMs).toBeDefined();
});

test('a call given up before there is a connection sends nothing', async () => {
  const before = misbehaving.requests.length;
  const { done, abort } = call(open(misbehaving.baseUrl), 'ok', { isStream: false, sink: undefined });
  abort('client_left');
  await expect(done).rejects.toMatchObject({ ending: 'client_left' });
  const after = call(open(misbehaving.baseUrl), 'ok', { isStream: false, sink: undefined });
  await after.done;
  expect(misbehaving.requests.length - before).toBe(1);
});

test('a redirect is no answer and is not followed', async () => {
  scripted.next([''], 'end', {
    status: 307,
    headers: { location: `${misbehaving.baseUrl}/chat/completions` },
  });
  const before = misbehaving.requests.length;
  const { done } = call(open(scripted.baseUrl), 'm', { isStream: false, sink: undefined });
  await expect(done).rejects.toMatchObject({ ending: 'bad_answer' });
  expect(misbehaving.requests.length).toBe(before);
});

test('after close every call fails as one that found nobody', async () => {
  const upstream = open(misbehaving.baseUrl);
  await upstream.close();
  await expect(call(upstream, 'ok', { isStream: false }).done).rejects.toMatchObject({
    ending: 'before_headers',
  });
});

describe('all connections in use', () => {
  const HELD_MS = 1_500;

  function crowd(baseUrl: string, totalMs: number) {
    const upstream = createPassThrough(
      {
        name: 'there',
        baseUrl,
        apiKey: undefined,
        headers: {},
        maxConnections: 1,
        timeouts: { ...TIMEOUTS, connectMs: 1_000, headersMs: 300, firstTokenMs: 300 },
      },
      { limits: { maxAnswerBytes: 1e6 }, nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    );
    opened.push(upstream);
    return [0, 1].map(() => call(upstream, 'm', { totalMs }));
  }

  test('the wait for one is not the provider’s, and its deadlines begin afterwards', async () => {
    const hello = `data: ${JSON.stringify(chunk('m', { content: 'Hello' }))}\n\n`;
    const packets = [hello, ...Array.from({ length: 30 }, () => hello)];
    const end = `data: ${JSON.stringify(finishChunk('m'))}\n\ndata: [DONE]\n\n`;
    scripted.next([...packets, end]);
    scripted.next([hello, end]);
    const [first, second] = crowd(scripted.baseUrl, 10_000);
    await Promise.all([first?.done, second?.done]);
    expect(second?.progress.queueMs).toBeGreaterThan(400);
    expect(second?.progress.ttftMs).toBeLessThan(300);
  });

  test('a wait that outlasts the request is our own trouble', async () => {
    const token = `data: ${JSON.stringify(chunk('m', { content: 'Hello' }))}\n\n`;
    scripted.next([token], 'keep open');
    const [first, second] = crowd(scripted.baseUrl, HELD_MS);
    // Both end at the same time, in either order: neither may be left without somebody who hears of it.
    await Promise.all([
      expect(second?.done).rejects.toMatchObject({ ending: 'local_queue', status: 503 }),
      expect(first?.done).rejects.toMatchObject({ ending: 'stream_after_token' }),
    ]);
    expect(second?.progress).toMatchObject({ isSent: false, queueMs: 0 });
  });
});
