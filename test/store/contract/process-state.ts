import { expect, it } from 'vitest';
import { keepStates } from '../../../src/store/process-state.ts';
import type { Databases } from '../each-database.ts';

export function processStateContract({ createUrl, open }: Databases): void {
  it('is what was saved last, by whomever', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    expect(await stores[0]?.loadState('budgets')).toBeUndefined();
    await stores[0]?.saveState('budgets', 'one');
    await stores[1]?.saveState('budgets', 'two');
    await stores[1]?.saveState('other', '');
    expect(await stores[0]?.loadState('budgets')).toBe('two');
    expect(await stores[0]?.loadState('other')).toBe('');
  });

  it('is exchanged for another only while it is what it was read as', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const first = await Promise.all(
      stores.map((store, index) => store.exchangeState('caps', undefined, `${index}`)),
    );
    expect(first.sort()).toEqual([false, true]);
    const now = (await stores[0]?.loadState('caps')) ?? '';
    const next = await Promise.all(
      stores.map((store, index) => store.exchangeState('caps', now, `next${index}`)),
    );
    expect(next.filter(Boolean)).toHaveLength(1);
    expect(await stores[1]?.loadState('caps')).toBe(`next${next.indexOf(true)}`);
    expect(await stores[1]?.exchangeState('caps', now, 'late')).toBe(false);
  });

  it('reaches no row of another kind, whatever it is called', async () => {
    const url = await createUrl();
    const store = await open(url);
    const hash = store.hashKey('or-x');
    await store.saveState('key_secret', 'mine');
    expect((await open(url)).hashKey('or-x')).toBe(hash);
  });

  it('is kept: written where it has changed, and at the end', async () => {
    const store = await open(await createUrl());
    const saved: string[] = [];
    let state = 'a';
    const errors: unknown[] = [];
    const kept = keepStates(
      {
        async saveState(name, value) {
          saved.push(value);
          if (value === 'b') throw new Error('away');
          await store.saveState(name, value);
        },
      },
      { it: () => state },
      { everyMs: 5, onError: (error) => errors.push(error) },
    );
    await expect.poll(() => saved).toEqual(['a']);
    state = 'b';
    await expect.poll(() => errors.length).toBeGreaterThan(1);
    state = 'c';
    await kept.close();
    expect(await store.loadState('it')).toBe('c');
    expect(saved.filter((value) => value === 'a')).toHaveLength(1);
  });
}
