import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Filled, fillHistory } from '../../../scripts/demo/history/fill-history.ts';
import { NEWCOMER_MODEL, TEAMS } from '../../../scripts/demo/history/scene.ts';
import { createSceneUpstreams } from '../../../scripts/demo/history/scene-upstreams.ts';
import { createVirtualClock } from '../../../scripts/demo/history/virtual-clock.ts';
import { serve } from '../../../src/serve.ts';
import type { EndedAttempt, Store } from '../../../src/store/contract.ts';
import { openStore } from '../../../src/store/open.ts';

const ALL = { limit: 200, before: undefined, keyId: undefined, task: undefined, reason: undefined };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-demo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fill = (place: string, more: Partial<Parameters<typeof fillHistory>[0]> = {}) =>
  fillHistory({
    folder: join(folder, place),
    requests: 400,
    seed: 1,
    endMs: Date.now(),
    onProgress: () => {},
    signal: new AbortController().signal,
    ...more,
  });

async function withStore<Result>(place: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore({ url: `sqlite:${join(folder, place, 'outrider.db')}`, now: Date.now });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

describe('an installation that the demo has filled', () => {
  let filled: Filled;
  let attempts: EndedAttempt[];
  let shares: number[];
  beforeAll(async () => {
    shares = [];
    filled = await fill('whole', { onProgress: (share) => void shares.push(share) });
    attempts = [];
    await withStore('whole', async (store) => {
      for await (const attempt of store.attemptFacts()) attempts.push(attempt);
    });
  }, 300_000);

  it('holds two weeks up to now of what every team asked, each attempt ended and timed', async () => {
    expect(filled.requests).toBeGreaterThan(350);
    const keys = await withStore('whole', (store) => store.listKeys());
    const names = attempts.map(({ keyId }) => keys.find(({ id }) => id === keyId)?.name);
    expect(names).toEqual(expect.arrayContaining(TEAMS.map(({ key }) => key.name)));
    const started = attempts.map(({ startedAtMs }) => startedAtMs);
    expect(Math.min(...started)).toBeGreaterThanOrEqual(filled.startMs);
    expect(Math.min(...started)).toBeLessThan(filled.startMs + 2 * 86_400_000);
    expect(Math.max(...started)).toBeLessThanOrEqual(filled.endMs);
    expect(Math.max(...started)).toBeGreaterThan(filled.endMs - 86_400_000);
    for (const { ending, endedAtMs, startedAtMs, latencyMs } of attempts) {
      expect(ending).not.toBe('unknown');
      expect(Number.isInteger(startedAtMs)).toBe(true);
      // As long as a model takes, not as long as the demo did; the judge's calls run beside others.
      if (ending === 'completed') expect(latencyMs).toBeGreaterThan(5);
      expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs + Math.floor(latencyMs) - 1);
    }
    expect(new Set(attempts.map(({ task }) => task)).size).toBeGreaterThan(10);
    expect(new Set(attempts.map(({ provider }) => provider)).size).toBe(3);
  });

  it('offers the newcomer only from its day on', () => {
    const ofNewcomer = attempts.filter(({ modelId }) => modelId === NEWCOMER_MODEL);
    expect(ofNewcomer.length).toBeGreaterThan(0);
    for (const { startedAtMs } of ofNewcomer) {
      expect(startedAtMs).toBeGreaterThanOrEqual(filled.happenings.newcomer.atMs);
    }
  });

  it('holds what the gateway itself writes: decisions, verdicts, beliefs, roll-ups, epochs', async () => {
    await withStore('whole', async (store) => {
      const { requests } = await store.listRequests({ ...ALL, modelId: undefined });
      expect(requests.length).toBeGreaterThan(100);
      const history = await store.readRequest(requests[0]?.requestId ?? '');
      expect(JSON.parse(history?.request.decision ?? '')).toBeTruthy();
      expect((await store.loadBeliefs()).beliefs.length).toBeGreaterThan(50);
      const traffic = await store.readTraffic(filled.startMs);
      expect(traffic.reduce((sum, { requests: count }) => sum + count, 0)).toBe(attempts.length);
      const epochs = await store.loadEpochs();
      expect(epochs).toContainEqual(
        expect.objectContaining({ modelId: filled.happenings.relapse.model, cause: 'reevaluation' }),
      );
    });
    const verdicts = attempts.flatMap(({ feedback }) => feedback.map(({ source }) => source));
    expect(new Set(verdicts)).toContain('client_test');
    expect(verdicts.length).toBeGreaterThan(20);
  });

  it('told of its progress from 0 to 1', () => {
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares[0]).toBeLessThan(0.2);
    expect(shares.at(-1)).toBeGreaterThan(0.9);
  });

  it('is served as it stands, with every model there', async () => {
    const { configPath } = filled;
    const serving = await serve({
      configPath: await withPort(configPath),
      env: { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: 'silent' },
      print: () => {},
    });
    try {
      const models = await (await fetch(`${serving.url}/v1/models`)).json();
      expect(JSON.stringify(models)).toContain(NEWCOMER_MODEL);
      const rankings = await (await fetch(`${serving.url}/v1/intelligence/rankings`)).json();
      expect(JSON.stringify(rankings)).toContain('"observed"');
    } finally {
      await serving.close();
    }
  }, 120_000);

  it('is not filled twice', async () => {
    await expect(fill('whole')).rejects.toThrow('settings already');
    await rm(filled.configPath);
    await expect(fill('whole')).rejects.toThrow('The demo has filled');
    expect(existsSync(join(folder, 'whole', 'outrider.db'))).toBe(true);
  });
});

/** The same settings on a free port. */
async function withPort(configPath: string): Promise<string> {
  const path = join(folder, 'served.toml');
  const text = await readFile(configPath, 'utf8');
  await writeFile(path, text.replace('[api]\n', '[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0\n'));
  return path;
}

describe('an installation that is not fresh', () => {
  it('keeps what it has', async () => {
    await mkdir(join(folder, 'used'));
    await withStore('used', (store) => store.createKey({ name: 'somebody', scopes: ['inference'] }));
    await expect(fill('used')).rejects.toThrow('only a fresh installation');
    expect((await withStore('used', (store) => store.listKeys())).map(({ name }) => name)).toEqual([
      'somebody',
    ]);
    expect(await readdir(join(folder, 'used'))).not.toContain('outrider.toml');
  });

  it('gets no key from the demo while a gateway serves there', async () => {
    await mkdir(join(folder, 'serving'));
    await withStore('serving', async (serving) => {
      await serving.recoverPending();
      await expect(fill('serving')).rejects.toThrow('serving');
      expect(await serving.hasKeys()).toBe(false);
    });
    expect(existsSync(join(folder, 'serving', 'outrider.db'))).toBe(true);
  });
});

it('leaves nothing behind when it is given up', async () => {
  const interrupt = new AbortController();
  const given = fill('given-up', {
    signal: interrupt.signal,
    onProgress: (_share, { requests }) => requests > 5 && interrupt.abort(new Error('given up')),
  });
  await expect(given).rejects.toThrow('given up');
  expect(await readdir(join(folder, 'given-up'))).toEqual([]);
}, 180_000);

it('calls no real provider', async () => {
  const clock = createVirtualClock(0);
  const upstreams = createSceneUpstreams({ clock, random: Math.random, happenings: {} as never });
  const real = { name: 'groq', kind: 'openai' } as never;
  await expect(upstreams.open([real], {} as never)).rejects.toThrow("'groq' is a real one");
});
