import { afterAll, beforeAll, expect, test } from 'vitest';
import { headerValue } from '../../src/gateway/request/header-value.ts';
import { among, modelTable, providerTable } from '../faults/scene.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
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
