import { afterAll, beforeAll, expect, test } from 'vitest';
import { metadataOf } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { ask } from './ask.ts';

/** Limits that speak about what was learnt leave nobody out before there is evidence. */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const both = ['sim-mini', 'sim-flash'];

async function planned(route: object) {
  const answer = await ask(
    gateway,
    { route: { models: both, ...route }, max_tokens: 2 },
    { headers: { 'x-router-metadata': 'enabled' } },
  );
  const { candidates, excluded } = metadataOf(answer.json as object);
  return {
    candidates: candidates.map(({ model }) => model).sort(),
    excluded: excluded
      .filter(({ model }) => both.includes(model))
      .map(({ model, reason }) => [model, reason]),
  };
}

test('max_latency_ms leaves out an endpoint once it is known to be slower', async () => {
  const impossible = { max_latency_ms: 0.01 };
  expect(await planned(impossible)).toEqual({ candidates: ['sim-flash', 'sim-mini'], excluded: [] });
  const requests = Array.from({ length: 8 }, () =>
    ask(gateway, { model: 'sim-flash', stream: true, max_tokens: 40 }),
  );
  for (const { status } of await Promise.all(requests)) expect(status).toBe(200);
  expect(await planned(impossible)).toEqual({
    candidates: ['sim-mini'],
    excluded: [['sim-flash', 'over_latency_ceiling']],
  });
  expect(await planned({ max_latency_ms: 60_000 })).toEqual({
    candidates: ['sim-flash', 'sim-mini'],
    excluded: [],
  });
});

test('min_quality leaves out a model once enough outcomes say so', async () => {
  const wish = { min_quality: 0.9 };
  expect(await planned(wish)).toEqual({ candidates: ['sim-flash', 'sim-mini'], excluded: [] });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => ask(gateway, { route: { models: ['sim-mini'] }, max_tokens: 2 })),
  );
  for (const { requestId } of answers) {
    const given = await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 0 } });
    expect(given.status).toBe(200);
  }
  expect(await planned(wish)).toEqual({
    candidates: ['sim-flash'],
    excluded: [['sim-mini', 'below_min_quality']],
  });
});
