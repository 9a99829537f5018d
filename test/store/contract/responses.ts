import { expect, it } from 'vitest';
import type { StoredResponse } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';

const KEPT: StoredResponse = {
  responseId: 'resp_a',
  keyId: 'key',
  modelId: 'model',
  endpointId: 'provider/model',
  createdAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_000_000_100,
  body: '{"id":"resp_a"}',
  conversation: '[{"role":"user","content":"Grüße 👋"}]',
};
const NOW_MS = KEPT.createdAtMs + 1;

export function responsesContract({ createUrl, open }: Databases): void {
  it('are there for their own key, also after a restart, until their time is over', async () => {
    const url = await createUrl();
    await (await open(url)).saveResponse(KEPT);
    const store = await open(url);
    expect(await store.readResponse('resp_a', 'key', NOW_MS)).toEqual(KEPT);
    expect(await store.readResponse('resp_a', 'other', NOW_MS)).toBeUndefined();
    expect(await store.readResponse('resp_a', '', NOW_MS)).toBeUndefined();
    expect(await store.readResponse('resp_b', 'key', NOW_MS)).toBeUndefined();
    expect(await store.readResponse('resp_a', 'key', KEPT.expiresAtMs)).toBeUndefined();
  });

  it('of the same id stay as they were', async () => {
    const store = await open(await createUrl());
    await store.saveResponse(KEPT);
    await store.saveResponse({ ...KEPT, keyId: 'other', body: '{}' });
    expect(await store.readResponse('resp_a', 'key', NOW_MS)).toEqual(KEPT);
    expect(await store.readResponse('resp_a', 'other', NOW_MS)).toBeUndefined();
  });

  it('are removed by their own key alone, and when their time is over', async () => {
    const store = await open(await createUrl());
    await store.saveResponse(KEPT);
    expect(await store.deleteResponse('resp_a', 'other')).toBe(false);
    expect(await store.deleteResponse('resp_a', 'key')).toBe(true);
    expect(await store.deleteResponse('resp_a', 'key')).toBe(false);
    await store.saveResponse(KEPT);
    await store.saveResponse({ ...KEPT, responseId: 'resp_b', expiresAtMs: KEPT.expiresAtMs + 1 });
    const limits = { requestsBeforeMs: undefined, usageBeforeMs: undefined, accountsBeforeMs: 0 };
    const nowMs = KEPT.expiresAtMs;
    expect(await store.removeExpired({ ...limits, nowMs })).toEqual({ what: 'responses', rows: 1 });
    expect(await store.removeExpired({ ...limits, nowMs })).toBeUndefined();
    expect(await store.readResponse('resp_a', 'key', NOW_MS)).toBeUndefined();
    expect(await store.readResponse('resp_b', 'key', NOW_MS)).toBeDefined();
  });
}
