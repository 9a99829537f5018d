import { expect, it } from 'vitest';
import { changeByFeedback, changeByRemoval } from '../../../src/core/reward/feedback-change.ts';
import type { Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, requestOf, startOf } from '../records.ts';

const LIMIT = 20;
const said = (quality: number) => ({
  sourceName: 'human',
  source: 'human' as const,
  quality,
  comment: '',
  signals: '{}',
});

function give(store: Store, requestId: string, quality: number, account = { keyId: 'key_a', day: 7 }) {
  return store.changeEvidence(
    requestId,
    undefined,
    (evidence) =>
      changeByFeedback(evidence, said(quality), 1_000, {
        ...account,
        limit: LIMIT,
        used: evidence.bookedWeight ?? Number.NaN,
      }),
    account,
  );
}

const retract = (store: Store, requestId: string) =>
  store.changeEvidence(requestId, undefined, (evidence) => changeByRemoval(evidence, 'human'));

async function bookedOn(store: Store, requestId: string, account = { keyId: 'key_a', day: 7 }) {
  return (await store.changeEvidence(requestId, undefined, () => undefined, account))?.bookedWeight;
}

async function humanWeight(store: Store): Promise<number> {
  const { beliefs } = await store.loadBeliefs();
  return beliefs.filter(({ source }) => source === 'human').reduce((sum, { a, b }) => sum + a + b, 0);
}

export function dailyCapContract({ createUrl, open }: Databases): void {
  it('holds with 200 verdicts at once over two stores, and after a restart; taking back makes exactly that much room', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)] as const;
    const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
    for (const id of ids) {
      await stores[0].journal.begin(requestOf(id), startOf(id));
      stores[0].journal.end(endOf(id, { automatic: undefined, deltas: [] }));
    }
    await stores[0].journal.flush();
    await Promise.all(ids.map((id, index) => give(stores[index % 2 === 0 ? 0 : 1], id, 1)));
    expect(await humanWeight(stores[1])).toBe(LIMIT);
    expect(await bookedOn(stores[1], 'r0')).toBe(LIMIT);

    const again = await open(url);
    const counted: string[] = [];
    for (const id of ids) {
      const verdict = (await again.readRequest(id))?.feedback[0];
      if (verdict?.weight === 1) counted.push(id);
      else expect(verdict).toMatchObject({ weight: 0, chargedTo: undefined });
    }
    expect(counted).toHaveLength(LIMIT);
    const [first = '', second = ''] = counted;
    const capped = ids.filter((id) => !counted.includes(id));

    await give(again, first, 0, { keyId: 'key_a', day: 8 });
    expect(await humanWeight(again)).toBe(LIMIT);
    expect(await bookedOn(again, first)).toBe(LIMIT);
    await retract(again, first);
    await retract(again, second);
    expect(await humanWeight(again)).toBe(LIMIT - 2);
    await Promise.all(capped.slice(0, 50).map((id, index) => give(stores[index % 2 === 0 ? 0 : 1], id, 0)));
    expect(await humanWeight(again)).toBe(LIMIT);

    for (const id of [...counted, ...capped.slice(0, 50)]) await retract(again, id);
    expect(await humanWeight(again)).toBe(0);
    expect(await bookedOn(again, 'r0')).toBe(0);
  }, 120_000);

  it('counts each key, day, model and task apart; two keys that correct each other do not block', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)] as const;
    const [store] = stores;
    for (const id of ['a', 'b']) {
      await store.journal.begin(requestOf(id), startOf(id));
      store.journal.end(endOf(id));
    }
    await store.journal.begin(requestOf('c', { task: 'translation' }), startOf('c', { task: 'translation' }));
    store.journal.end(endOf('c'));
    const k = { keyId: 'k', day: 1 };
    const other = { keyId: 'other', day: 1 };
    await give(store, 'a', 1, k);
    await give(store, 'b', 1, other);
    expect(await bookedOn(store, 'a', k)).toBe(1);
    expect(await bookedOn(store, 'a', { ...k, day: 2 })).toBe(0);
    expect(await bookedOn(store, 'c', k)).toBe(0);
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        give(stores[0], 'a', (round % 2) / 2, round % 2 === 0 ? other : k),
        give(stores[1], 'b', (round % 2) / 2, round % 2 === 0 ? k : other),
      ]);
    }
    expect([await bookedOn(store, 'a', k), await bookedOn(store, 'a', other)]).toEqual([1, 1]);
  });
}
