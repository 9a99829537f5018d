import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataOfEvents } from '../../src/core/wire/event-data.ts';
import { send } from '../http/send.ts';
import { among, attemptsOf, breakerOf, openScene, type Scene } from './scene.ts';

let scene: Scene;
let agent: Agent;

beforeAll(async () => {
  scene = await openScene(['responses', 'messages', 'left-responses', 'left-messages']);
  agent = new Agent();
});
afterAll(async () => {
  await agent.destroy();
  await scene.close();
});

interface Dialect {
  readonly path: string;
  readonly request: object;
  /** What an error body has to look like. */
  readonly error: (code: string) => object;
  /** Types of the last events of a stream that ended so. */
  readonly whole: readonly string[];
  readonly broken: readonly string[];
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  responses: {
    path: '/v1/responses',
    request: { input: 'Say hello.' },
    error: (code) => ({ error: { code, message: expect.any(String), param: null } }),
    whole: ['response.output_item.done', 'response.completed'],
    broken: ['error', 'response.failed'],
  },
  messages: {
    path: '/v1/messages',
    request: { max_tokens: 100, messages: [{ role: 'user', content: 'Say hello.' }] },
    error: (code) => ({
      type: 'error',
      error: { type: expect.stringMatching(/_error$/), code, message: expect.any(String) },
      request_id: expect.any(String),
    }),
    whole: ['content_block_stop', 'message_delta', 'message_stop'],
    broken: ['content_block_delta', 'error'],
  },
};

describe.each(Object.entries(DIALECTS))('%s', (name, dialect) => {
  const ask = (body: object) =>
    send(scene.gateway.url + dialect.path, { body: { ...dialect.request, ...body } });
  const lastTypes = (text: string, count: number) =>
    dataOfEvents(text)
      .map((data) => JSON.parse(data).type)
      .slice(-count);

  test.each([
    ['refuse', 502, 'upstream_unreachable', 'connect'],
    ['reset-before-headers', 502, 'upstream_error', 'before_headers'],
    ['slow-headers', 504, 'upstream_timeout', 'timeout'],
    ['429-seconds', 429, 'rate_limit_exceeded', 'rate_limited'],
    ['503-waking', 503, 'model_waking_up', 'waking'],
    ['500', 502, 'upstream_error', 'server_error'],
    ['401', 502, 'upstream_auth', 'credentials'],
    ['malformed-json', 502, 'bad_upstream_response', 'bad_answer'],
    ['no-choices', 502, 'bad_upstream_response', 'bad_answer'],
  ])('%s alone is %i, and another model takes over', async (model, status, code, ending) => {
    const alone = await ask({ model: `${name}.${model}` });
    expect(alone.status).toBe(status);
    expect(alone.json).toMatchObject(dialect.error(code));
    expect(await attemptsOf(scene.gateway, alone)).toMatchObject([{ ending }]);
    const rescued = await ask(among(`${name}.${model}`, 'good'));
    expect(rescued.status).toBe(200);
  });

  test.each(['stream-error-event-first', 'stream-empty', 'stream-done-only', 'stream-stall-first'])(
    'a stream: %s before its first token, and another model takes over',
    async (model) => {
      const rescued = await ask({ ...among(`${name}.${model}`, 'good'), stream: true });
      expect(rescued.status).toBe(200);
      expect(lastTypes(rescued.text, dialect.whole.length)).toEqual(dialect.whole);
      expect(await attemptsOf(scene.gateway, rescued)).toMatchObject([
        { ending: model === 'stream-stall-first' ? 'timeout' : 'stream_before_token' },
        { ending: 'completed' },
      ]);
    },
  );

  test.each(['stream-reset-after', 'stream-truncated', 'stream-error-after', 'stream-stall-after'])(
    'a stream that dies in the middle: %s',
    async (model) => {
      const died = await ask({ model: `${name}.${model}`, stream: true });
      expect(died.status).toBe(200);
      expect(lastTypes(died.text, dialect.broken.length)).toEqual(dialect.broken);
      expect(await attemptsOf(scene.gateway, died)).toMatchObject([{ ending: 'stream_after_token' }]);
      expect(await breakerOf(scene.gateway, `${name}/${model}`)).toMatch(/^failures/);
      const held = await ask({
        ...among(`${name}.${model}`, 'good'),
        stream: true,
        route: { strategy: 'priority', models: [`${name}.${model}`, 'good'], hold_back: true },
      });
      expect(lastTypes(held.text, dialect.whole.length)).toEqual(dialect.whole);
    },
  );

  test.each([
    'stream-no-done',
    'stream-crlf',
    'stream-cr',
    'stream-comments',
    'stream-multiline-data',
    'stream-bom',
    'stream-text-after-done',
    'stream-split-bytes',
    'stream-python-spaces',
    'stream-usage-in-each',
    'stream-usage-in-finish',
    'stream-json-instead',
  ])('a stream that is odd and whole: %s', async (model) => {
    const seen = await ask({ model: `${name}.${model}`, stream: true });
    expect(seen.status).toBe(200);
    expect(lastTypes(seen.text, dialect.whole.length)).toEqual(dialect.whole);
    expect(await attemptsOf(scene.gateway, seen)).toMatchObject([{ ending: 'completed' }]);
  });

  test('a client that leaves a stream', async () => {
    const leaving = new AbortController();
    const requestId = `left-${name}`;
    const answer = await agent.request({
      origin: scene.gateway.url,
      path: dialect.path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body: JSON.stringify({ ...dialect.request, model: `left-${name}.stream-stall-after`, stream: true }),
      signal: leaving.signal,
    });
    const reading = answer.body.text().catch((error: Error) => error.name);
    const callsOf = () =>
      scene.upstream.requests.filter(({ model }) => model === 'stream-stall-after').at(-1);
    await expect.poll(callsOf, { interval: 5 }).toBeDefined();
    leaving.abort();
    expect(await reading).toBe('AbortError');
    await expect.poll(() => callsOf()?.leftAtMs, { interval: 5 }).toBeDefined();
    const seen = { headers: { 'x-request-id': requestId } };
    await expect.poll(async () => (await attemptsOf(scene.gateway, seen))[0]?.ending).toBe('client_left');
    expect(await breakerOf(scene.gateway, `left-${name}/stream-stall-after`)).toBe('untouched');
  });
});
