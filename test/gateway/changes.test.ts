import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';

let gateway: TestGateway;
let admin: string;
let narrow: string;

beforeAll(async () => {
  gateway = await startGateway();
  admin = (await gateway.createKey({ scopes: ['admin'] })).key;
  narrow = (await gateway.createKey({ scopes: ['intelligence'], allowedModels: ['sim-mini'] })).key;
  await gateway.withStore(async (store) => {
    const alarm = { epoch: 1, cause: 'quality_alarm' };
    await store.openEpoch({
      ...alarm,
      modelId: 'sim-coder',
      openedAtMs: 1_000,
      direction: 'worse',
      measuredBefore: 0.90123,
      measuredAfter: 0.45,
    });
    await store.openEpoch({ modelId: 'sim-coder', epoch: 4, openedAtMs: 500, cause: 'second_look' });
    await store.openEpoch({ ...alarm, modelId: 'gone', openedAtMs: 2_000 });
    await store.openEndpointEpoch({
      endpointId: 'simulated/sim-mini',
      epoch: 3,
      openedAtMs: 3_000,
      cause: 'ttft_alarm',
    });
  });
});

afterAll(() => gateway.stop());

const changes = async (query: string, key: string) => {
  const { status, json } = await send(`${gateway.url}/v1/intelligence/changes${query}`, { key });
  return { status, ...(json as { data: object[]; error?: { param: string } }) };
};

const speed = {
  at: '1970-01-01T00:00:03.000Z',
  model: 'sim-mini',
  endpoint: 'simulated/sim-mini',
  cause: 'ttft_alarm',
  // Stored before the direction was.
  direction: null,
  measure: 'ttft_ms',
  before: null,
  after: null,
  epoch: 3,
};
const quality = {
  at: '1970-01-01T00:00:01.000Z',
  model: 'sim-coder',
  endpoint: null,
  cause: 'quality_alarm',
  direction: 'worse',
  measure: 'quality',
  before: 0.901,
  after: 0.45,
  epoch: 1,
};
const look = {
  at: '1970-01-01T00:00:00.500Z',
  model: 'sim-coder',
  endpoint: null,
  cause: 'second_look',
  direction: null,
  measure: null,
  before: null,
  after: null,
  epoch: 4,
};

test('the newest first, of what is configured', async () => {
  expect((await changes('', admin)).data).toEqual([speed, quality, look]);
  expect((await changes('?limit=1', admin)).data).toEqual([speed]);
});

test('a key hears of the models that it may use', async () => {
  expect((await changes('', narrow)).data).toEqual([speed]);
});

test.each(['?limit=0', '?limit=201', '?limit=many', '?limit=1.5', '?since=ever'])(
  '%s is refused',
  async (query) => {
    expect((await changes(query, admin)).status).toBe(400);
  },
);
