import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { read } from './ask.ts';

/** What is said of models that are no chat models: they learn as well. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const rerank = (model = 'auto') =>
  send(`${gateway.url}/v1/rerank`, { body: { model, query: 'bread', documents: ['Flour.', 'A car.'] } });
const push = (results: object[]) =>
  send(`${gateway.url}/v1/intelligence/priors`, { body: { name: 'mine', results } });
const qualityOf = async (task: string, model: string) => {
  const { data } = await read<{
    data: { models: { model: string; quality: { mean: number }; evidence: string }[] }[];
  }>(gateway, `/v1/intelligence/rankings?task=${task}`);
  const row = data[0]?.models.find((one) => one.model === model);
  return { mean: row?.quality.mean ?? Number.NaN, evidence: row?.evidence };
};

test('scores in /v1/models are of the work that a model does', async () => {
  const scoresOf = async (id: string) => (await read<{ scores: object }>(gateway, `/v1/models/${id}`)).scores;
  expect(await scoresOf('sim-ranker-large')).toEqual({});
  const { headers } = await rerank();
  const model = String(headers['x-router-model']);
  await send(`${gateway.url}/v1/feedback/${headers['x-request-id']}`, { body: { score: 1 } });
  expect(await scoresOf(model)).toMatchObject({
    rerank: { quality: expect.any(Number), samples: expect.any(Number) },
  });
  expect(Object.keys(await scoresOf('sim-painter-small'))).toEqual([]);
});

test('an evaluation moves what is believed of pictures, and of nothing else', async () => {
  const chatBefore = await qualityOf('translation', 'sim-mini');
  const answer = await push([
    { model: 'sim-painter-large', score: 1, samples: 100 },
    { model: 'sim-painter-small', task: 'image_generation', score: 0.1, samples: 100 },
  ]);
  expect(answer.status, answer.text).toBe(200);
  const { scores, moved } = answer.json as {
    scores: { task: string }[];
    moved: { model: string; before: { quality: number }; after: { quality: number; evidence: string } }[];
  };
  expect(scores.map(({ task }) => task)).toEqual(['image_generation', 'image_generation']);
  expect(moved[0]?.after.quality).toBeGreaterThan(moved[0]?.before.quality ?? 1);
  expect(moved[1]?.after.quality).toBeLessThan(moved[1]?.before.quality ?? 0);
  const [large, small] = [
    await qualityOf('image_generation', 'sim-painter-large'),
    await qualityOf('image_generation', 'sim-painter-small'),
  ];
  expect(large.mean - small.mean).toBeGreaterThan(0.3);
  expect(large.evidence).toBe('prior');
  expect(await qualityOf('translation', 'sim-mini')).toEqual(chatBefore);
  await send(`${gateway.url}/v1/intelligence/priors/mine`, { method: 'DELETE' });
  expect((await qualityOf('image_generation', 'sim-painter-large')).mean).toBeCloseTo(
    moved[0]?.before.quality ?? 0,
    3,
  );
});

test('transcriptions and translations are learnt of together: a word on one counts for both', async () => {
  const { moved } = (
    await push([
      { model: 'sim-ear-large', task: 'speech_translation', score: 1, samples: 100 },
      { model: 'sim-ear-small', task: 'speech_translation', score: 0, samples: 100 },
    ])
  ).json as { moved: { after: { quality: number } }[] };
  expect((await qualityOf('transcription', 'sim-ear-large')).mean).toBeCloseTo(
    moved[0]?.after.quality ?? 0,
    3,
  );
});

test('work of another type is a 400 that says which there is', async () => {
  const { status, json } = await push([{ model: 'sim-painter-large', task: 'translation', score: 1 }]);
  expect(status).toBe(400);
  expect(json).toMatchObject({
    error: { param: 'results[0].task', message: expect.stringContaining('image_generation') },
  });
  const nobody = await push([{ model: 'nobody', score: 1, task: 'rerank' }]);
  expect(nobody.status).toBe(404);
});

test('a model is looked at again, and gets its share of the choices', async () => {
  const url = `${gateway.url}/v1/intelligence/models/sim-ranker-small/reevaluate`;
  const { status, json, text } = await send(url, { body: { max_requests: 5 } });
  expect(status, text).toBe(200);
  expect(json).toMatchObject({
    model: 'sim-ranker-small',
    opened_epoch: true,
    trial: { max_requests: 5, remaining: 5 },
    tasks: [{ task: 'rerank' }],
  });
  const trial = async () => {
    const { data } = await read<{ data: { models: { model: string; trial: object | null }[] }[] }>(
      gateway,
      '/v1/intelligence/rankings?task=rerank',
    );
    return data[0]?.models.find(({ model }) => model === 'sim-ranker-small')?.trial;
  };
  expect(await trial()).toEqual({ max_requests: 5, remaining: 5 });
  for (let round = 0; round < 40; round += 1) await rerank();
  expect(await trial()).not.toEqual({ max_requests: 5, remaining: 5 });
  const embedding = await send(`${gateway.url}/v1/intelligence/models/sim-embed-small/reevaluate`, {
    body: {},
  });
  expect(embedding.status).toBe(409);
  expect(embedding.text).toContain('embedding-models');
});
