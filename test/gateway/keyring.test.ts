import { beforeEach, expect, test } from 'vitest';
import { createKeyring, EVERYBODY, type Keyring } from '../../src/gateway/admission/keyring.ts';
import type { KeyRecord } from '../../src/store/contract.ts';

let monotonicMs = 0;
let nowMs = 0;
let isRequired = true;
let lookups = 0;
let records: Map<string, KeyRecord>;
let keyring: Keyring;

beforeEach(() => {
  monotonicMs = 1_000;
  nowMs = 1_800_000_000_000;
  isRequired = true;
  lookups = 0;
  records = new Map();
  keyring = createKeyring({
    store: {
      hashKey: (key) => `hash of ${key}`,
      findKeyByHash: async (hash) => {
        lookups += 1;
        return records.get(hash);
      },
      findKey: async (id) => [...records.values()].find((record) => record.id === id),
      hasKeys: async () => records.size > 0,
    },
    isRequired: () => isRequired,
    modelsAt: (providers) => (providers.has('groq') ? ['one', 'two'] : []),
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
  });
});

function addKey(key: string, changes: Partial<KeyRecord> = {}): void {
  records.set(`hash of ${key}`, {
    id: 'key_1',
    name: 'test',
    prefix: 'or-',
    scopes: ['inference'],
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
    createdAtMs: 0,
    expiresAtMs: undefined,
    revokedAtMs: undefined,
    ...changes,
  });
}

const ask = async (key: string | undefined) => keyring.callerOf(key, 'inference');

test('a key is looked up once in four seconds, and a revocation seen within five', async () => {
  addKey('or-a', { allowedModels: ['one'] });
  expect(await ask('or-a')).toMatchObject({ keyId: 'key_1', allowedModels: new Set(['one']) });
  expect(keyring.callerOf('or-a', 'inference')).not.toBeInstanceOf(Promise);
  addKey('or-a', { revokedAtMs: nowMs });
  monotonicMs += 3_999;
  await ask('or-a');
  expect(lookups).toBe(1);
  monotonicMs += 1_001;
  await expect(ask('or-a')).rejects.toMatchObject({
    status: 401,
    message: expect.stringContaining('revoked'),
  });
});

test('a key expires to the millisecond, also while it is remembered', async () => {
  addKey('or-a', { expiresAtMs: nowMs + 10 });
  await ask('or-a');
  nowMs += 9;
  await ask('or-a');
  nowMs += 1;
  await expect(ask('or-a')).rejects.toMatchObject({ status: 401 });
  expect(lookups).toBe(1);
});

test('a clock that jumps does not prolong what is remembered', async () => {
  addKey('or-a');
  await ask('or-a');
  nowMs -= 3_600_000;
  monotonicMs += 4_000;
  await ask('or-a');
  expect(lookups).toBe(2);
});

test('open without keys, whatever is sent; closed with the first; open for good where none is required', async () => {
  expect(await ask(undefined)).toBe(EVERYBODY);
  expect(await ask('sk-anything')).toBe(EVERYBODY);
  addKey('or-a');
  monotonicMs += 5_000;
  await expect(ask(undefined)).rejects.toMatchObject({
    status: 401,
    message: expect.stringContaining('No API key'),
  });
  await expect(ask('sk-anything')).rejects.toMatchObject({ status: 401 });
  isRequired = false;
  monotonicMs += 5_000;
  expect(await ask(undefined)).toBe(EVERYBODY);
});

test('a key that was revoked is refused even where none is required', async () => {
  isRequired = false;
  addKey('or-a', { revokedAtMs: 1 });
  await expect(ask('or-a')).rejects.toMatchObject({ status: 401 });
});

test('a key that is no key is never looked up', async () => {
  addKey('or-a');
  await expect(ask('x'.repeat(257))).rejects.toMatchObject({ status: 401 });
  // All of them share one place in the memory: the second is answered from it.
  expect(() => keyring.callerOf('y'.repeat(16_000), 'inference')).toThrow(
    expect.objectContaining({ status: 401 }),
  );
  expect(lookups).toBe(0);
});

test('the scope is asked for each time', async () => {
  addKey('or-a', { scopes: ['inference'] });
  await ask('or-a');
  expect(() => keyring.callerOf('or-a', 'admin')).toThrow(expect.objectContaining({ status: 403 }));
  expect(keyring.callerOf('or-a', 'inference')).toMatchObject({ keyId: 'key_1' });
});
