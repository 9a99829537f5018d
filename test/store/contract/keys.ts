import { expect, it } from 'vitest';
import type { KeyRecord } from '../../../src/store/contract.ts';
import { hashKey } from '../../../src/store/key-hash.ts';
import { openStore } from '../../../src/store/open.ts';
import type { Databases } from '../each-database.ts';
import { START_MS } from '../records.ts';

export function keysContract({ createUrl, open }: Databases): void {
  it('creates, finds, lists and revokes, and stays closed after the last one is revoked', async () => {
    let nowMs = START_MS;
    const url = await createUrl();
    const store = await open(url, () => nowMs);
    expect(await store.hasKeys()).toBe(false);
    const { key, record } = await store.createKey({ name: 'ci', scopes: ['inference', 'feedback'] });
    nowMs += 1_000;
    const limited = await store.createKey({
      name: 'guest',
      scopes: ['inference'],
      allowedModels: ['small', 'a/b'],
      allowedProviders: ['groq'],
      allowedAddresses: ['192.0.2.0/24', '2001:db8::1'],
      plan: 'pro',
      requestsPerMinute: 7,
      tokensPerMinute: 9_000_000_000,
      budgetMicroUsdPerDay: 1_500_000,
      budgetMicroUsdPerMonth: 1_000_000_000_000_000,
      onExhausted: 'downgrade',
      holdBack: true,
      expiresAtMs: START_MS + 10,
    });
    expect(record).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{16}$/),
      name: 'ci',
      prefix: key.slice(0, 10),
      scopes: ['inference', 'feedback'],
      allowedModels: undefined,
      allowedProviders: undefined,
      allowedAddresses: undefined,
      plan: '',
      requestsPerMinute: undefined,
      tokensPerMinute: undefined,
      budgetMicroUsdPerDay: undefined,
      budgetMicroUsdPerMonth: undefined,
      onExhausted: 'stop',
      holdBack: false,
      createdAtMs: START_MS,
      expiresAtMs: undefined,
      revokedAtMs: undefined,
    });
    expect(limited.record).toMatchObject({
      allowedProviders: ['groq'],
      allowedAddresses: ['192.0.2.0/24', '2001:db8::1'],
      requestsPerMinute: 7,
      tokensPerMinute: 9_000_000_000,
      budgetMicroUsdPerDay: 1_500_000,
      budgetMicroUsdPerMonth: 1_000_000_000_000_000,
      onExhausted: 'downgrade',
      holdBack: true,
    });
    expect(await store.listKeys()).toEqual([record, limited.record]);
    expect(await store.findKeyByHash(store.hashKey(key))).toEqual(record);
    expect(await store.findKeyByHash(store.hashKey(limited.key))).toEqual(limited.record);
    expect(await store.findKeyByHash(store.hashKey(`${key}x`))).toBeUndefined();

    expect(await store.revokeKey(record.id)).toBe(true);
    expect(await store.revokeKey(record.id)).toBe(false);
    expect(await store.revokeKey('key_nobody')).toBe(false);
    expect((await store.findKeyByHash(store.hashKey(key)))?.revokedAtMs).toBe(START_MS + 1_000);
    await store.revokeKey(limited.record.id);
    expect(await store.hasKeys()).toBe(true);
  });

  it('changes what is named and nothing else, takes away what is named as nothing, and leaves revoked ones alone', async () => {
    const store = await open(await createUrl());
    const { key, record } = await store.createKey({
      name: 'app',
      scopes: ['inference'],
      allowedModels: ['small'],
      plan: 'pro',
      budgetMicroUsdPerDay: 5,
      expiresAtMs: START_MS,
    });
    const changed = await store.updateKey(record.id, {
      name: 'new name',
      scopes: ['inference', 'admin'],
      allowedModels: undefined,
      allowedAddresses: ['::1'],
      budgetMicroUsdPerDay: undefined,
      onExhausted: 'downgrade',
      expiresAtMs: undefined,
    });
    expect(changed).toEqual({
      ...record,
      name: 'new name',
      scopes: ['inference', 'admin'],
      allowedModels: undefined,
      allowedAddresses: ['::1'],
      budgetMicroUsdPerDay: undefined,
      onExhausted: 'downgrade',
      expiresAtMs: undefined,
    });
    expect(await store.findKey(record.id)).toEqual(changed);
    expect(await store.findKeyByHash(store.hashKey(key))).toEqual(changed);
    expect(await store.updateKey('key_nobody', { name: 'x' })).toBeUndefined();
    expect(await store.findKey('key_nobody')).toBeUndefined();
    await store.revokeKey(record.id);
    expect(await store.updateKey(record.id, { name: 'x' })).toBeUndefined();
    expect((await store.findKey(record.id))?.name).toBe('new name');
  });

  it('lists page by page, each key once, also those of one moment', async () => {
    let nowMs = START_MS;
    const store = await open(await createUrl(), () => nowMs);
    for (let index = 0; index < 7; index += 1) {
      await store.createKey({ name: `key ${index}`, scopes: ['inference'] });
      if (index % 3 === 2) nowMs += 1;
    }
    const all = await store.listKeys();
    const paged: KeyRecord[] = [];
    let page: readonly KeyRecord[] = [];
    do {
      page = await store.listKeys({ after: paged.at(-1), limit: 2 });
      paged.push(...page);
    } while (page.length > 0);
    expect(paged).toEqual(all);
    expect(paged.length).toBe(7);
  });

  it('makes one secret per installation, however many start at once; a configured one wins', async () => {
    const url = await createUrl();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    expect(new Set(stores.map((store) => store.hashKey('or-x'))).size).toBe(1);
    const configured = await openStore({ url, now: () => 0, keySecret: 'from the environment' });
    expect(configured.hashKey('or-x')).toBe(hashKey('from the environment', 'or-x'));
    await configured.close();
  });

  it('keeps neither the key nor a hash that works without the secret', async () => {
    const store = await open(await createUrl());
    const { key, record } = await store.createKey({ name: 'ci', scopes: ['inference'] });
    expect(JSON.stringify(await store.listKeys())).not.toContain(key.slice(record.prefix.length));
    expect(store.hashKey(key)).not.toBe(hashKey('', key));
  });
}
