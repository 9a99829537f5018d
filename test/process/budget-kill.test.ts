import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { EndedAttempt } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { providerToml } from '../fixtures/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../fixtures/gateway-process.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { findPostgres, startPostgres } from '../store/postgres.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

/** More tokens than the upstream charges for: an answer costs 20 µUSD, and a little more is reserved for it. */
const PROMPT = 'Hello there. What is the capital of France, and what is that of Spain, please?';
const LIMIT_MICRO_USD = 3_000;

interface Scene {
  readonly upstream: MisbehavingUpstream;
  readonly configPath: string;
  readonly url: string;
  readonly key: string;
  readonly keyId: string;
}

async function openScene(databaseUrl: (folder: string) => Promise<string> | string): Promise<Scene> {
  const upstream = await startMisbehavingUpstream();
  closers.push(upstream.close);
  const folder = await mkdtemp(join(tmpdir(), 'outrider-budget-kill-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const url = await databaseUrl(folder);
  const configPath = join(folder, 'outrider.toml');
  await writeFile(
    configPath,
    [
      '[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0\n[store]',
      `url = ${JSON.stringify(url)}`,
      '[budgets]\nusd_per_month = 1',
      providerToml('upstream', upstream.baseUrl, ['ok', 'slow-headers', '500']),
    ].join('\n'),
  );
  const store = await openStore({ url, now: () => Date.now() });
  const { key, record } = await store.createKey({
    name: 'test',
    scopes: ['inference', 'intelligence'],
    budgetMicroUsdPerDay: LIMIT_MICRO_USD,
  });
  await store.close();
  return { upstream, configPath, url, key, keyId: record.id };
}

async function startProcess({ configPath }: Scene): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(configPath, { OUTRIDER_LOG_LEVEL: 'silent' });
  closers.push(() => gateway.kill('SIGKILL'));
  return gateway;
}

/** `count` requests at once; their statuses, 0 for those that were cut off. */
function askMany(gateway: GatewayProcess, { key }: Scene, count: number, model = 'slow-headers') {
  const agent = new Agent({ connections: count });
  closers.push(() => agent.destroy());
  return Promise.all(
    Array.from({ length: count }, async () => {
      try {
        const { statusCode, body } = await request(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          dispatcher: agent,
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
          body: JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: PROMPT }] }),
        });
        await body.dump();
        return statusCode;
      } catch {
        return 0;
      }
    }),
  );
}

async function budgetOf(gateway: GatewayProcess, { key }: Scene) {
  const { body } = await request(`${gateway.url}/v1/budgets`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data } = (await body.json()) as { data: { spent_usd: number; reserved_usd: number }[] };
  return {
    spentMicroUsd: Math.round((data[0]?.spent_usd ?? -1) * 1e6),
    reservedMicroUsd: Math.round((data[0]?.reserved_usd ?? -1) * 1e6),
  };
}

/** What the metrics say, which read memory only. */
async function knownSpent(gateway: GatewayProcess, { key, keyId }: Scene): Promise<number> {
  const { body } = await request(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  const series = new RegExp(`outrider_budget_spent_usd\\{budget="${keyId}",window="day"\\} (\\S+)`);
  return Math.round(Number(series.exec(await body.text())?.[1]) * 1e6);
}

async function rowsOf({ url }: Scene): Promise<EndedAttempt[]> {
  const store = await openStore({ url, now: () => Date.now() });
  try {
    const rows: EndedAttempt[] = [];
    for await (const row of store.attemptFacts()) rows.push(row);
    return rows;
  } finally {
    await store.close();
  }
}

const costOf = (rows: readonly EndedAttempt[]) =>
  rows.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);

describe('kill -9 with reservations under way', () => {
  it('leaves nothing reserved: after the restart the budget says what the rows say, and never more was sent than it had', async () => {
    const scene = await openScene((folder) => `sqlite:${join(folder, 'outrider.db')}`);
    const first = await startProcess(scene);
    expect(await askMany(first, scene, 30, 'ok')).toEqual(Array(30).fill(200));
    const asked = askMany(first, scene, 40);
    await expect.poll(() => scene.upstream.countFor('slow-headers')).toBe(40);
    const before = await budgetOf(first, scene);
    expect(before.reservedMicroUsd).toBeGreaterThan(40 * 15);
    first.kill('SIGKILL');
    await first.exited;
    await asked;

    const second = await startProcess(scene);
    const after = await budgetOf(second, scene);
    expect(after.reservedMicroUsd).toBe(0);
    // What was under way is charged at its estimate: just what had been reserved.
    expect(after.spentMicroUsd).toBe(before.spentMicroUsd + before.reservedMicroUsd);
    const statuses = await askMany(second, scene, 200, 'ok');
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status === 402).length).toBeGreaterThan(20);
    const last = await budgetOf(second, scene);
    second.kill('SIGTERM');
    expect(await second.exited).toEqual({ code: 0, signal: null });
    const rows = await rowsOf(scene);
    expect(rows.filter(({ ending }) => ending === 'unknown')).toHaveLength(40);
    expect(last).toEqual({ spentMicroUsd: costOf(rows), reservedMicroUsd: 0 });
    expect(costOf(rows)).toBeLessThanOrEqual(LIMIT_MICRO_USD);
    expect(scene.upstream.requests.length).toBe(rows.length);
  }, 120_000);

  it.skipIf(findPostgres() === undefined)(
    'two replicas on PostgreSQL know of each other within about a second; the dead one is charged by the next start',
    async () => {
      const cluster = await startPostgres(findPostgres() ?? '');
      closers.push(() => cluster.remove());
      const scene = await openScene(() => cluster.createDatabase());
      const [one, other] = [await startProcess(scene), await startProcess(scene)];
      expect(await askMany(one, scene, 30, 'ok')).toEqual(Array(30).fill(200));
      const asked = askMany(one, scene, 40);
      await expect.poll(() => scene.upstream.countFor('slow-headers')).toBe(40);
      // The other one sees what the first has under way, as reserved.
      const seen = await budgetOf(other, scene);
      expect(seen.spentMicroUsd).toBe(30 * 20);
      expect(seen.reservedMicroUsd).toBeGreaterThan(40 * 15);
      one.kill('SIGKILL');
      await one.exited;
      await asked;
      expect(await budgetOf(other, scene)).toEqual(seen);
      const third = await startProcess(scene);
      const settled = { spentMicroUsd: seen.spentMicroUsd + seen.reservedMicroUsd, reservedMicroUsd: 0 };
      expect(await budgetOf(third, scene)).toEqual(settled);
      expect(await budgetOf(other, scene)).toEqual(settled);

      // One spends what is left; the other hears of it without being asked, and refuses.
      while ((await askMany(third, scene, 10, 'ok')).includes(200));
      const { spentMicroUsd } = await budgetOf(third, scene);
      await expect.poll(() => knownSpent(other, scene), { timeout: 20_000 }).toBe(spentMicroUsd);
      expect(await askMany(other, scene, 20, 'ok')).toEqual(Array(20).fill(402));
      for (const gateway of [other, third]) gateway.kill('SIGTERM');
      await Promise.all([other.exited, third.exited]);
      const rows = await rowsOf(scene);
      expect(rows.filter(({ ending }) => ending === 'unknown')).toHaveLength(40);
      expect(costOf(rows)).toBeLessThanOrEqual(LIMIT_MICRO_USD);
    },
    180_000,
  );
});
