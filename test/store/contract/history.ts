import { expect, it } from 'vitest';
import type { EndedAttempt } from '../../../src/store/contract.ts';
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
    expect(await store.readTraffic(0)).toEqual([]);
  });

  it('is healthy', async () => {
    const store = await open(await createUrl());
    expect(await store.isHealthy()).toBe(true);
  });
}
