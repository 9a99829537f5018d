import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TONGUES, type Tongue } from '../../../src/core/catalog/model.ts';
import type { Ending } from '../../../src/core/outcome/endings.ts';
import { GatewayError } from '../../../src/core/outcome/gateway-error.ts';
import type { Upstream, UpstreamCall } from '../../../src/providers/upstream.ts';
import { SECRET, TEXT } from '../../fixtures/tongues/answer.ts';
import { type NativeUpstream, startNativeUpstream } from '../../fixtures/tongues/native-upstream.ts';
import { callNative, type NativeCall, openNative } from './call.ts';

let native: NativeUpstream;
const opened: Upstream[] = [];

beforeAll(async () => {
  native = await startNativeUpstream();
});
afterEach(async () => {
  for (const upstream of opened.splice(0)) await upstream.close();
  // Whatever the ending, the upstream's side is cut.
  await expect.poll(() => native.openAnswers(), { timeout: 1_500 }).toBe(0);
});
afterAll(() => native.close());

function open(tongue: Tongue, details?: Parameters<typeof openNative>[2]): Upstream {
  const upstream = openNative(tongue, native.baseUrl(tongue), details);
  opened.push(upstream);
  return upstream;
}

async function failureOf({ done }: NativeCall): Promise<GatewayError> {
  const error = await done.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`);
  expect(error.message).not.toContain(SECRET);
  return error;
}

async function endingOf(call: NativeCall): Promise<Ending | undefined> {
  return (await failureOf(call)).ending;
}

describe.each(TONGUES)('a refusal by %s', (tongue) => {
  test.each<[string, Ending, Partial<GatewayError>]>([
    ['overloaded', 'server_error', { status: 502 }],
    ['unauthorised', 'credentials', { status: 502, code: 'upstream_auth' }],
    ['forbidden', 'credentials', { status: 502 }],
    ['no-model', 'model_gone', { status: 404 }],
    ['too-long', 'context_length', { status: 400, code: 'context_length_exceeded' }],
    ['bad-request', 'client_fault', { status: 400 }],
    ['bad-gateway', 'server_error', { status: 502 }],
    ['redirect', 'bad_answer', { status: 502 }],
  ])('%s is %s', async (scene, ending, shown) => {
    for (const isStream of [true, false]) {
      const call = callNative(open(tongue), tongue, scene, {}, { isStream });
      const error = await failureOf(call);
      expect(error.ending, error.message).toBe(ending);
      expect(error).toMatchObject(shown);
      expect(call.progress.isSent).toBe(true);
      expect(call.chunks()).toEqual([]);
    }
  });

  test('with a wait', async () => {
    const error = await failureOf(callNative(open(tongue), tongue, 'rate-limited'));
    expect(error).toMatchObject({ ending: 'rate_limited', status: 429 });
    // Bedrock names none.
    expect(error.retryAfterSeconds).toBe(tongue === 'bedrock' ? undefined : 7);
  });
});

test.each<[Tongue, string, Ending, Partial<GatewayError>]>([
  ['anthropic', 'unpaid', 'credentials', {}],
  ['anthropic', 'too-large', 'client_fault', { status: 413 }],
  ['google', 'day-is-over', 'rate_limited', { retryAfterSeconds: 60 }],
  ['bedrock', 'waking', 'waking', { retryAfterSeconds: 10 }],
  ['bedrock', 'model-failed', 'server_error', {}],
])('what only %s says: %s is %s', async (tongue, scene, ending, shown) => {
  const error = await failureOf(callNative(open(tongue), tongue, scene));
  expect(error).toMatchObject({ ending, ...shown });
});

describe.each(TONGUES)('a bad answer of %s', (tongue) => {
  test.each<[string, Ending]>([
    ['malformed', 'bad_answer'],
    ['empty', 'bad_answer'],
    ['html', 'bad_answer'],
    ['gzip', 'bad_answer'],
    ['closed', 'before_headers'],
  ])('%s is %s', async (scene, ending) => {
    expect(await endingOf(callNative(open(tongue), tongue, scene))).toBe(ending);
  });

  test.each<[string, Ending]>([
    ['error-first', 'stream_before_token'],
    ['error-early', 'stream_before_token'],
    ['malformed', 'stream_before_token'],
    ['json-for-stream', 'stream_before_token'],
    ['html', 'bad_answer'],
    ['error-middle', 'stream_after_token'],
    ['truncated', 'stream_after_token'],
    ['reset', 'stream_after_token'],
  ])('in a stream %s is %s', async (scene, ending) => {
    const call = callNative(open(tongue), tongue, scene, {}, { isStream: true });
    expect(await endingOf(call)).toBe(ending);
    const isBegun = ending === 'stream_after_token';
    expect(call.chunks().length > 0).toBe(isBegun);
    expect(call.progress.tokenEvents > 0).toBe(isBegun);
    // Nothing that a client would take for an end.
    expect(call.chunks().every(({ choices }) => choices[0].finish_reason === null)).toBe(true);
  });

  test.each([true, false])('300 times what is kept (stream: %s)', async (isStream) => {
    const upstream = open(tongue, { maxAnswerBytes: 300_000 });
    const ending = await endingOf(callNative(upstream, tongue, 'huge', {}, { isStream }));
    expect(ending).toBe(isStream ? 'stream_before_token' : 'too_much');
  });
});

test('a call that Gemini wrote badly is no answer', async () => {
  expect(await endingOf(callNative(open('google'), 'google', 'bad-call'))).toBe('bad_answer');
  const stream = callNative(open('google'), 'google', 'bad-call', {}, { isStream: true });
  expect(await endingOf(stream)).toBe('stream_before_token');
});

describe.each(TONGUES)('deadlines of %s', (tongue) => {
  const within = async (call: NativeCall, limitMs: number) => {
    const startedMs = performance.now();
    const ending = await endingOf(call);
    expect(performance.now() - startedMs).toBeLessThan(limitMs);
    return ending;
  };

  test('headers, unary and streamed', async () => {
    const upstream = open(tongue, { timeouts: { headersMs: 120 } });
    for (const isStream of [true, false]) {
      expect(await within(callNative(upstream, tongue, 'silent', {}, { isStream }), 3_000)).toBe('timeout');
    }
  });

  test('the first token', async () => {
    const upstream = open(tongue, { timeouts: { firstTokenMs: 150 } });
    const call = callNative(upstream, tongue, 'no-token', {}, { isStream: true });
    expect(await within(call, 3_000)).toBe('timeout');
  });

  test('between tokens: pings and comments are no life', async () => {
    const upstream = open(tongue, { timeouts: { idleMs: 150 } });
    const call = callNative(upstream, tongue, 'stalled', {}, { isStream: true });
    expect(await within(call, 3_000)).toBe('stream_after_token');
  });

  test('in all', async () => {
    const details = { isStream: true, totalMs: 700 } satisfies Partial<UpstreamCall>;
    expect(await within(callNative(open(tongue), tongue, 'stalled', {}, details), 3_000)).toBe(
      'stream_after_token',
    );
    expect(await within(callNative(open(tongue), tongue, 'silent', {}, { totalMs: 150 }), 3_000)).toBe(
      'timeout',
    );
  });

  test('a client that takes nothing', async () => {
    const upstream = open(tongue, { timeouts: { clientMs: 150 } });
    const sink = { write: () => false, onceDrained: () => {} };
    const call = callNative(upstream, tongue, 'text', {}, { isStream: true, sink });
    expect(await within(call, 3_000)).toBe('client_left');
  });

  test('a client that takes its time gets everything', async () => {
    const pieces: string[] = [];
    const sink = {
      write: (events: Buffer) => {
        pieces.push(events.toString());
        return false;
      },
      onceDrained: (resume: () => void) => void setTimeout(resume, 5),
    };
    await callNative(open(tongue), tongue, 'text', {}, { isStream: true, sink }).done;
    const said = [...pieces.join('').matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('');
    expect(said).toBe(TEXT);
  });

  test('an upstream that nobody is at', async () => {
    const upstream = openNative(tongue, 'http://127.0.0.1:9/v1');
    opened.push(upstream);
    const call = callNative(upstream, tongue, 'text');
    expect(await endingOf(call)).toBe('connect');
    expect(call.progress.isSent).toBe(false);
  });
});

describe.each(TONGUES)('an abort of %s', (tongue) => {
  test.each([
    ['before the headers', 'silent'],
    ['before the first token', 'no-token'],
    ['in the middle', 'stalled'],
  ])('%s cuts the upstream at once', async (_when, scene) => {
    const call = callNative(open(tongue), tongue, scene, {}, { isStream: true });
    await expect.poll(() => native.openAnswers()).toBe(1);
    if (scene === 'stalled') await expect.poll(() => call.chunks().length).toBeGreaterThan(1);
    const cutMs = performance.now();
    call.abort('client_left');
    expect(await endingOf(call)).toBe('client_left');
    await expect.poll(() => native.openAnswers(), { interval: 5 }).toBe(0);
    expect(performance.now() - cutMs).toBeLessThan(500);
  });

  test('before anything was loaded or sent', async () => {
    const before = native.requests.length;
    const call = callNative(open(tongue), tongue, 'text');
    call.abort('shutdown');
    expect(await endingOf(call)).toBe('shutdown');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(native.requests.length).toBe(before);
    expect(call.progress.isSent).toBe(false);
  });
});

describe('after the end of an answer', () => {
  test.each(TONGUES)('%s may hold the connection', async (tongue) => {
    const upstream = open(tongue, { timeouts: { idleMs: 150 } });
    const call = callNative(upstream, tongue, 'kept-open', {}, { isStream: true });
    expect((await call.done).facts).toMatchObject({ text: TEXT, finishReason: 'stop' });
    expect(call.progress.usage).toMatchObject({ prompt_tokens: 120 });
  });

  test.each(['google', 'bedrock'] as const)('%s may break it off', async (tongue) => {
    const call = callNative(open(tongue), tongue, 'reset-after-end', {}, { isStream: true });
    expect((await call.done).facts).toMatchObject({ text: TEXT, finishReason: 'stop' });
  });
});

test.each(TONGUES)('%s is asked for chat only', async (tongue) => {
  const error = await failureOf(
    callNative(open(tongue), tongue, 'text', {}, { path: '/completions', form: 'completion' }),
  );
  expect(error).toMatchObject({ status: 400, code: 'unsupported_by_provider', ending: 'client_fault' });
});
