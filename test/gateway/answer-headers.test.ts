import { afterAll, beforeAll, expect, test } from 'vitest';
import { headerValue } from '../../src/gateway/request/header-value.ts';
import { among, modelTable, providerTable } from '../faults/scene.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

const CHINESE = '通义千问';
/** More than the 300 ms that `ok-slow` takes. */
const SLOW_MS = 700;

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      `[routing.timeouts]\nheaders_ms = ${SLOW_MS}\nfirst_token_ms = ${SLOW_MS}\n`,
      '[routing.breaker]\nmax_cool_down_ms = 600_000\n',
      providerTable('up', upstream.baseUrl),
      providerTable('patient', upstream.baseUrl),
      ...[CHINESE, 'slow-headers', 'good', '429-huge'].map((name) => modelTable(name, 'up', name)),
      modelTable('ok-slow', 'up', 'ok-slow'),
      modelTable('gone', 'up', '500'),
      modelTable('rest-7', 'patient', '429-seconds'),
      modelTable('rest-60', 'patient', '429-huge'),
    ].join('\n'),
    { env: { UPSTREAM_KEY: 'sk-upstream-0123456789' } },
  );
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test.each([
  ['gpt-4o', 'gpt-4o'],
  ['100 %', '100 %'],
  [CHINESE, encodeURIComponent(CHINESE)],
  ['ü 50%', '%C3%BC 50%25'],
  ['a\r\nb', 'a%0D%0Ab'],
  ['\ud800', '%EF%BF%BD'],
])('%j goes into a header as %s', (text, value) => {
  expect(headerValue(text)).toBe(value);
});

test.each([false, true])('a model whose name no header can carry answers (stream: %s)', async (stream) => {
  const answer = await ask(gateway, { model: CHINESE, stream });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers['x-router-model']).toBe(encodeURIComponent(CHINESE));
});

test.each([false, true])('waiting for attempts is no overhead (stream: %s)', async (stream) => {
  const answer = await ask(gateway, { ...among('slow-headers', 'good'), stream });
  expect(answer.headers['x-router-attempts']).toBe('2');
  expect(Number(answer.headers['x-router-overhead-ms'])).toBeLessThan(SLOW_MS - 50);
});

test.each([false, true])('waiting for the first token is none either (stream: %s)', async (stream) => {
  const answer = await ask(gateway, { model: 'ok-slow', stream });
  expect(answer.headers['x-router-attempts']).toBe('1');
  expect(Number(answer.headers['x-router-overhead-ms'])).toBeLessThan(250);
});

test('of several rests the client is told the shortest, and a minute at most', async () => {
  const alone = await ask(gateway, { model: '429-huge' });
  expect(alone.headers['retry-after']).toBe('60');
  const both = await ask(gateway, among('rest-7', 'rest-60'));
  expect(both.headers['retry-after']).toBe('7');
});

test('the guard rests as long as its own setting allows', async () => {
  const { data } = await read<{
    data: { endpoints: { endpoint: string; cooling_until: string | null }[] }[];
  }>(gateway, '/v1/intelligence/health');
  const resting = data
    .flatMap(({ endpoints }) => endpoints)
    .find(({ endpoint }) => endpoint === 'up/429-huge');
  expect(Date.parse(resting?.cooling_until ?? '') - Date.now()).toBeGreaterThan(500_000);
});

test.each(['/v1/chat/completions', '/v1/responses', '/v1/messages'])(
  'an error after attempts says who was asked: %s',
  async (path) => {
    const answer = await send(`${gateway.url}${path}`, {
      body: {
        model: 'slow-headers',
        models: ['gone'],
        max_tokens: 10,
        input: 'hi',
        messages: [{ role: 'user', content: 'hi' }],
        ...(path === '/v1/chat/completions' ? { input: undefined } : {}),
        ...(path === '/v1/responses' ? { messages: undefined, max_tokens: undefined } : {}),
      },
      headers: { 'x-router-task': 'translation' },
    });
    expect(answer.status, answer.text).toBe(502);
    expect(answer.headers).toMatchObject({
      'x-router-model': 'gone',
      'x-router-provider': 'up',
      'x-router-attempts': '2',
      'x-router-reason': 'fallback',
      'x-router-task': 'translation',
      'x-router-strategy': 'balanced',
    });
    expect(Number(answer.headers['x-router-overhead-ms'])).toBeLessThan(SLOW_MS - 50);
    expect(Number(answer.headers['x-router-cost-usd'])).toBeGreaterThanOrEqual(0);
    const explained = await read<{ attempts: object[]; cost: { actual_usd: number } }>(
      gateway,
      `/v1/explain/${answer.headers['x-request-id']}`,
    );
    expect(explained.attempts).toHaveLength(2);
    expect(explained.cost.actual_usd).toBe(Number(answer.headers['x-router-cost-usd']));
  },
);

test('an error before any attempt says what was decided, and names nobody', async () => {
  const answer = await ask(gateway, { route: { max_cost_usd: 1e-12 }, stream: true });
  expect(answer.status).toBe(503);
  expect(answer.headers).toMatchObject({
    'x-router-attempts': '0',
    'x-router-cost-usd': '0',
    'x-router-task': 'translation',
    'x-router-strategy': 'balanced',
  });
  expect(answer.headers).not.toHaveProperty('x-router-model');
  const unknown = await ask(gateway, { model: 'nobody' });
  expect(unknown.status).toBe(404);
  expect(unknown.headers).not.toHaveProperty('x-router-attempts');
});
