import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBenchConfig } from '../../scripts/reports/bench-config.ts';
import { fillStore } from '../../scripts/reports/fill-store.ts';
import { questionsOf } from '../../scripts/reports/questions.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openUpstreams } from '../../src/providers/open-upstreams.ts';
import { type Serving, serve } from '../../src/serve.ts';
import { openStore } from '../../src/store/open.ts';
import { type Answer, send } from '../http/send.ts';
import { type Cluster, findPostgres, startPostgres } from '../store/postgres.ts';

const DAYS = 4;
const KEYS = 6;
/** A Thursday noon: days, hours and the blocks of patterns that are over, and such that are not. */
const NOW_MS = Date.UTC(2026, 2, 19, 12, 34, 56);
/** Sums of the same numbers in another order. */
const TOLERANCE = 1e-9;

/** Whose health is told: drawn at the start of each process. */
const OF_THE_PROCESS = 'process';
/** Series of the process, what keys begin with, and what a choice draws. */
const TOLD_BY_CHANCE = ['/metrics', '/v1/keys', '/v1/route'];

interface Side {
  readonly serving: Serving;
  readonly adminKey: string;
  readonly requestIds: readonly string[];
  /** Ids of keys are drawn at random. */
  readonly idToName: ReadonlyMap<string, string>;
}

const binaries = findPostgres();

describe.skipIf(binaries === undefined)('reports (skipped where PostgreSQL is not installed)', () => {
  let folder: string;
  let cluster: Cluster;
  let sqlite: Side;
  let postgres: Side;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrider-both-'));
    cluster = await startPostgres(binaries ?? '');
    sqlite = await openSide('sqlite', `sqlite:${join(folder, 'outrider.db')}`);
    postgres = await openSide('postgres', await cluster.createDatabase());
  }, 240_000);

  afterAll(async () => {
    await sqlite?.serving.close();
    await postgres?.serving.close();
    await cluster?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openSide(name: string, url: string): Promise<Side> {
    mkdirSync(join(folder, name));
    const configPath = writeBenchConfig(join(folder, name), url);
    const env = { OUTRIDER_DETECT: 'none', OUTRIDER_SEED: '3', OUTRIDER_LOG_LEVEL: 'silent' };
    const { models } = await loadConfig({ path: configPath, env, simulatedModels: [] });
    const filled = await fillStore({
      url,
      models,
      attempts: 3_000,
      days: DAYS,
      keys: KEYS,
      untilMs: NOW_MS,
      onProgress: () => {},
    });
    const store = await openStore({ url, now: () => NOW_MS });
    while ((await store.rollUp()) !== undefined);
    while ((await store.packDay()) !== undefined);
    const keys = await store.listKeys();
    await store.close();
    const world = { nowMs: () => NOW_MS, monotonicMs: () => performance.now(), openUpstreams };
    return {
      serving: await serve({ configPath, env, print: () => {}, world }),
      adminKey: filled.key,
      requestIds: filled.requestIds,
      idToName: new Map(keys.map(({ id, name: keyName }) => [id, keyName])),
    };
  }

  test('are the same on SQLite and on PostgreSQL, every one', async () => {
    const sides = [sqlite, postgres];
    const questions = sides.map((side) => {
      const [keyId] = [...side.idToName].find(([, name]) => name === 'team 0') ?? [''];
      return questionsOf({ requestIds: side.requestIds, keyId, nowMs: NOW_MS, days: DAYS });
    });
    expect(questions[0]?.length).toBeGreaterThan(50);
    for (const [index, { name }] of (questions[0] ?? []).entries()) {
      if (TOLD_BY_CHANCE.some((path) => name.includes(path))) continue;
      const answers: Answer[] = [];
      for (const [at, side] of sides.entries()) {
        const question = questions[at]?.[index];
        answers.push(
          await send(`${side.serving.url}${question?.path(0)}`, { key: side.adminKey, body: question?.body }),
        );
      }
      const [one, other] = answers;
      expect(one?.status, name).toBe(200);
      expect(other?.status, name).toBe(200);
      expectSame(plain(other?.json, postgres.idToName), plain(one?.json, sqlite.idToName), name);
    }
  }, 60_000);
});

/** With the names of keys for their ids, in one order: where two keys have as much, the id decides. */
function plain(value: unknown, idToName: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return idToName.get(value) ?? value;
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, idToName));
    return items.some((item) => isObject(item) && ('key_id' in item || 'key_name' in item))
      ? items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== OF_THE_PROCESS)
      .map(([name, member]) => [name, plain(member, idToName)]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Each number on its own: `toBeCloseTo` knows no relative error, and `toEqual` none at all. */
function expectSame(found: unknown, wanted: unknown, at: string): void {
  if (typeof wanted === 'number' && typeof found === 'number') {
    expect(Math.abs(found - wanted), `${at}: ${found}, not ${wanted}`).toBeLessThanOrEqual(
      TOLERANCE * Math.max(1, Math.abs(wanted)),
    );
  } else if (Array.isArray(wanted) && Array.isArray(found)) {
    expect(found.length, at).toBe(wanted.length);
    for (const [index, item] of wanted.entries()) expectSame(found[index], item, `${at}[${index}]`);
  } else if (isObject(wanted) && isObject(found)) {
    expect(Object.keys(found), at).toEqual(Object.keys(wanted));
    for (const [name, member] of Object.entries(wanted)) expectSame(found[name], member, `${at}.${name}`);
  } else expect(found, at).toBe(wanted);
}
