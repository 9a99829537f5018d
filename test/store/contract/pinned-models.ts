import { expect, it } from 'vitest';
import type { PinnedModel, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';

const PIN: PinnedModel = {
  keyId: 'key_a',
  type: 'embedding',
  modelId: 'large',
  pinnedAtMs: 1_700_000_000_000,
};

export function pinnedModelsContract({ createUrl, open }: Databases): void {
  it('whoever comes first decides, for all who come at once', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const models = ['large', 'small', 'tiny', 'huge'];
    const inForce = await Promise.all(
      models.map((modelId, at) => (stores[at % 2] as Store).pinModel({ ...PIN, modelId })),
    );
    expect(models).toContain(inForce[0]);
    expect(new Set(inForce).size).toBe(1);
    expect(await stores[1]?.pinnedModel(PIN)).toBe(inForce[0]);
    expect(await stores[0]?.listPins()).toEqual([{ ...PIN, modelId: inForce[0] }]);
  });

  it('an operator moves it, also where nothing was, and takes it away', async () => {
    const store = await open(await createUrl());
    expect(await store.pinnedModel(PIN)).toBeUndefined();
    await store.movePin(PIN);
    expect(await store.pinnedModel(PIN)).toBe('large');
    await store.movePin({ ...PIN, modelId: 'small', pinnedAtMs: PIN.pinnedAtMs + 0.4 });
    expect(await store.listPins()).toEqual([{ ...PIN, modelId: 'small' }]);
    expect(await store.pinModel(PIN)).toBe('small');
    expect(await store.removePin(PIN)).toBe(true);
    expect(await store.removePin(PIN)).toBe(false);
    expect(await store.pinnedModel(PIN)).toBeUndefined();
  });

  it('one for each key', async () => {
    const store = await open(await createUrl());
    await store.movePin({ ...PIN, keyId: 'key_b', modelId: 'small' });
    await store.movePin(PIN);
    expect(await store.listPins()).toEqual([PIN, { ...PIN, keyId: 'key_b', modelId: 'small' }]);
    expect(await store.removePin(PIN)).toBe(true);
    expect(await store.pinnedModel({ ...PIN, keyId: 'key_b' })).toBe('small');
  });
}
