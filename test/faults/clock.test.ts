import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, get } from './ask.ts';
import { expectWhole } from './expect-answer.ts';
import { among, attemptsOf, breakerOf, healthOf, modelTable, providerTable } from './scene.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-03-10T12:30:00Z');

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  // Only the clock on the wall: durations and timers run on as they do when somebody sets it.
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  upstream = await startMisbehavingUpstream();
  const names = ['ok-slow', '429-seconds', '500', 'good'];
  gateway = await startGateway(
    [providerTable('some', upstream.baseUrl), ...names.map((name) => modelTable(name, 'some', name))].join(
      '\n',
    ),
    { env: { UPSTREAM_KEY: 'sk-upstream-0123456789' } },
  );
});
afterEach(async () => {
  await gateway.stop();
  await upstream.close();
  vi.useRealTimers();
});

const JUMPS = [
  ['an hour back', -HOUR_MS],
  ['an hour on', HOUR_MS],
  ['thirty days back', -30 * 24 * HOUR_MS],
  ['thirty days on', 30 * 24 * HOUR_MS],
] as const;

test.each(JUMPS)('%s in the middle of an answer', async (_name, jumpMs) => {
  const running = ask(gateway, among('ok-slow'));
  await expect.poll(() => upstream.countFor('ok-slow')).toBe(1);
  vi.setSystemTime(START_MS + jumpMs);
  const seen = await running;
  expectWhole(seen);
  expectWhole(await ask(gateway, { ...among('good'), stream: true }));

  const [attempt] = await attemptsOf(gateway, seen);
  expect(attempt?.latency_ms).toBeGreaterThan(250);
  expect(attempt?.latency_ms).toBeLessThan(10_000);
  const facts = await gateway.withStore(async (store) => {
    const all = [];
    for await (const fact of store.attemptFacts()) all.push(fact);
    return all;
  });
  expect(facts).toHaveLength(2);
  for (const { startedAtMs, endedAtMs } of facts) expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs);
  // Each is counted in one hour, not in two.
  const hours = await gateway.withStore((store) => store.readTraffic(0));
  expect(hours.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);

  for (const path of ['/v1/intelligence/health', '/v1/intelligence/rankings', '/metrics']) {
    const { status, text } = await get(gateway, path);
    expect(status).toBe(200);
    expect(text).not.toMatch(/NaN|":-\d/);
  }
});

test.each(JUMPS)('%s does not make a rest longer, and opens nothing', async (_name, jumpMs) => {
  await ask(gateway, { model: '429-seconds' });
  expect(await breakerOf(gateway, 'some/429-seconds')).toBe('cooling');
  for (let count = 0; count < 5; count++) await ask(gateway, { model: '500' });
  expect(await breakerOf(gateway, 'some/500')).toBe('open');

  vi.setSystemTime(START_MS + jumpMs);
  const { cooling_until } = await healthOf(gateway, 'some/429-seconds');
  if (cooling_until !== null) expect(Date.parse(cooling_until) - Date.now()).toBeLessThanOrEqual(60_000);
  // The breaker's wait is half a minute of time that passes, whatever the clock says.
  expect(await breakerOf(gateway, 'some/500')).toBe('open');
  const seen = await ask(gateway, { model: '500' });
  expect(seen.status).toBe(503);
  expect(Number(seen.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(Number(seen.headers['retry-after'])).toBeLessThanOrEqual(60);
  expectWhole(await ask(gateway, among('good')));
});
