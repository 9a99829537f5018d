import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask, get } from './ask.ts';
import { expectOurError, expectRetryAfter, expectWhole } from './expect-answer.ts';
import { among, attemptsOf, breakerOf, modelTable, providerTable } from './scene.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let folder: string;
let path: string;

beforeEach(async () => {
  upstream = await startMisbehavingUpstream();
  folder = await mkdtemp(join(tmpdir(), 'outrider-storage-'));
  path = join(folder, 'outrider.db');
});
afterEach(async () => {
  await gateway.stop();
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const names = ['slow-headers', 'ok-slow', 'good', '401'];
  const toml = [
    '[routing.timeouts]\nheaders_ms = 800\n[routing.breaker]\nopen_ms = 100\n',
    providerTable('some', upstream.baseUrl),
    ...names.map((name) => modelTable(name, 'some', name)),
  ].join('\n');
  gateway = await startGateway(toml, {
    store: `sqlite:${path}`,
    env: { UPSTREAM_KEY: 'sk-upstream-0123456789' },
  });
}

/** Another process that has the database to itself. */
function lock(): { release(): void } {
  const other = new SqliteDatabase(path);
  other.exec('begin exclusive');
  return {
    release() {
      other.exec('rollback');
      other.close();
    },
  };
}

async function expectDegraded(): Promise<void> {
  const ready = await get(gateway, '/health/ready');
  expect(ready).toMatchObject({
    status: 503,
    json: { status: 'degraded', reasons: ['storage unavailable'] },
  });
  expect(await get(gateway, '/health/live')).toMatchObject({ status: 200 });
}

async function expectRecovered(): Promise<void> {
  await expect.poll(async () => (await get(gateway, '/health/ready')).status, { timeout: 10_000 }).toBe(200);
  const seen = await ask(gateway, among('good'));
  expectWhole(seen);
  expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'completed' }]);
}

describe('a database that another process has locked', () => {
  test('503 before anything is sent, and back to work by itself', async () => {
    await start();
    const locked = lock();
    for (const stream of [false, true]) {
      const seen = await ask(gateway, { ...among('good'), stream });
      expectOurError(seen, 503, 'storage_unavailable');
      expectRetryAfter(seen, 1);
      // Not before it was tried for a tenth of a second, and not long after.
      expect(seen.tookMs).toBeGreaterThan(80);
      expect(seen.tookMs).toBeLessThan(700);
    }
    expect(upstream.requests).toEqual([]);
    await expectDegraded();
    locked.release();
    await expectRecovered();
    expect(upstream.requests).toHaveLength(1);
  });

  test('a probe that could not be written down gives its place to the next', async () => {
    await start();
    const isHalfOpen = () =>
      expect.poll(() => breakerOf(gateway, 'some/401'), { interval: 20 }).toBe('half_open');
    expectOurError(await ask(gateway, among('401')), 502, 'upstream_auth');
    await isHalfOpen();
    const locked = lock();
    // For a tenth of a second after a commit the gateway does not ask whether it may write.
    await delay(150);
    expectOurError(await ask(gateway, among('401')), 503, 'storage_unavailable');
    locked.release();
    await expectRecovered();
    await isHalfOpen();
    expectOurError(await ask(gateway, among('401')), 502, 'upstream_auth');
    expect(upstream.countFor('401')).toBe(2);
  });

  test('a lock of less than a tenth of a second is waited out', async () => {
    await start();
    const locked = lock();
    const seen = ask(gateway, among('good'));
    setTimeout(() => locked.release(), 40);
    expectWhole(await seen);
  });

  test('an answer that is under way comes through; its ending is written when there is room again', async () => {
    await start();
    const running = ask(gateway, among('ok-slow'));
    await expect.poll(() => upstream.countFor('ok-slow'), { interval: 5 }).toBe(1);
    const locked = lock();
    const seen = await running;
    expectWhole(seen);
    const explained = await get(gateway, `/v1/explain/${seen.headers['x-request-id']}`);
    expectOurError(explained, 503, 'storage_unavailable');
    locked.release();
    await expect
      .poll(() => attemptsOf(gateway, seen).catch(() => []), { timeout: 10_000 })
      .toMatchObject([{ ending: 'completed' }]);
  });

  test('when the first model failed and the second cannot be written down, the client hears of the first', async () => {
    await start();
    const running = ask(gateway, among('slow-headers', 'good'));
    await expect.poll(() => upstream.countFor('slow-headers'), { interval: 5 }).toBe(1);
    const locked = lock();
    expectOurError(await running, 504, 'upstream_timeout');
    expect(upstream.countFor('good')).toBe(0);
    locked.release();
    await expectRecovered();
  });
});

test.skipIf(spawnSync('prlimit', ['--version']).status !== 0)('a full disk: the same', async () => {
  await start();
  expectWhole(await ask(gateway, among('good')));
  const before = upstream.requests.length;
  try {
    // The soft limit of this test's own process: beyond it a write fails as on a full disk.
    limitFileSize(statSync(`${path}-wal`).size);
    await expect.poll(async () => (await ask(gateway, among('good'))).status).toBe(503);
    const reached = upstream.requests.length;
    const seen = await ask(gateway, among('good'));
    expectOurError(seen, 503, 'storage_unavailable');
    expect(upstream.requests.length).toBe(reached);
    expect(reached - before).toBeLessThan(5);
    await expectDegraded();
  } finally {
    limitFileSize('unlimited');
  }
  await expectRecovered();
});

function limitFileSize(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

test('beliefs that make no sense are left out, and fail no request', async () => {
  const store = await openStore({ url: `sqlite:${path}`, now: () => Date.now() });
  await store.close();
  const database = new SqliteDatabase(path);
  const insert = database.prepare(
    'insert into belief_sums (kind, subject, task, source, epoch, a, b, c) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const nonsense: readonly (readonly unknown[])[] = [
    ['quality', 'good', 'translation', 'human', 0, Number.POSITIVE_INFINITY, 1, 1],
    ['quality', 'good', 'summarization', 'human', 0, -50, 1, 1],
    ['quality', 'good', 'extraction', 'human', 0, 'a lot', 1, 1],
    ['tokens', 'good', 'translation', '', 0, 1, Number.NEGATIVE_INFINITY, 1],
    ['ttft', 'some/good', 'translation', '', 0, -1e300, 1e300, 1e308],
    ['availability', 'some/good', 'unknown', '', -7, 1, 1, 0],
    ['charm', 'good', 'translation', 'human', 0, 1, 1, 1],
    ['quality', 'good', 'astrology', 'human', 0, 1, 1, 1],
  ];
  for (const row of nonsense) insert.run(...row);
  insert.run('quality', 'good', 'translation', 'client_test', 0, 30, 10, 40);
  database.close();

  await start();
  for (let count = 0; count < 20; count++) {
    const seen = await ask(
      gateway,
      { model: 'auto', route: { models: ['good'] } },
      { 'x-router-task': 'translation' },
    );
    expectWhole(seen);
  }
  const { status, text, json } = await get(gateway, '/v1/intelligence/rankings?task=translation');
  expect(status).toBe(200);
  expect(text).not.toMatch(/NaN|Infinity/);
  expect(JSON.stringify(json)).toContain('"good"');
});
