import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';

interface Answer {
  readonly task: { readonly type: string; readonly confidence: number; readonly named: boolean };
  readonly data: readonly {
    readonly rank: number;
    readonly model: string;
    readonly reason: string;
    readonly evidence: string;
    readonly estimated_cost_usd: number;
    readonly probability_best: number;
  }[];
  readonly excluded: readonly { readonly model: string; readonly reason: string }[];
}

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

async function recommend(query: string): Promise<Answer> {
  const answer = await send(`${gateway.url}/v1/intelligence/recommendations?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Answer;
}

test('work that is no chat is not taken for a chat about it', async () => {
  for (const task of ['rerank', 'transcription', 'embedding']) {
    const answer = await send(`${gateway.url}/v1/intelligence/recommendations?task=${task}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`rankings?task=${task}`);
  }
});

test('a type of task: every chat model that can, best first, each with a sentence', async () => {
  const { task, data } = await recommend('task=code+review&limit=100');
  expect(task).toEqual({ type: 'code_review', confidence: 1, named: true });
  expect(data.map(({ rank }) => rank)).toEqual(data.map((_, index) => index + 1));
  expect(data.length).toBeGreaterThanOrEqual(5);
  expect(data[0]?.reason).toMatch(/^The most value under 'balanced'/);
  for (const { reason } of data.slice(1)) expect(reason).toContain(`Against ${data[0]?.model}`);
  expect(data.reduce((sum, row) => sum + row.probability_best, 0)).toBeCloseTo(1, 2);
});

test('where quality is worth nothing the cheapest is the best, with certainty, in rankings too', async () => {
  const own = await startGateway(
    '[strategies.thrift]\nvalue_of_quality_usd = 0\nvalue_of_second_usd = 0\n[routing]\ndefault_strategy = "thrift"\n',
  );
  try {
    const of = async (path: string) =>
      (await send(`${own.url}/v1/intelligence/${path}`)).json as { data: { models: object[] }[] };
    const best = { model: 'sim-mini', probability_best: 1 };
    expect((await of('recommendations?task=translation')).data[0]).toMatchObject(best);
    expect((await of('rankings?task=translation')).data[0]?.models[0]).toMatchObject(best);
    const { json } = await send(`${own.url}/v1/intelligence/models/sim-atlas-large/reevaluate`, { body: {} });
    const { may_cost: cost } = json as { may_cost: { extra_cost_usd: number; value_lost_usd: number } };
    expect(cost.extra_cost_usd).toBeGreaterThan(0);
    expect(cost.value_lost_usd).toBeCloseTo(cost.extra_cost_usd, 5);
  } finally {
    await own.stop();
  }
});

test('free text is classified', async () => {
  const { task } = await recommend(`task=${encodeURIComponent('Translate this letter into French')}`);
  expect(task).toMatchObject({ type: 'translation', named: false });
});

test('limit, needs, a ceiling and another strategy change who stands there', async () => {
  expect((await recommend('task=chat&limit=2')).data).toHaveLength(2);
  const seeing = await recommend('task=chat&needs=vision,tools&limit=100');
  expect(seeing.excluded.map(({ reason }) => reason)).toContain('missing_capability');
  const all = await recommend('task=chat&limit=100');
  const dearest = Math.max(...all.data.map((row) => row.estimated_cost_usd));
  const cheap = await recommend(`task=chat&limit=100&max_cost_usd=${dearest / 2}`);
  expect(Math.max(...cheap.data.map((row) => row.estimated_cost_usd))).toBeLessThanOrEqual(dearest / 2);
  expect(cheap.excluded.map(({ reason }) => reason)).toContain('over_cost_ceiling');
  const byPrice = await recommend('task=reasoning_math&strategy=price&limit=1');
  const byQuality = await recommend('task=reasoning_math&strategy=quality&limit=1');
  expect(byPrice.data[0]?.estimated_cost_usd).toBeLessThan(byQuality.data[0]?.estimated_cost_usd ?? 0);
});

describe('what a person got wrong', () => {
  test.each([
    ['', 'task'],
    ['task=', 'task'],
    [`task=${'x'.repeat(10_000)}`, 'task'],
    ['task=chat&limit=0', 'limit'],
    ['task=chat&limit=1.5', 'limit'],
    ['task=chat&limit=many', 'limit'],
    ['task=chat&max_cost_usd=-1', 'max_cost_usd'],
    ['task=chat&max_cost_usd=NaN', 'max_cost_usd'],
    ['task=chat&needs=telepathy', 'needs'],
    ['task=chat&strategy=luck', 'strategy'],
    ['task=chat&budget=1', 'budget'],
  ])('%s', async (query, param) => {
    const answer = await send(`${gateway.url}/v1/intelligence/recommendations?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { param, type: 'invalid_request_error' } });
  });
});

// Creating a key closes the gateway to those without one: nothing may follow this.
test('a key hears of its own models only', async () => {
  const own = (await recommend('task=chat&limit=1')).data[0]?.model ?? '';
  const { key } = await gateway.createKey({ allowedModels: [own] });
  const answer = await send(`${gateway.url}/v1/intelligence/recommendations?task=chat&limit=100`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data, excluded } = answer.json as Answer;
  expect(data.map(({ model }) => model)).toEqual([own]);
  expect(excluded).toEqual([]);
});
