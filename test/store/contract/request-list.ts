import { expect, it } from 'vitest';
import type { RequestListQuery, RequestPlace, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, requestOf, START_MS, startOf } from '../records.ts';

const EVERYTHING: RequestListQuery = {
  limit: 10,
  before: undefined,
  keyId: undefined,
  task: undefined,
  modelId: undefined,
  reason: undefined,
};
/** More than one page looks at, of which none fits. */
const MANY = 2_350;
const AT_ONCE = 300;

/** Asked `at` milliseconds after the start. */
async function asked(
  store: Store,
  requestId: string,
  at: number,
  changes: { keyId?: string; task?: 'code_generation' | 'translation'; reason?: string } = {},
): Promise<void> {
  const createdAtMs = START_MS + at;
  const { reason = 'auto', ...names } = changes;
  await store.journal.begin(
    requestOf(requestId, { ...names, reason, createdAtMs }),
    startOf(requestId, { ...names, startedAtMs: createdAtMs }),
  );
  store.journal.end(endOf(requestId, { deltas: [] }));
}

async function idsOf(store: Store, query: Partial<RequestListQuery>): Promise<string[]> {
  const { requests } = await store.listRequests({ ...EVERYTHING, ...query });
  return requests.map(({ requestId }) => requestId);
}

export function requestListContract({ createUrl, open }: Databases): void {
  it('the newest first, in pages that fit together, those of one millisecond included', async () => {
    const store = await open(await createUrl());
    for (const [id, at] of [
      ['r1', 5],
      ['r2', 7],
      ['R3', 7],
      ['r4', 7],
      ['r5', 1],
    ] as const) {
      await asked(store, id, at);
    }
    await store.journal.flush();
    const seen: string[] = [];
    let before: RequestPlace | undefined;
    do {
      const { requests, next } = await store.listRequests({ ...EVERYTHING, limit: 2, before });
      seen.push(...requests.map(({ requestId }) => requestId));
      before = next;
    } while (before !== undefined);
    expect(seen.slice(3)).toEqual(['r1', 'r5']);
    // Databases have orders of their own for texts.
    expect([...seen.slice(0, 3)].sort()).toEqual(['R3', 'r2', 'r4']);
  });

  it('with all attempts, the one that answered and the weightiest that was said of it', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1', { ending: 'server_error', deltas: [] }));
    await store.journal.begin(undefined, startOf('r1', { number: 1, modelId: 'small' }));
    store.journal.end(endOf('r1', { number: 1, deltas: [] }));
    for (const [sourceName, quality, weight] of [
      ['ci', 0.25, 4],
      ['human', 0.75, 1],
    ] as const) {
      await store.changeEvidence('r1', undefined, () => ({
        upsert: feedbackOf('r1', { sourceName, quality, weight }),
        automaticCounts: false,
        deltas: [],
      }));
    }
    const [request] = (await store.listRequests(EVERYTHING)).requests;
    expect(request?.attempts.map(({ number, ending }) => [number, ending])).toEqual([
      [0, 'server_error'],
      [1, 'completed'],
    ]);
    expect(request?.answer?.modelId).toBe('small');
    expect(request).toMatchObject({ requestId: 'r1', isStream: true, createdAtMs: START_MS, score: 0.25 });
  });

  it('of a key, a task, a model that was asked, a reason; a fallback whatever the choice was', async () => {
    const store = await open(await createUrl());
    await asked(store, 'r1', 1, { keyId: 'key_b' });
    await asked(store, 'r2', 2, { task: 'translation', reason: 'explicit' });
    await asked(store, 'r3', 3);
    await store.journal.begin(undefined, startOf('r3', { number: 1, modelId: 'small' }));
    store.journal.end(endOf('r3', { number: 1, deltas: [] }));
    await store.journal.flush();
    expect(await idsOf(store, { keyId: 'key_b' })).toEqual(['r1']);
    expect(await idsOf(store, { task: 'translation' })).toEqual(['r2']);
    expect(await idsOf(store, { modelId: 'small' })).toEqual(['r3']);
    expect(await idsOf(store, { reason: 'explicit' })).toEqual(['r2']);
    expect(await idsOf(store, { reason: 'auto' })).toEqual(['r1']);
    expect(await idsOf(store, { reason: 'fallback' })).toEqual(['r3']);
    expect(await idsOf(store, { keyId: 'a\0b' })).toEqual([]);
  });

  it('what a filter fits only far back is found by going on, and nothing is left out', async () => {
    const store = await open(await createUrl());
    await asked(store, 'wanted', 0, { task: 'translation' });
    // The oldest of one millisecond, and more than one look sees.
    await Promise.all(Array.from({ length: MANY }, (_, at) => asked(store, `r${at}`, Math.max(AT_ONCE, at))));
    await store.journal.flush();
    const found: string[] = [];
    let before: RequestPlace | undefined;
    let pages = 0;
    do {
      const { requests, next } = await store.listRequests({ ...EVERYTHING, task: 'translation', before });
      found.push(...requests.map(({ requestId }) => requestId));
      before = next;
      pages += 1;
    } while (before !== undefined && pages < 10);
    expect(found).toEqual(['wanted']);
    expect(pages).toBeGreaterThan(1);
    expect(before).toBeUndefined();
  });
}
