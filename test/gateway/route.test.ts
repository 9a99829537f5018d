import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readDecision } from '../../src/core/choice/decision-record.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

interface Route {
  readonly decision_id: string;
  readonly expires_at: string;
  readonly model: string;
  readonly task: { readonly type: string };
  readonly candidates: readonly { readonly model: string; readonly probability: number }[];
  readonly excluded: readonly { readonly model: string; readonly reason: string }[];
}

let upstream: MisbehavingUpstream;
let toml: string;
let gateway: TestGateway;
let mine: string;
let other: string;
let calls: number;

const BODY = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Translate to French: good morning' }],
  temperature: 0.5,
};

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  toml = `${providerToml('up', upstream.baseUrl, ['one', 'two', 'three', 'four'])}
[api.models.vectors]
type = "embedding"
endpoints = [{ provider = "up", model = "vectors", input_usd_per_million = 1.0 }]
`;
  gateway = await startGateway(toml);
  mine = (await gateway.createKey()).key;
  other = (await gateway.createKey()).key;
});

beforeEach(() => {
  calls = upstream.requests.length;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function route(body: object = BODY, key = mine): Promise<Route> {
  const answer = await send(`${gateway.url}/v1/route`, { body, key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Route;
}

const sharesOf = ({ candidates }: Route) =>
  candidates.map(({ model, probability }) => [model, probability.toFixed(9)]);

const carryOut = (decisionId: string, body: object = BODY, key = mine) =>
  send(`${gateway.url}/v1/chat/completions`, { body: { ...body, route: { decision_id: decisionId } }, key });

test('says what would be decided, and sends nothing', async () => {
  const answer = await route();
  expect(answer.task.type).toBe('translation');
  expect(answer.candidates).toHaveLength(4);
  expect(answer.candidates.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  expect(answer.model).toBe(answer.candidates[0]?.model);
  expect(Date.parse(answer.expires_at)).toBeGreaterThan(Date.now());
  expect(upstream.requests.length).toBe(calls);
  const limited = await route({ ...BODY, route: { models: ['two'] } });
  expect(limited.candidates.map(({ model }) => model)).toEqual(['two']);
  expect(limited.excluded.map(({ reason }) => reason)).toEqual([
    'not_in_route',
    'not_in_route',
    'not_in_route',
  ]);
});

test('each decision goes where it said, and the row of the request is that decision', async () => {
  const chosen = new Set<string>();
  for (let index = 0; index < 8; index++) {
    const decided = await route();
    const answer = await carryOut(decided.decision_id);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['x-router-model']).toBe(decided.model);
    chosen.add(decided.model);
    const { json } = await send(`${gateway.url}/v1/explain/${answer.headers['x-request-id']}`, { key: mine });
    expect(sharesOf(json as Route)).toEqual(sharesOf(decided));
  }
  // Four models of which nothing is known: eight draws that all fell on one would be one in 16,000.
  expect(chosen.size).toBeGreaterThan(1);
});

test('what was looked at before it was carried out is stored as no free choice', async () => {
  const isDrawn = async (answer: { readonly headers: Readonly<Record<string, unknown>> }) => {
    const id = String(answer.headers['x-request-id']);
    return gateway.withStore(async (store) => {
      const record = await store.readRequest(id);
      return readDecision(record?.request.decision ?? '').isDrawn;
    });
  };
  const plain = await send(`${gateway.url}/v1/chat/completions`, { body: BODY, key: mine });
  await expect.poll(() => isDrawn(plain)).toBe(true);
  const looked = await carryOut((await route()).decision_id);
  const isKnown = () => send(`${gateway.url}/v1/explain/${looked.headers['x-request-id']}`, { key: mine });
  await expect.poll(async () => (await isKnown()).status).toBe(200);
  expect(await isDrawn(looked)).toBe(false);
});

test('a stream carries out what was decided for it', async () => {
  const decided = await route();
  const answer = await carryOut(decided.decision_id, { ...BODY, stream: true });
  expect(answer.headers['x-router-model']).toBe(decided.model);
  expect(answer.text).toContain('[DONE]');
  expect(upstream.requests.at(-1)?.body ?? '').not.toContain('decision_id');
});

describe('when something has changed meanwhile', () => {
  const changeableKey = async (limits: object = {}) => {
    const { key, record } = await gateway.createKey(limits);
    const { key: admin } = await gateway.createKey({ scopes: ['admin'] });
    const change = (body: object) =>
      send(`${gateway.url}/v1/keys/${record.id}`, { method: 'PATCH', key: admin, body });
    return { key, change };
  };

  test('nobody serves whom it may not use any more', async () => {
    const { key, change } = await changeableKey();
    const { decision_id, candidates } = await route(BODY, key);
    const second = candidates[1]?.model;
    expect((await change({ allowed_models: [second] })).status).toBe(200);
    const answer = await carryOut(decision_id, BODY, key);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['x-router-model']).toBe(second);
  });

  test('nobody serves who is out of service by now', async () => {
    const { key: admin } = await gateway.createKey({ scopes: ['admin'] });
    const { decision_id, model, candidates } = await route();
    const inService = (verb: string) =>
      send(`${gateway.url}/v1/intelligence/models/${model}/${verb}`, { key: admin, body: {} });
    expect((await inService('pause')).status).toBe(200);
    const answer = await carryOut(decision_id);
    expect((await inService('resume')).status).toBe(200);
    expect(answer.headers['x-router-model']).toBe(candidates[1]?.model);
  });

  test('a decision to act is none once routing is only observed', async () => {
    const { decision_id } = await route();
    const { decision_id: byName } = await route({ ...BODY, model: 'two' });
    await gateway.writeConfig(`${toml}[routing]\nmode = "observe"\nbaseline = "one"\n`);
    await gateway.reload();
    const refused = await carryOut(decision_id);
    const named = await carryOut(byName, { ...BODY, model: 'two' });
    await gateway.writeConfig(toml);
    await gateway.reload();
    expect(refused.status).toBe(404);
    expect(refused.json).toMatchObject({ error: { code: 'decision_not_found' } });
    expect(named.headers['x-router-model']).toBe('two');
  });

  test('whoever was told to come later carries out the same decision', async () => {
    const { key, change } = await changeableKey({ tokensPerMinute: 1 });
    const { decision_id, model } = await route(BODY, key);
    expect((await carryOut(decision_id, BODY, key)).status).toBe(429);
    expect((await change({ tokens_per_minute: 100_000 })).status).toBe(200);
    const answer = await carryOut(decision_id, BODY, key);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['x-router-model']).toBe(model);
  });
});

describe('what is not carried out', () => {
  test('a second time, another key’s, or one that never was: as if it were not there', async () => {
    const { decision_id } = await route();
    const foreign = await carryOut(decision_id, BODY, other);
    expect((await carryOut(decision_id)).status).toBe(200);
    for (const answer of [foreign, await carryOut(decision_id), await carryOut('dec_nobody')]) {
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({
        error: { code: 'decision_not_found', param: 'route.decision_id' },
      });
    }
  });

  test('for another request than the one it was made for', async () => {
    const { decision_id } = await route();
    const answer = await carryOut(decision_id, {
      ...BODY,
      messages: [{ role: 'user', content: 'Something else' }],
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'decision_mismatch' } });
    expect((await carryOut(decision_id)).status).toBe(200);
  });

  test('at another endpoint whose body it would be fit for', async () => {
    const body = { ...BODY, input: 'good morning' };
    const { decision_id } = await route(body);
    const answer = await send(`${gateway.url}/v1/embeddings`, {
      body: { ...body, route: { decision_id } },
      key: mine,
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'decision_mismatch' } });
  });

  test.each([
    [{ ...BODY, model: 'nobody' }, 404],
    [{ ...BODY, messages: [] }, 400],
    [{ ...BODY, route: { stategy: 'price' } }, 400],
    [{ ...BODY, route: { decision_id: 7 } }, 400],
    [{ ...BODY, route: { decision_id: 'x'.repeat(65) } }, 400],
  ])('a dry run of what would be refused is refused: %#', async (body, status) => {
    const answer = await send(`${gateway.url}/v1/route`, { body, key: mine });
    expect(answer.status).toBe(status);
    expect(upstream.requests.length).toBe(calls);
  });
});
