import { expect, it } from 'vitest';
import type { EndedAttempt, RequestListQuery } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, requestOf, START_MS, startOf } from '../records.ts';

export function historyContract({ createUrl, open }: Databases): void {
  it('walks every ended attempt once, feedback on the one that answered', async () => {
    const store = await open(await createUrl());
    // More than two pages, so that a page that loses or repeats its edge shows.
    const ids = Array.from({ length: 450 }, (_, index) => `r${String(index).padStart(4, '0')}`);
    await Promise.all(
      ids.map(async (id) => {
        await store.journal.begin(requestOf(id), startOf(id));
        store.journal.end(endOf(id, { ending: 'timeout', automatic: undefined, deltas: [] }));
        await store.journal.begin(undefined, startOf(id, { number: 1 }));
        if (id !== 'r0007') store.journal.end(endOf(id, { number: 1, deltas: [] }));
      }),
    );
    await store.journal.flush();
    const upsert = feedbackOf('r0200', { comment: 'no' });
    await store.changeEvidence('r0200', undefined, () => ({ upsert, automaticCounts: false, deltas: [] }));

    const facts: EndedAttempt[] = [];
    for await (const fact of store.attemptFacts()) facts.push(fact);
    expect(facts.map(({ requestId, number }) => `${requestId}:${number}`)).toEqual(
      ids.flatMap((id) => (id === 'r0007' ? [`${id}:0`] : [`${id}:0`, `${id}:1`])),
    );
    expect(facts.filter(({ feedback }) => feedback.length > 0)).toMatchObject([
      { requestId: 'r0200', number: 1, ending: 'completed', automaticCounts: false, feedback: [upsert] },
    ]);
    expect(facts[0]).toMatchObject({ ending: 'timeout', endedAtMs: START_MS + 1_250, automatic: undefined });
  });

  it('knows no request that never was', async () => {
    const store = await open(await createUrl());
    expect(await store.readRequest('nobody')).toBeUndefined();
    // No text of PostgreSQL holds a NUL: nothing is called so.
    const id = 'a\0b';
    expect(await store.readRequest(id)).toBeUndefined();
    expect(await store.readVerdicts(id)).toBeUndefined();
    expect(await store.findKey(id)).toBeUndefined();
    expect(await store.readResponse(id, id, START_MS)).toBeUndefined();
    expect(await store.readTraffic(0)).toEqual([]);
  });

  it('lists requests, the newest first, in pages that lose and repeat none of the same millisecond', async () => {
    const store = await open(await createUrl());
    const ids = Array.from({ length: 7 }, (_, index) => `l${index}`);
    for (const [index, id] of ids.entries()) {
      // Two each in a millisecond.
      const createdAtMs = START_MS + Math.floor(index / 2);
      const task = index === 3 ? 'translation' : 'code_generation';
      const keyId = index === 5 ? 'key_b' : 'key_a';
      await store.journal.begin(requestOf(id, { createdAtMs, task, keyId }), startOf(id, { task, keyId }));
      store.journal.end(endOf(id, { deltas: [] }));
    }
    await store.journal.flush();
    const upsert = feedbackOf('l6');
    await store.changeEvidence('l6', undefined, () => ({ upsert, automaticCounts: false, deltas: [] }));
    const any = {
      limit: 3,
      before: undefined,
      keyId: undefined,
      task: undefined,
      reason: undefined,
      modelId: undefined,
    };
    const seen: string[] = [];
    let before: RequestListQuery['before'];
    do {
      const page = await store.listRequests({ ...any, before });
      seen.push(...page.requests.map(({ requestId }) => requestId));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toEqual([...ids].reverse());

    const idsOf = async (filter: Partial<RequestListQuery>) =>
      (await store.listRequests({ ...any, ...filter })).requests.map(({ requestId }) => requestId);
    expect(await idsOf({ task: 'translation' })).toEqual(['l3']);
    expect(await idsOf({ keyId: 'key_b' })).toEqual(['l5']);
    expect(await idsOf({ modelId: 'large', limit: 1 })).toEqual(['l6']);
    expect(await idsOf({ modelId: 'small' })).toEqual([]);
    const [newest] = (await store.listRequests({ ...any, limit: 1 })).requests;
    expect(newest).toMatchObject({
      answer: { modelId: 'large' },
      score: upsert.quality,
      attempts: [{ number: 0 }],
    });
  });

  it('looks through requests for those that fit, 2,000 for a page, and loses and repeats none', async () => {
    const store = await open(await createUrl());
    const ids = Array.from({ length: 2_700 }, (_, index) => `m${String(index).padStart(4, '0')}`);
    const taskOf = (index: number) => (index % 9 === 0 ? 'translation' : 'code_generation');
    await Promise.all(
      ids.map((id, index) =>
        store.journal.begin(
          // Three in each millisecond, and in one of them more than are looked at once.
          requestOf(id, {
            createdAtMs: START_MS + Math.floor(Math.min(index, 2_100) / 3),
            task: taskOf(index),
          }),
          startOf(id, { task: taskOf(index) }),
        ),
      ),
    );
    const walk = async (task: string) => {
      const pages: number[] = [];
      const seen: string[] = [];
      let before: RequestListQuery['before'];
      do {
        const query = { limit: 100, before, keyId: undefined, task, reason: undefined, modelId: undefined };
        const page = await store.listRequests(query);
        seen.push(...page.requests.map(({ requestId }) => requestId));
        pages.push(page.requests.length);
        before = page.next;
      } while (before !== undefined);
      return { seen, pages };
    };
    const { seen, pages } = await walk('translation');
    expect(seen).toEqual(ids.filter((_, index) => index % 9 === 0).reverse());
    expect(pages.slice(0, 2)).toEqual([100, 100]);
    // Nobody fits: a page that looked at 2,000, and the rest.
    expect(await walk('embedding')).toEqual({ seen: [], pages: [0, 0] });
  }, 30_000);

  it('is healthy', async () => {
    const store = await open(await createUrl());
    expect(await store.isHealthy()).toBe(true);
  });
}
