import { expect, it, test } from 'vitest';
import { createExposureCaps } from '../../src/gateway/evidence/exposure-caps.ts';
import { createPauses } from '../../src/gateway/evidence/pauses.ts';
import type { Store } from '../../src/store/contract.ts';
import { describeEachDatabase } from '../store/each-database.ts';

/** Hands both what is stored before either has written: the same moment on two replicas. */
function together(stores: readonly [Store, Store]): [Pick<Store, 'loadState' | 'exchangeState'>, Store] {
  const [first, second] = stores;
  let isFirstRead = true;
  return [
    {
      async loadState(name) {
        const text = await first.loadState(name);
        if (isFirstRead) {
          isFirstRead = false;
          await other?.();
        }
        return text;
      },
      exchangeState: first.exchangeState,
    },
    second,
  ];
}
let other: (() => Promise<void>) | undefined;

describeEachDatabase('what operators set on two replicas at once', ({ createUrl, open }) => {
  it.each([undefined, 'before'])('both caps hold (%s)', async (before) => {
    const url = await createUrl();
    const [one, two] = together([await open(url), await open(url)]);
    const [here, there] = [createExposureCaps(one), createExposureCaps(two)];
    if (before !== undefined) await there.set(before, undefined, 0.9);
    other = () => there.set('large', undefined, 0.2);
    await here.set('small', 'translation', 0.5);
    other = undefined;
    await there.refresh();
    for (const caps of [here, there]) {
      expect(new Map(caps.all().map(({ modelId, maxShare }) => [modelId, maxShare]))).toEqual(
        new Map([...(before === undefined ? [] : [[before, 0.9] as const]), ['large', 0.2], ['small', 0.5]]),
      );
    }
  });

  it('both pauses hold, and of many at once none is lost', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)] as const;
    const [one, two] = together(stores);
    const [here, there] = [createPauses(one), createPauses(two)];
    other = () => there.set('large', true);
    await here.set('small', true);
    other = undefined;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? here : there).set(`m${index}`, true)),
    );
    await there.set('m3', false);
    await here.refresh();
    expect(here.all()).toHaveLength(21);
    expect(here.has('large') && here.has('small') && !here.has('m3')).toBe(true);
  });
});

test('what never gets its turn is a 503 that changes nothing', async () => {
  let tries = 0;
  const pauses = createPauses({
    loadState: async () => '["one"]',
    async exchangeState() {
      tries += 1;
      return false;
    },
  });
  await expect(pauses.set('two', true)).rejects.toMatchObject({ status: 503, code: 'storage_unavailable' });
  expect(tries).toBe(100);
  expect(pauses.has('two')).toBe(false);
});
