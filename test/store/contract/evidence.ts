import { expect, it } from 'vitest';
import { negated } from '../../../src/core/learning/delta.ts';
import type { EvidenceChange, RequestEvidence, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, qualityDelta, requestOf, startOf } from '../records.ts';

const human = qualityDelta({ source: 'human', a: 0.25, b: 0.75 });

/** A human's verdict replaces the automatic one, whose share is taken out again the first time. */
function humanVerdict({ requestId, feedback }: RequestEvidence): EvidenceChange {
  const isFirst = feedback.length === 0;
  return {
    upsert: feedbackOf(requestId, { sourceName: 'human', source: 'human', quality: 0.25 }),
    automaticCounts: false,
    deltas: isFirst ? [negated(qualityDelta()), human] : [],
  };
}

async function endedRequest(store: Store, requestId: string): Promise<void> {
  await store.journal.begin(requestOf(requestId), startOf(requestId));
  store.journal.end(endOf(requestId));
}

export function evidenceContract({ createUrl, open }: Databases): void {
  it('waits for the ending on its way, then shows all verdicts on the answer', async () => {
    const store = await open(await createUrl());
    await endedRequest(store, 'r1');
    const evidence = await store.changeEvidence('r1', 'key_a', () => undefined);
    expect(evidence).toEqual({
      requestId: 'r1',
      keyId: 'key_a',
      task: 'code_generation',
      reason: 'auto',
      modelId: 'large',
      endpointId: 'acme/large',
      epoch: 0,
      attemptNumber: 0,
      automatic: { source: 'check', quality: 1, weight: 1 },
      feedback: [],
    });
  });

  it('writes the verdict, the flag and the deltas together, and takes them back exactly', async () => {
    const store = await open(await createUrl());
    await endedRequest(store, 'r1');
    await store.changeEvidence('r1', undefined, humanVerdict);
    await store.changeEvidence('r1', 'key_a', humanVerdict);
    const history = await store.readRequest('r1');
    expect(history?.feedback).toEqual([
      feedbackOf('r1', { sourceName: 'human', source: 'human', quality: 0.25 }),
    ]);
    expect(history?.attempts[0]?.automaticCounts).toBe(false);
    expect((await store.loadBeliefs()).beliefs).toEqual(
      expect.arrayContaining([human, qualityDelta({ a: 0, c: 0 })]),
    );

    await store.changeEvidence('r1', 'key_a', () => ({
      removeSourceName: 'human',
      automaticCounts: true,
      deltas: [qualityDelta(), negated(human)],
    }));
    const restored = await store.readRequest('r1');
    expect(restored?.feedback).toEqual([]);
    expect(restored?.attempts[0]?.automaticCounts).toBe(true);
    expect((await store.loadBeliefs()).beliefs).toEqual(
      expect.arrayContaining([qualityDelta(), qualityDelta({ source: 'human', a: 0, b: 0, c: 0 })]),
    );
  });

  it('knows neither an unknown request nor one of another key', async () => {
    const store = await open(await createUrl());
    await endedRequest(store, 'r1');
    const mustNotRun = () => {
      throw new Error('asked about a stranger');
    };
    expect(await store.changeEvidence('nobody', undefined, mustNotRun)).toBeUndefined();
    expect(await store.changeEvidence('r1', 'key_b', mustNotRun)).toBeUndefined();
  });

  it('refuses while an attempt runs: its ending would count a second time', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    await expect(store.changeEvidence('r1', 'key_a', humanVerdict)).rejects.toMatchObject({
      status: 409,
      code: 'request_in_progress',
    });
    expect((await store.readRequest('r1'))?.feedback).toEqual([]);
  });

  it('speaks about the attempt that answered after a fail-over', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1', { ending: 'server_error', automatic: undefined, deltas: [] }));
    const second = { number: 1, modelId: 'small', endpointId: 'acme/small', epoch: 3 };
    await store.journal.begin(undefined, startOf('r1', second));
    store.journal.end(endOf('r1', { number: 1 }));
    const evidence = await store.changeEvidence('r1', 'key_a', humanVerdict);
    expect(evidence).toMatchObject({ modelId: 'small', attemptNumber: 1, epoch: 3 });
    const history = await store.readRequest('r1');
    expect(history?.attempts.map((attempt) => attempt.automaticCounts)).toEqual([true, false]);
  });

  it('writes nothing when the change throws', async () => {
    const store = await open(await createUrl());
    await endedRequest(store, 'r1');
    const failing = store.changeEvidence('r1', 'key_a', () => {
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    await store.changeEvidence('r1', 'key_a', humanVerdict);
    expect((await store.readRequest('r1'))?.feedback).toHaveLength(1);
  });

  it('lets twelve changes of one request from two processes follow one another', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    for (const store of stores.slice(0, 1)) await endedRequest(store, 'r1');
    await stores[0]?.journal.flush();
    const changes = Array.from({ length: 12 }, (_, index) =>
      stores[index % 2]?.changeEvidence('r1', 'key_a', ({ requestId, feedback }) => ({
        upsert: feedbackOf(requestId, { sourceName: `source-${index}`, quality: feedback.length }),
        automaticCounts: false,
        deltas: feedback.length === 0 ? [human] : [],
      })),
    );
    const seen = await Promise.all(changes);
    // Each saw what all before it had written, so no two saw the same number.
    expect(seen.map((evidence) => evidence?.feedback.length).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 12 }, (_, index) => index),
    );
    const { beliefs } = await (stores[1] as Store).loadBeliefs();
    expect(beliefs.find(({ source }) => source === 'human')).toEqual(human);
  });
}
