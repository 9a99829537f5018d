import { expect, it } from 'vitest';
import type { Databases } from '../each-database.ts';
import { qualityDelta } from '../records.ts';

export function beliefsContract({ createUrl, open }: Databases): void {
  it('are sums over all who add, by kind, subject, task, source and epoch', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const ttft = { ...qualityDelta(), kind: 'ttft' as const, source: '' as const, subject: 'acme/large' };
    await Promise.all(
      stores.map((store) =>
        store.addBeliefs([
          qualityDelta({ a: 0.5 }),
          qualityDelta({ a: 0.25, b: 1 }),
          qualityDelta({ epoch: 1 }),
          { ...ttft, a: 1, b: -2.5, c: 6.25 },
          qualityDelta({ a: Number.POSITIVE_INFINITY, b: Number.NEGATIVE_INFINITY }),
        ]),
      ),
    );
    const { beliefs, skipped } = (await stores[0]?.loadBeliefs()) ?? { beliefs: [], skipped: -1 };
    expect(skipped).toBe(0);
    expect(beliefs).toHaveLength(3);
    expect(beliefs).toEqual(
      expect.arrayContaining([
        qualityDelta({ a: 1.5, b: 2, c: 4 }),
        qualityDelta({ epoch: 1, a: 2, c: 2 }),
        { ...ttft, a: 2, b: -5, c: 12.5 },
      ]),
    );
  });

  it('keep verdicts by the name of who gave them, and how far it agrees with labels', async () => {
    const store = await open(await createUrl());
    const verdicts = { ...qualityDelta(), kind: 'verdicts' as const, source: 'outrider_judge:acme/large' };
    const pairs = { ...qualityDelta(), subject: verdicts.source, source: '', epoch: 0 };
    const deltas = [
      verdicts,
      { ...verdicts, source: 'another judge' },
      { ...pairs, kind: 'agreement' as const, a: 1, b: 0, c: 0.25 },
      { ...pairs, kind: 'agreement_squares' as const, a: 0, b: 0, c: 0.0625 },
    ];
    await store.addBeliefs(deltas);
    const { beliefs, skipped } = await store.loadBeliefs();
    expect(skipped).toBe(0);
    expect(beliefs).toHaveLength(4);
    expect(beliefs).toEqual(expect.arrayContaining(deltas));
    await store.addBeliefs([{ ...verdicts, source: '' }]);
    expect((await store.loadBeliefs()).skipped).toBe(1);
  });

  it('opens an epoch once', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const epoch = { modelId: 'large', epoch: 1, openedAtMs: 5, cause: 'quality fell' };
    const opened = await Promise.all(
      stores.map((store, replica) => store.openEpoch({ ...epoch, openedAtMs: replica })),
    );
    expect(opened.sort()).toEqual([false, true]);
    expect(await stores[0]?.loadEpochs()).toHaveLength(1);
    await stores[1]?.openEpoch({ ...epoch, epoch: 2 });
    expect((await stores[0]?.loadEpochs())?.map((one) => one.epoch)).toEqual([1, 2]);
    await stores[1]?.openEpoch({ ...epoch, modelId: 'small', openedAtMs: 4 });
    expect(await stores[0]?.latestEpochs(['large', 'small', 'none'], 2)).toMatchObject([
      { modelId: 'large', epoch: 2, openedAtMs: 5 },
      { modelId: 'small', epoch: 1, openedAtMs: 4 },
    ]);
    expect(await stores[0]?.latestEpochs(['small'], 1)).toMatchObject([{ modelId: 'small', epoch: 1 }]);
    expect(await stores[0]?.latestEpochs([], 1)).toEqual([]);
  });

  it('opens an epoch of an endpoint once', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const epoch = { endpointId: 'acme/large', epoch: 1, openedAtMs: 5, cause: 'ttft_alarm' };
    const opened = await Promise.all(stores.map((store) => store.openEndpointEpoch(epoch)));
    expect(opened.sort()).toEqual([false, true]);
    await stores[1]?.openEndpointEpoch({ ...epoch, epoch: 2 });
    expect(await stores[0]?.loadEndpointEpochs()).toMatchObject([epoch, { ...epoch, epoch: 2 }]);
    expect(await stores[0]?.latestEndpointEpochs(['acme/large'], 1)).toMatchObject([{ ...epoch, epoch: 2 }]);
    expect(await stores[0]?.loadEpochs()).toEqual([]);
  });

  it('keeps which way a change went, and from what to what', async () => {
    const store = await open(await createUrl());
    const change = { direction: 'worse', measuredBefore: 0.9, measuredAfter: 0.45 } as const;
    await store.openEpoch({ modelId: 'large', epoch: 1, openedAtMs: 5, cause: 'quality_alarm', ...change });
    await store.openEpoch({ modelId: 'large', epoch: 2, openedAtMs: 6, cause: 'second_look' });
    const nothing = { direction: null, measuredBefore: null, measuredAfter: null };
    expect(await store.latestEpochs(['large'], 2)).toMatchObject([nothing, change]);
    const slower = { direction: 'worse', measuredBefore: 80.5, measuredAfter: 400.25 } as const;
    await store.openEndpointEpoch({
      endpointId: 'acme/large',
      epoch: 1,
      openedAtMs: 5,
      cause: 'ttft_alarm',
      ...slower,
    });
    expect(await store.latestEndpointEpochs(['acme/large'], 1)).toMatchObject([slower]);
  });

  it('clamps what rounding left below zero and skips what no honest writer could have left', async () => {
    const store = await open(await createUrl());
    await store.addBeliefs([
      qualityDelta({ subject: 'rounded', a: -1e-12, b: 2 }),
      qualityDelta({ subject: 'negative', a: -3 }),
      { ...qualityDelta({ subject: 'squares' }), kind: 'tokens', source: '', b: -1, c: -1 },
      qualityDelta({ subject: '' }),
      { ...qualityDelta({ subject: 'odd task' }), task: 'gardening' as 'unknown' },
      { ...qualityDelta({ subject: 'odd kind' }), kind: 'mood' as 'quality' },
      { ...qualityDelta({ subject: 'odd source' }), source: 'oracle' as 'human' },
      qualityDelta({ subject: 'odd epoch', epoch: -1 }),
    ]);
    const { beliefs, skipped } = await store.loadBeliefs();
    expect(beliefs).toEqual([qualityDelta({ subject: 'rounded', a: 0, b: 2 })]);
    expect(skipped).toBe(7);
  });
}
