import { expect, it } from 'vitest';
import type { RetentionLimits, Store, UsageSum } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, qualityDelta, requestOf, START_MS, startOf } from '../records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_START_MS = Math.floor(START_MS / DAY_MS) * DAY_MS;
const NOW_MS = DAY_START_MS + 10 * DAY_MS;
const KEEP_ALL: RetentionLimits = {
  requestsBeforeMs: undefined,
  usageBeforeMs: undefined,
  accountsBeforeMs: 0,
  nowMs: 0,
};

async function begin(store: Store, requestId: string, atMs: number, keyId = 'key_a'): Promise<void> {
  await store.journal.begin(
    requestOf(requestId, { createdAtMs: atMs, keyId }),
    startOf(requestId, { startedAtMs: atMs, keyId }),
  );
}

async function serve(store: Store, requestId: string, atMs: number, keyId = 'key_a'): Promise<void> {
  await begin(store, requestId, atMs, keyId);
  store.journal.end(endOf(requestId, { endedAtMs: atMs }));
}

async function removeAll(store: Store, limits: Partial<RetentionLimits>): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (;;) {
    const some = await store.removeExpired({ ...KEEP_ALL, ...limits });
    if (some === undefined) return removed;
    removed[some.what] = (removed[some.what] ?? 0) + some.rows;
  }
}

async function rollUpAll(store: Store): Promise<void> {
  while ((await store.rollUp()) !== undefined);
}

async function idsIn(store: Store): Promise<string[]> {
  const ids = new Set<string>();
  for await (const { requestId } of store.attemptFacts()) ids.add(requestId);
  return [...ids].sort();
}

async function requestsOf(store: Store, groupBy: 'key' | 'day'): Promise<unknown[]> {
  const sums = await store.readUsage({ fromMs: 0, toMs: NOW_MS, groupBy: [groupBy], keyId: undefined });
  const nameOf = ({ keyId, dayStartMs }: UsageSum) => (groupBy === 'key' ? keyId : dayStartMs);
  return sums.map((sum) => [nameOf(sum), sum.requests]).sort();
}

export function retentionContract({ createUrl, open }: Databases): void {
  it('takes requests with their attempts and verdicts, and leaves what they taught, what runs and what is newer', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    for (let count = 0; count < 250; count += 1) {
      await serve(store, `old${String(count).padStart(3, '0')}`, DAY_START_MS + count);
    }
    await begin(store, 'old_running', DAY_START_MS + 5);
    await serve(store, 'new', DAY_START_MS + 5 * DAY_MS);
    await store.journal.flush();
    for (const requestId of ['old007', 'new']) {
      await store.changeEvidence(requestId, undefined, () => ({
        upsert: feedbackOf(requestId),
        automaticCounts: false,
        deltas: [qualityDelta({ a: -1, b: 1, c: 0 })],
      }));
    }
    const { beliefs } = await store.loadBeliefs();
    const usage = await requestsOf(store, 'day');
    expect(await store.purgedBeforeMs()).toBeUndefined();
    const requestsBeforeMs = DAY_START_MS + DAY_MS;
    expect(await removeAll(store, { requestsBeforeMs })).toEqual({ requests: 250 });

    expect(await idsIn(store)).toEqual(['new']);
    expect(await store.readRequest('old007')).toBeUndefined();
    expect(await store.readRequest('old_running')).toBeDefined();
    expect(await store.purgedBeforeMs()).toBe(requestsBeforeMs);
    expect((await store.loadBeliefs()).beliefs).toEqual(beliefs);
    expect(await requestsOf(store, 'day')).toEqual(usage);
    // Nobody can move a belief by a verdict on what is gone; one on what is there takes back what it once added.
    const seen = await store.changeEvidence('old007', undefined, () => ({
      automaticCounts: true,
      deltas: [qualityDelta({ a: 100 })],
    }));
    expect(seen).toBeUndefined();
    await store.changeEvidence('new', undefined, ({ feedback }) => {
      expect(feedback).toHaveLength(1);
      return { removeSourceName: 'ci', automaticCounts: true, deltas: [qualityDelta({ a: 1, b: -1, c: 0 })] };
    });
    expect((await store.loadBeliefs()).beliefs).toEqual([qualityDelta({ a: 250, b: 1, c: 251 })]);

    store.journal.end(endOf('old_running', { endedAtMs: NOW_MS }));
    await store.journal.flush();
    expect(await removeAll(store, { requestsBeforeMs })).toEqual({ requests: 1 });
    // The bound does not go back when somebody keeps more.
    await removeAll(store, { requestsBeforeMs: DAY_START_MS });
    expect(await store.purgedBeforeMs()).toBe(requestsBeforeMs);
  });

  it('takes the sums of days that are over for long, and nothing is summed up anew', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    for (let day = 0; day < 4; day += 1) {
      for (const hour of [0, 7, 8]) {
        await serve(store, `d${day}h${hour}`, DAY_START_MS + day * DAY_MS + hour * HOUR_MS);
      }
    }
    await store.journal.flush();
    await rollUpAll(store);
    const before = await requestsOf(store, 'day');
    // In the middle of a day: that day stays whole.
    const removed = await removeAll(store, { usageBeforeMs: DAY_START_MS + 2 * DAY_MS + 5 * HOUR_MS });
    expect(removed.usage).toBeGreaterThan(6);
    expect(await requestsOf(store, 'day')).toEqual(before.slice(2));
    await rollUpAll(store);
    expect(await requestsOf(store, 'day')).toEqual(before.slice(2));
    expect((await store.readTraffic(0)).map(({ hourMs }) => hourMs)).toHaveLength(6);
    expect(await idsIn(store)).toHaveLength(12);
  });

  it('takes days with more sums than one step removes, packed or not, and leaves the next one whole', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    for (let day = 0; day < 3; day += 1) {
      for (let key = 0; key < 230; key += 1) {
        await serve(store, `d${day}k${key}`, DAY_START_MS + day * DAY_MS + (key % 2) * HOUR_MS, `key_${key}`);
      }
      for (let key = 0; key < 230; key += 1) {
        await serve(store, `d${day}l${key}`, DAY_START_MS + day * DAY_MS + HOUR_MS, `key_${key}`);
      }
    }
    await store.journal.flush();
    await rollUpAll(store);
    while ((await store.packDay()) !== undefined);
    const before = await requestsOf(store, 'day');
    const byKey = () =>
      store.readUsage({
        fromMs: 0,
        toMs: NOW_MS,
        groupBy: ['day', 'key', 'model', 'task'],
        keyId: undefined,
      });
    const kept = (await byKey()).filter(({ dayStartMs }) => dayStartMs === DAY_START_MS + 2 * DAY_MS);
    const steps: number[] = [];
    for (;;) {
      const some = await store.removeExpired({ ...KEEP_ALL, usageBeforeMs: DAY_START_MS + 2 * DAY_MS });
      if (some === undefined) break;
      steps.push(some.rows);
    }
    expect(Math.max(...steps)).toBe(200);
    expect(await requestsOf(store, 'day')).toEqual(before.slice(2));
    expect(new Set(await byKey())).toEqual(new Set(kept));
    await rollUpAll(store);
    while ((await store.packDay()) !== undefined);
    expect(await requestsOf(store, 'day')).toEqual(before.slice(2));
  }, 60_000);

  it('happens once where several processes do it at a time, while requests go on', async () => {
    const url = await createUrl();
    const stores = [await open(url, () => NOW_MS), await open(url, () => NOW_MS)] as const;
    for (let count = 0; count < 150; count += 1) await serve(stores[0], `o${count}`, DAY_START_MS + count);
    await stores[0].journal.flush();
    const serving = Promise.all(
      Array.from({ length: 40 }, (_, count) => serve(stores[1], `n${count}`, DAY_START_MS + 9 * DAY_MS)),
    );
    const counts = await Promise.all(
      stores.map((store) => removeAll(store, { requestsBeforeMs: DAY_START_MS + DAY_MS })),
    );
    await serving;
    await stores[1].journal.flush();
    await removeAll(stores[0], { requestsBeforeMs: DAY_START_MS + DAY_MS });
    expect((await idsIn(stores[0])).filter((id) => id.startsWith('o'))).toEqual([]);
    expect(await idsIn(stores[0])).toHaveLength(40);
    expect(counts.reduce((sum, { requests = 0 }) => sum + requests, 0)).toBeLessThanOrEqual(150);
  });

  it('forgets a key: its requests, its verdicts, its name; what it used counts as nobody’s', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    const { record } = await store.createKey({ name: 'Erika Muster', scopes: ['inference'] });
    for (let count = 0; count < 5; count += 1) {
      await serve(store, `k${count}`, DAY_START_MS + count * HOUR_MS, record.id);
      await serve(store, `a${count}`, DAY_START_MS + count * HOUR_MS);
    }
    await begin(store, 'k_running', NOW_MS, record.id);
    await store.journal.flush();
    await rollUpAll(store);
    await store.saveResponse({
      responseId: 'resp',
      keyId: record.id,
      modelId: 'large',
      endpointId: 'acme/large',
      createdAtMs: NOW_MS,
      expiresAtMs: NOW_MS + DAY_MS,
      body: '{}',
      conversation: '[]',
    });
    const total = async () =>
      (await store.readUsage({ fromMs: 0, toMs: NOW_MS, groupBy: [], keyId: undefined }))[0];
    const before = await total();
    const found: string[] = [];
    for await (const ids of store.requestsToPurge({ keyId: record.id, beforeMs: undefined })) {
      found.push(...ids);
      const running = ids.filter((id) => id === 'k_running').length;
      expect(await store.removeRequests(ids)).toEqual({ removed: ids.length - running, running });
    }
    expect(found).toHaveLength(6);
    // What somebody else removed meanwhile has not stayed.
    expect(await store.removeRequests(found)).toEqual({ removed: 0, running: 1 });
    expect(await store.forgetKey(record.id)).toEqual({ usageHours: 5, responses: 1, isNameForgotten: false });
    await rollUpAll(store);
    expect(await idsIn(store)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(await store.readRequest('k_running')).toBeDefined();
    expect(await requestsOf(store, 'key')).toEqual([
      ['forgotten', 5],
      ['key_a', 5],
    ]);
    expect(await total()).toEqual(before);
    await store.revokeKey(record.id);
    expect(await store.forgetKey(record.id)).toMatchObject({ isNameForgotten: true });
    expect(JSON.stringify(await store.listKeys())).not.toContain('Erika');
    expect(await store.hasKeys()).toBe(true);
  });

  it('forgets a key at once where a clock once stood at 1970', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    const { record } = await store.createKey({ name: 'Erika Muster', scopes: ['inference'] });
    for (const [id, atMs] of [
      ['early', 0],
      ['late', NOW_MS - DAY_MS],
    ] as const) {
      await serve(store, id, atMs, record.id);
      await serve(store, `other_${id}`, atMs);
    }
    await store.journal.flush();
    const found: string[] = [];
    for await (const ids of store.requestsToPurge({ keyId: record.id, beforeMs: undefined }))
      found.push(...ids);
    expect(found).toEqual(['early', 'late']);
    expect(await store.forgetKey(record.id)).toMatchObject({ usageHours: 2 });
    expect(await requestsOf(store, 'key')).toEqual([
      ['forgotten', 2],
      ['key_a', 2],
    ]);
  });

  it('removes what a key had kept a few at a time, so that a gateway beside it comes to its turn', async () => {
    const store = await open(await createUrl(), () => NOW_MS);
    const { record } = await store.createKey({ name: 'Erika Muster', scopes: ['inference'] });
    const keep = (responseId: string, keyId: string) =>
      store.saveResponse({
        responseId,
        keyId,
        modelId: 'large',
        endpointId: 'acme/large',
        createdAtMs: NOW_MS,
        expiresAtMs: NOW_MS + DAY_MS,
        body: '{}',
        conversation: '[]',
      });
    const ids = Array.from({ length: 90 }, (_, count) => `resp_${count}`);
    for (const id of ids) await keep(id, record.id);
    await keep('resp_other', 'key_a');
    const seen = new Set<number>();
    let isDone = false;
    const forgetting = store.forgetKey(record.id).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      const left = await Promise.all(ids.map((id) => store.readResponse(id, record.id, NOW_MS)));
      seen.add(left.filter((response) => response !== undefined).length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await forgetting).toMatchObject({ responses: 90 });
    expect([...seen].some((count) => count > 0 && count < 90)).toBe(true);
    expect(await store.readResponse('resp_other', 'key_a', NOW_MS)).toBeDefined();
  });
}
