import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', 'slow-headers']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface Belief {
  readonly quality: number;
  readonly low_90: number;
  readonly high_90: number;
  readonly samples: number;
  readonly evidence: string;
}

interface Moved {
  readonly counted?: boolean;
  readonly source: string;
  readonly source_class?: string;
  readonly score?: number;
  readonly note?: string;
  readonly moved: {
    readonly task: string;
    readonly model: string;
    readonly before: Belief;
    readonly after: Belief;
  };
}

async function give(id: string, body: object, key?: string): Promise<Moved> {
  const answer = await send(`${gateway.url}/v1/feedback/${id}`, { body, key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Moved;
}

async function retract(id: string, source?: string): Promise<Moved> {
  const query = source === undefined ? '' : `?source=${source}`;
  const answer = await send(`${gateway.url}/v1/feedback/${id}${query}`, { method: 'DELETE' });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Moved;
}

/** Equal up to what adding and subtracting the same floating-point number leaves. */
function expectSame(one: Belief, other: Belief): void {
  expect(one.evidence).toBe(other.evidence);
  for (const field of ['quality', 'low_90', 'high_90', 'samples'] as const) {
    expect(one[field]).toBeCloseTo(other[field], 9);
  }
}

/** What is believed of every model in every task, as the API says it. */
async function allBeliefs(of: TestGateway): Promise<unknown> {
  const { data } = await read<{ data: { task: string; models: { model: string }[] }[] }>(
    of,
    '/v1/intelligence/rankings',
  );
  return data.map(({ task, models }) => ({
    task,
    models: models
      .map(({ model, ...belief }) => {
        const { quality, samples, evidence } = belief as {
          quality: object;
          samples: number;
          evidence: string;
        };
        return { model, quality, samples, evidence };
      })
      .sort((a, b) => a.model.localeCompare(b.model)),
  }));
}

const toOne = { route: { models: ['one'] } };

test('a verdict moves the belief about the model that answered, and only as often as it is new', async () => {
  const { requestId } = await ask(gateway, toOne);
  const first = await give(requestId, { score: 1 });
  expect(first).toMatchObject({
    object: 'feedback',
    request_id: requestId,
    counted: true,
    source: 'human',
    source_class: 'human',
    score: 1,
    moved: { task: 'translation', model: 'one' },
  });
  expect(first.moved.after.quality).toBeGreaterThan(first.moved.before.quality);

  const again = await give(requestId, { score: 1 });
  expect(again.counted).toBe(true);
  expect(again.moved.before).toEqual(first.moved.after);
  expect(again.moved.after).toEqual(first.moved.after);

  const corrected = await give(requestId, { score: 0, comment: 'on second thought' });
  expect(corrected.moved.before).toEqual(first.moved.after);
  expect(corrected.moved.after.quality).toBeLessThan(first.moved.before.quality);
  expect(corrected.moved.after.samples).toBeCloseTo(first.moved.after.samples, 9);

  const retracted = await retract(requestId);
  expect(retracted).toMatchObject({ deleted: true, source: 'human' });
  expectSame(retracted.moved.after, first.moved.before);
  expectSame((await retract(requestId)).moved.after, first.moved.before);
});

test('of several sources the strongest counts; when it is withdrawn the next does', async () => {
  const { requestId } = await ask(gateway, toOne, { task: 'code_generation' });
  const judged = await give(requestId, { score: 0.2, source: 'llm-judge' });
  expect(judged).toMatchObject({ counted: true, source_class: 'judge' });
  const tested = await give(requestId, { tests_passed: true, source: 'ci' });
  expect(tested).toMatchObject({ counted: true, source_class: 'client_test', score: 1 });
  expect(tested.moved.after.quality).toBeGreaterThan(judged.moved.after.quality);

  const human = await give(requestId, { score: 0 });
  expect(human.counted).toBe(false);
  expectSame(human.moved.after, tested.moved.after);

  const withoutTests = await retract(requestId, 'ci');
  expect(withoutTests.moved.after.quality).toBeLessThan(judged.moved.before.quality);
  const withoutHuman = await retract(requestId, 'human');
  expectSame(withoutHuman.moved.after, judged.moved.after);
  expectSame((await retract(requestId, 'llm-judge')).moved.after, judged.moved.before);
});

test('outcomes and signals say the same as scores', async () => {
  const { requestId } = await ask(gateway, toOne, { task: 'extraction' });
  expect(await give(requestId, { outcome: 'success' })).toMatchObject({ score: 1 });
  expect(await give(requestId, { outcome: 'partial' })).toMatchObject({ score: 0.5 });
  expect(await give(requestId, { outcome: 'failure' })).toMatchObject({ score: 0 });
  expect(await give(requestId, { signals: { tests_passed: 0.75 } })).toMatchObject({
    score: 0.75,
    source_class: 'client_test',
  });
});

test('many verdicts at once on one request leave one', async () => {
  const { requestId } = await ask(gateway, toOne, { task: 'reasoning_math' });
  const before = (await give(requestId, { score: 1, source: 'ci' })).moved.before;
  await retract(requestId, 'ci');
  await Promise.all(Array.from({ length: 20 }, (_, at) => give(requestId, { score: (at % 2) * 1 })));
  const explained = await read<{ feedback: object[] }>(gateway, `/v1/explain/${requestId}`);
  expect(explained.feedback).toHaveLength(1);
  expectSame((await retract(requestId)).moved.after, before);
});

test('a request that named its model teaches nothing about which to choose', async () => {
  const { requestId } = await ask(gateway, { model: 'two' });
  const given = await give(requestId, { score: 1 });
  expect(given).toMatchObject({ counted: false, note: expect.stringContaining('named its model') });
  expect(given.moved.after).toEqual(given.moved.before);
});

test('a request that still runs cannot be judged yet', async () => {
  const leaving = new AbortController();
  const running = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'still-running' },
    body: JSON.stringify({ model: 'slow-headers', messages: [{ role: 'user', content: 'hi' }] }),
    signal: leaving.signal,
  });
  await expect.poll(() => upstream.countFor('slow-headers'), { interval: 5 }).toBe(1);
  const answer = await send(`${gateway.url}/v1/feedback/still-running`, { body: { score: 1 } });
  expect(answer.status).toBe(409);
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.json).toMatchObject({ error: { code: 'request_in_progress' } });
  leaving.abort();
  await expect(running).rejects.toThrow();
});

test('what was learnt is what another gateway reads from the database', async () => {
  const { requestId } = await ask(gateway, { route: { models: ['two'] } }, { task: 'summarization' });
  await give(requestId, { score: 1 });
  await read(gateway, `/v1/explain/${requestId}`);
  // A file bears one server, so the other gets a copy.
  const copy = join(gateway.folder, 'copy.db');
  const original = new SqliteDatabase(gateway.databaseUrl.replace('sqlite:', ''), { readonly: true });
  original.prepare('vacuum into ?').run(copy);
  original.close();
  const other = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', 'slow-headers']), {
    store: `sqlite:${copy}`,
  });
  try {
    expect(await allBeliefs(other)).toEqual(await allBeliefs(gateway));
  } finally {
    await other.stop();
  }
});

describe('keys', () => {
  let closed: TestGateway;
  let mine: string;
  let others: string;
  let admins: string;

  beforeAll(async () => {
    closed = await startGateway(providerToml('up', upstream.baseUrl, ['one']));
    mine = (await closed.createKey()).key;
    others = (await closed.createKey()).key;
    admins = (await closed.createKey({ scopes: ['feedback', 'intelligence', 'admin'] })).key;
  });

  afterAll(() => closed.stop());

  test("another key's request is as if it did not exist; an admin's key reaches it", async () => {
    const { requestId } = await ask(closed, {}, { key: mine });
    const paths = {
      judge: () => ({ path: `/v1/feedback/${requestId}`, body: { score: 1 } }),
      retract: () => ({ path: `/v1/feedback/${requestId}`, method: 'DELETE' }),
      explain: () => ({ path: `/v1/explain/${requestId}` }),
    };
    for (const make of Object.values(paths)) {
      const { path, ...options } = make() as { path: string; body?: object; method?: string };
      const foreign = await send(`${closed.url}${path}`, { ...options, key: others });
      const missing = await send(`${closed.url}${path.replace(requestId, 'req_nobody')}`, {
        ...options,
        key: others,
      });
      expect(foreign.status).toBe(404);
      expect(foreign.text.replace(requestId, 'req_nobody')).toBe(missing.text);
    }
    expect(await read(closed, `/v1/explain/${requestId}`, mine)).toMatchObject({ feedback: [] });
    for (const key of [mine, admins]) {
      const answer = await send(`${closed.url}/v1/feedback/${requestId}`, { body: { score: 1 }, key });
      expect(answer.status).toBe(200);
    }
  });
});

test('a verdict taken back and given again is no second sight of the model', async () => {
  const alarms = async () => {
    const { text } = await send(`${gateway.url}/metrics`);
    return text.split('\n').filter((line) => line.startsWith('outrider_change_alarms_total{'));
  };
  const judge = async (score: number) => {
    const { requestId } = await ask(gateway, { route: { models: ['two'] } }, { task: 'reasoning_math' });
    await give(requestId, { score });
    return requestId;
  };
  // Enough labels for the detector to watch by.
  for (let i = 0; i < 60; i++) await judge(1);
  const before = await alarms();
  const requestId = await judge(1);
  for (let i = 0; i < 60; i++) {
    await retract(requestId);
    await give(requestId, { score: 0 });
  }
  expect(await alarms()).toEqual(before);
});
