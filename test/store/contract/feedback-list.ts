import { expect, it } from 'vitest';
import type { FeedbackPlace, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, requestOf, START_MS, startOf } from '../records.ts';

const EVERYTHING = {
  limit: 10,
  before: undefined,
  sinceMs: undefined,
  keyId: undefined,
  task: undefined,
  modelId: undefined,
  sourceName: undefined,
};

/** Said `at` milliseconds after the start. */
async function said(
  store: Store,
  requestId: string,
  at: number,
  { source = 'ci', keyId = 'key_a', task = 'code_generation' as const, isKnown = false } = {},
): Promise<void> {
  if (!isKnown) {
    await store.journal.begin(requestOf(requestId, { keyId, task }), startOf(requestId, { keyId, task }));
    store.journal.end(endOf(requestId, { deltas: [] }));
  }
  await store.changeEvidence(requestId, undefined, () => ({
    upsert: feedbackOf(requestId, { sourceName: source, updatedAtMs: START_MS + at }),
    automaticCounts: false,
    deltas: [],
  }));
}

export function feedbackListContract({ createUrl, open }: Databases): void {
  it('the newest first, in pages that fit together, ties included', async () => {
    const store = await open(await createUrl());
    await said(store, 'r1', 1);
    await said(store, 'r2', 3);
    await said(store, 'r1', 3, { source: 'human', isKnown: true });
    await said(store, 'r2', 3, { source: 'human', isKnown: true });
    await said(store, 'r3', 2);
    const pages: string[] = [];
    let before: FeedbackPlace | undefined;
    do {
      const { verdicts, next } = await store.listFeedback({ ...EVERYTHING, limit: 2, before });
      pages.push(verdicts.map(({ verdict }) => `${verdict.requestId} ${verdict.sourceName}`).join(', '));
      before = next;
    } while (before !== undefined);
    expect(pages).toEqual(['r2 human, r2 ci', 'r1 human, r3 ci', 'r1 ci']);
  });

  it('looks at 2,000 at a time, of which none is told twice where they are of one millisecond', async () => {
    const store = await open(await createUrl());
    const ids = Array.from({ length: 2_001 }, (_, index) => `r${String(index).padStart(4, '0')}`);
    // All together: each with commits of its own, it took half a minute on a busy machine.
    await Promise.all(ids.map((id) => store.journal.begin(requestOf(id), startOf(id))));
    for (const id of ids) store.journal.end(endOf(id, { deltas: [] }));
    await store.journal.flush();
    const sayFrom = async (first: number) => {
      for (let at = first; at < ids.length; at += 4) {
        await said(store, ids[at] ?? '', 1, { source: at === 0 ? 'human' : 'ci', isKnown: true });
      }
    };
    await Promise.all([0, 1, 2, 3].map(sayFrom));
    const first = await store.listFeedback({ ...EVERYTHING, sourceName: 'human' });
    const second = await store.listFeedback({ ...EVERYTHING, sourceName: 'human', before: first.next });
    expect([first, second].map(({ verdicts }) => verdicts.length)).toEqual([0, 1]);
    expect(second.next).toBeUndefined();
  }, 60_000);

  it('goes on from what no text of a database can hold', async () => {
    const store = await open(await createUrl());
    await said(store, 'r1', 1);
    const before = { updatedAtMs: START_MS + 2, requestId: 'a\0b', sourceName: '\0' };
    expect((await store.listFeedback({ ...EVERYTHING, before })).verdicts).toHaveLength(1);
  });

  it('by key, task, source, time, and the model that answered', async () => {
    const store = await open(await createUrl());
    await said(store, 'r1', 1);
    await said(store, 'r2', 2, { source: 'human', keyId: 'key_b' });
    // The first attempt of this one failed, and another model answered.
    await store.journal.begin(requestOf('r3'), startOf('r3'));
    store.journal.end(endOf('r3', { ending: 'server_error', automatic: undefined, deltas: [] }));
    await store.journal.begin(
      undefined,
      startOf('r3', { number: 1, modelId: 'small', endpointId: 'acme/small' }),
    );
    store.journal.end(endOf('r3', { number: 1, deltas: [] }));
    await said(store, 'r3', 3, { isKnown: true });
    const idsOf = async (filter: object) => {
      const { verdicts } = await store.listFeedback({ ...EVERYTHING, ...filter });
      return verdicts.map(({ verdict }) => verdict.requestId);
    };
    expect(await idsOf({})).toEqual(['r3', 'r2', 'r1']);
    expect(await idsOf({ keyId: 'key_b' })).toEqual(['r2']);
    expect(await idsOf({ sourceName: 'human' })).toEqual(['r2']);
    expect(await idsOf({ modelId: 'large' })).toEqual(['r2', 'r1']);
    expect(await idsOf({ modelId: 'small' })).toEqual(['r3']);
    expect(await idsOf({ task: 'translation' })).toEqual([]);
    expect(await idsOf({ sinceMs: START_MS + 2 })).toEqual(['r3', 'r2']);
  });

  it('all that was said of one answer; nothing of a request that there is not', async () => {
    const store = await open(await createUrl());
    await said(store, 'r1', 1);
    await said(store, 'r1', 2, { source: 'human', isKnown: true });
    const found = await store.readVerdicts('r1');
    expect(found?.all.map(({ sourceName }) => sourceName)).toEqual(['ci', 'human']);
    expect(found).toMatchObject({
      keyId: 'key_a',
      task: 'code_generation',
      reason: 'auto',
      answer: { modelId: 'large' },
    });
    expect(await store.readVerdicts('nobody')).toBeUndefined();
  });
}
