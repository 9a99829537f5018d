import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EndedAttempt, NewKey } from '../../src/store/contract.ts';
import { quality } from '../core/learning/evidence.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { readBody } from '../fixtures/read-body.ts';
import { seededStore } from '../fixtures/seeded-store.ts';
import { type Answer, send } from '../http/send.ts';
import { ask, read } from './ask.ts';

/** An answer of five tokens: about 20 µUSD by a cheap model, 200 by the dear one. */
const SHORT = { max_tokens: 5 };
const FOR_ONE = 30;
const CHEAP = ['cheap', 'other', '500', 'ok-slow', 'stream-stall-after', 'usage-missing'];

interface Budget {
  readonly budget: string;
  readonly key_id: string | null;
  readonly key_name: string | null;
  readonly window: 'day' | 'month';
  readonly limit_usd: number;
  readonly spent_usd: number;
  readonly reserved_usd: number;
  readonly remaining_usd: number;
  readonly share: number;
  readonly on_exhausted: string;
  readonly starts_at: string;
  readonly resets_at: string;
}

let upstream: MisbehavingUpstream;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;
let admin: string;

const modelsToml = () =>
  [
    providerToml('low', upstream.baseUrl, CHEAP),
    providerToml('high', upstream.baseUrl, ['dear'], {
      endpoint: 'input_usd_per_million = 10.0, output_usd_per_million = 20.0',
    }),
    providerToml('local', upstream.baseUrl, ['free'], {
      endpoint: 'input_usd_per_million = 0, output_usd_per_million = 0',
    }),
  ].join('\n');

async function start(budgets = '', options: Parameters<typeof startGateway>[1] = {}): Promise<void> {
  gateway = await startGateway(`${modelsToml()}\n${budgets}`, { store: store.url, ...options });
  admin = (await gateway.createKey({ scopes: ['admin'] })).key;
}

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  store = await seededStore([
    quality('cheap', 'translation', 60, 40),
    quality('dear', 'translation', 95, 5),
    quality('other', 'translation', 5, 95),
  ]);
});
afterEach(async () => {
  await gateway.stop();
  await store.remove();
  vi.useRealTimers();
});

const keyWith = (key: Partial<NewKey>) => gateway.createKey({ scopes: ['inference'], ...key });

async function budgets(key = admin): Promise<readonly Budget[]> {
  return (await read<{ data: readonly Budget[] }>(gateway, '/v1/budgets', key)).data;
}

async function rows(): Promise<readonly EndedAttempt[]> {
  await budgets();
  return gateway.withStore(async (opened) => {
    const all: EndedAttempt[] = [];
    await expect
      .poll(async () => {
        all.length = 0;
        for await (const row of opened.attemptFacts()) all.push(row);
        return (
          (await read<{ total: { requests: number } }>(gateway, '/v1/usage?group_by=day', admin)).total
            .requests - all.length
        );
      })
      .toBe(0);
    return all;
  });
}

/** Sum of what rows say of a key, or of all, in micro-USD. */
function costOf(all: readonly EndedAttempt[], keyId?: string): number {
  return all
    .filter((row) => keyId === undefined || row.keyId === keyId)
    .reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);
}

function expectBudgetExceeded(answer: Answer, words: string): void {
  expect(answer.status).toBe(402);
  const { error } = answer.json as { error: Record<string, string> };
  expect(error).toMatchObject({ type: 'insufficient_quota', code: 'budget_exceeded', param: null });
  expect(error.message).toContain(words);
}

describe('200 requests at once at a budget for one', () => {
  test.each([
    ['of the key', { budgetMicroUsdPerDay: FOR_ONE }, ''],
    ['of the key, by month', { budgetMicroUsdPerMonth: FOR_ONE }, ''],
    ['of all together', {}, '[budgets]\nusd_per_day = 0.00003'],
    [
      'of all together, by month, downgrading',
      {},
      '[budgets]\nusd_per_month = 0.00003\non_exhausted = "downgrade"',
    ],
  ])('%s: one upstream call', async (_name, key, toml) => {
    await start(toml);
    const { key: token, record } = await keyWith(key);
    const before = upstream.requests.length;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        ask(gateway, { ...SHORT, model: 'cheap', stream: at % 2 === 0 }, { key: token }),
      ),
    );
    expect(upstream.requests.length - before).toBe(1);
    const counts = new Map<number, number>();
    for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ 200: 1, 402: 199 });
    const all = await rows();
    expect(all).toHaveLength(1);
    const spent = costOf(all, record.id) / 1e6;
    expect(spent).toBeGreaterThan(0);
    expect(await budgets()).toMatchObject([{ spent_usd: spent, reserved_usd: 0 }]);
  });

  test('with fail-over, each attempt for itself: never more than one answer is paid for', async () => {
    await start();
    const { key, record } = await keyWith({ budgetMicroUsdPerDay: FOR_ONE });
    await Promise.all(
      Array.from({ length: 200 }, () =>
        ask(gateway, { ...SHORT, model: '500', models: ['cheap', 'other'] }, { key }),
      ),
    );
    const all = await rows();
    expect(all.filter(({ ending }) => ending === 'completed').length).toBeLessThanOrEqual(1);
    expect(costOf(all)).toBeLessThanOrEqual(FOR_ONE);
    expect(await budgets()).toMatchObject([
      { key_id: record.id, spent_usd: costOf(all) / 1e6, reserved_usd: 0 },
    ]);
    // And what is left is still to be had.
    const left = FOR_ONE - costOf(all);
    if (left >= 25) expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
  });

  test('by models that fail: everything is given back, and the next one is served', async () => {
    await start();
    const { key } = await keyWith({ budgetMicroUsdPerDay: FOR_ONE });
    await Promise.all(Array.from({ length: 20 }, () => ask(gateway, { ...SHORT, model: '500' }, { key })));
    expect(await budgets()).toMatchObject([{ spent_usd: 0, reserved_usd: 0 }]);
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
  });
});

describe('nothing stays reserved', () => {
  test('when a client leaves, before its answer and in the middle of it', async () => {
    await start();
    const { key, record } = await keyWith({ budgetMicroUsdPerDay: 1_000_000 });
    const agent = new Agent();
    const leave = async (model: string, stream: boolean) => {
      const leaving = new AbortController();
      const before = upstream.countFor(model);
      const asked = request(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        dispatcher: agent,
        signal: leaving.signal,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ ...SHORT, model, stream, messages: [{ role: 'user', content: 'hi' }] }),
      }).then(({ body }) => body.text());
      await expect.poll(() => upstream.countFor(model)).toBe(before + 1);
      const [budget] = await budgets();
      expect(budget?.reserved_usd).toBeGreaterThan(0);
      leaving.abort();
      await expect(asked).rejects.toThrow();
    };
    await leave('ok-slow', false);
    await leave('stream-stall-after', true);
    await expect.poll(async () => (await budgets())[0]?.reserved_usd).toBe(0);
    const all = await rows();
    expect(all.map(({ ending }) => ending)).toEqual(['client_left', 'client_left']);
    expect((await budgets())[0]).toMatchObject({
      spent_usd: costOf(all, record.id) / 1e6,
    });
    expect(costOf(all)).toBeGreaterThan(0);
    await agent.destroy();
  });

  test('when a shutdown cuts what runs, and a restart finds what the rows say', async () => {
    await start('', { api: 'drain_seconds = 0' });
    const { key, record } = await keyWith({ budgetMicroUsdPerDay: 1_000_000 });
    await ask(gateway, { ...SHORT, model: 'cheap' }, { key });
    const before = upstream.countFor('stream-stall-after');
    const endless = ask(gateway, { ...SHORT, model: 'stream-stall-after', stream: true }, { key }).catch(
      () => undefined,
    );
    await expect.poll(() => upstream.countFor('stream-stall-after')).toBe(before + 1);
    await gateway.close();
    await endless;
    await start();
    const all = await rows();
    expect(all.map(({ ending }) => ending).sort()).toEqual(['completed', 'shutdown']);
    expect((await budgets()).find(({ key_id }) => key_id === record.id)).toMatchObject({
      spent_usd: costOf(all, record.id) / 1e6,
      reserved_usd: 0,
    });
  });
});

test('what the budgets say is what the rows say, whatever came of the attempts', async () => {
  await start(
    '[budgets]\nusd_per_day = 100\nusd_per_month = 1000\n[routing.breaker]\nconsecutive_failures = 1000\nmin_outcomes = 1000',
  );
  const keys = [
    await keyWith({ name: 'one', budgetMicroUsdPerDay: 5_000_000 }),
    await keyWith({ name: 'two', budgetMicroUsdPerMonth: 5_000_000, onExhausted: 'downgrade' }),
    await keyWith({ name: 'three' }),
  ];
  const models = ['cheap', 'dear', 'free', '500', 'usage-missing', 'auto', 'auto:cascade', 'ok-slow'];
  await Promise.all(
    Array.from({ length: 120 }, (_, at) =>
      ask(
        gateway,
        { ...(at % 3 === 0 ? SHORT : {}), model: models[at % models.length], stream: at % 5 === 0 },
        { key: keys[at % keys.length]?.key },
      ),
    ),
  );
  const all = await rows();
  expect(all.length).toBeGreaterThanOrEqual(120);
  const expected = (keyId?: string) => ({ spent_usd: costOf(all, keyId) / 1e6, reserved_usd: 0 });
  const seen = await budgets();
  expect(seen).toMatchObject([
    { budget: 'total', window: 'day', limit_usd: 100, key_name: null, ...expected() },
    { budget: 'total', window: 'month', limit_usd: 1000, ...expected() },
    { key_name: 'one', window: 'day', on_exhausted: 'stop', ...expected(keys[0]?.record.id) },
    { key_name: 'two', window: 'month', on_exhausted: 'downgrade', ...expected(keys[1]?.record.id) },
  ]);
  // After a restart nothing else is known.
  await gateway.close();
  await start('[budgets]\nusd_per_day = 100\nusd_per_month = 1000');
  expect((await budgets()).map(({ budget, spent_usd }) => [budget, spent_usd])).toEqual(
    seen.map(({ budget, spent_usd }) => [budget, spent_usd]),
  );
  // A key that gets its first budget now has spent what it has spent.
  await gateway.withStore((opened) =>
    opened.createKey({ name: 'four', scopes: ['inference'], budgetMicroUsdPerDay: 7 }),
  );
  expect((await budgets()).at(-1)).toMatchObject({ key_name: 'four', spent_usd: 0, limit_usd: 0.000007 });
});

describe('when a budget is used up', () => {
  test('stop: 402 says which, how much, and until when; what costs nothing is served', async () => {
    await start();
    const { key } = await keyWith({ budgetMicroUsdPerDay: FOR_ONE });
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
    const refused = await ask(gateway, { ...SHORT, model: 'cheap' }, { key });
    expectBudgetExceeded(refused, 'The daily budget of this API key');
    const tomorrow = new Date((Math.floor(Date.now() / 86_400_000) + 1) * 86_400_000).toISOString();
    expect(refused.text).toContain(`$0.00002 of $0.00003 is spent`);
    expect(refused.text).toContain(tomorrow);
    expect(refused.headers['x-should-retry']).toBe('false');
    expect(
      (await ask(gateway, { ...SHORT, model: 'auto', route: { models: ['cheap'] } }, { key })).status,
    ).toBe(402);
    expect((await ask(gateway, { ...SHORT, model: 'free' }, { key })).status).toBe(200);
    // Others are not touched.
    const other = await keyWith({});
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key: other.key })).status).toBe(200);
    const { text } = await send(`${gateway.url}/metrics`, { key: admin });
    expect(text).toMatch(/outrider_budget_refusals_total\{budget="key_[0-9a-f]+",window="day"\} 2/);
  });

  test('downgrade: only what still fits may answer, and explain says why the others did not', async () => {
    await start();
    const { key } = await keyWith({
      scopes: ['inference', 'intelligence'],
      budgetMicroUsdPerDay: 150,
      onExhausted: 'downgrade',
    });
    const models = ['cheap', 'dear'];
    const answer = await ask(
      gateway,
      { ...SHORT, model: 'auto:quality', route: { models } },
      { key, headers: { 'x-router-metadata': 'enabled' } },
    );
    expect(answer.headers['x-router-model']).toBe('cheap');
    const excluded = expect.arrayContaining([{ model: 'dear', endpoint: 'high/dear', reason: 'budget' }]);
    expect(answer.json).toMatchObject({ router_metadata: { excluded } });
    expect(await read(gateway, `/v1/explain/${answer.requestId}`, key)).toMatchObject({ excluded });
    const named = await ask(gateway, { ...SHORT, model: 'dear' }, { key });
    expectBudgetExceeded(named, 'no model that may answer this request');
    // Down to nothing, and then nobody.
    let last = answer as Answer;
    for (let at = 0; at < 12 && last.status === 200; at += 1) {
      last = await ask(gateway, { ...SHORT, model: 'auto', route: { models } }, { key });
    }
    expectBudgetExceeded(last, 'of $0.00015 is spent');
    const free = await ask(
      gateway,
      { ...SHORT, model: 'auto', route: { models: [...models, 'free'] } },
      { key },
    );
    expect(free.headers['x-router-model']).toBe('free');
    const all = await rows();
    expect(costOf(all)).toBeLessThanOrEqual(150);
    expect(costOf(all)).toBeGreaterThan(100);
  });

  test('a fail-over goes only to what still fits', async () => {
    await start();
    const { key } = await keyWith({ budgetMicroUsdPerDay: 100 });
    const before = upstream.countFor('dear');
    const answer = await ask(gateway, { ...SHORT, model: '500', models: ['dear', 'cheap'] }, { key });
    expect(answer.headers).toMatchObject({ 'x-router-model': 'cheap', 'x-router-attempts': '2' });
    expect(upstream.countFor('dear')).toBe(before);
    const none = await ask(gateway, { ...SHORT, model: '500', models: ['dear'] }, { key });
    expect(none.status).toBe(502);
  });

  test('a model that only rests is waited for', async () => {
    await start('[routing.breaker]\nconsecutive_failures = 1');
    const { key } = await keyWith({ budgetMicroUsdPerDay: 150, onExhausted: 'downgrade' });
    await ask(gateway, { ...SHORT, model: '500' }, { key });
    const answer = await ask(
      gateway,
      { ...SHORT, model: 'auto', route: { models: ['500', 'dear'] } },
      { key },
    );
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('too dear for what is left of a budget');
  });

  test('the total stops everybody, and a reload with more lets them on', async () => {
    await start('[budgets]\nusd_per_day = 0.00003');
    const { key } = await keyWith({});
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
    expectBudgetExceeded(
      await ask(gateway, { ...SHORT, model: 'cheap' }, { key: (await keyWith({})).key }),
      'The daily budget of this gateway',
    );
    await gateway.writeConfig(`${modelsToml()}\n[budgets]\nusd_per_day = 0.00006`);
    await gateway.reload();
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
    expect((await budgets())[0]).toMatchObject({ limit_usd: 0.00006, spent_usd: 0.00004 });
    await gateway.writeConfig(modelsToml());
    await gateway.reload();
    expect((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status).toBe(200);
    expect(await budgets()).toEqual([]);
  });
});

test('money is made dearer while spending runs ahead of the clock, and explain shows it', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-10T12:00:00Z') });
  await start();
  const { key } = await keyWith({
    scopes: ['inference', 'intelligence'],
    budgetMicroUsdPerDay: 60_000,
    onExhausted: 'downgrade',
  });
  const dearAmong = async (count: number) => {
    let dear = 0;
    for (let at = 0; at < count; at += 1) {
      const { headers } = await ask(gateway, { ...SHORT, route: { models: ['cheap', 'dear'] } }, { key });
      if (headers['x-router-model'] === 'dear') dear += 1;
    }
    return dear;
  };
  // At $0.0002 each the budget is for 300 of a day, so by noon 150 are in time.
  expect(await dearAmong(100)).toBeGreaterThan(85);
  await dearAmong(100);
  expect(await dearAmong(40)).toBeLessThan(10);
  const { requestId } = await ask(gateway, { ...SHORT, route: { models: ['cheap', 'dear'] } }, { key });
  const explained = await read<{ budget?: { cost_penalty: number } }>(
    gateway,
    `/v1/explain/${requestId}`,
    key,
  );
  expect(explained.budget?.cost_penalty).toBeGreaterThan(10);
  // Who has no budget does not pay that price.
  const other = await keyWith({});
  const free = await ask(gateway, { ...SHORT, route: { models: ['cheap', 'dear'] } }, { key: other.key });
  expect(free.headers['x-router-model']).toBe('dear');
}, 60_000);

test('a key without admin sees its own budgets, and no other', async () => {
  await start('[budgets]\nusd_per_day = 10');
  const one = await keyWith({
    name: 'one',
    scopes: ['intelligence'],
    budgetMicroUsdPerDay: 1_000_000,
    budgetMicroUsdPerMonth: 9_000_000,
  });
  const two = await keyWith({ name: 'two', scopes: ['intelligence'], budgetMicroUsdPerDay: 2_000_000 });
  expect((await budgets(one.key)).map(({ key_name, window }) => `${key_name} ${window}`)).toEqual([
    'one day',
    'one month',
  ]);
  expect((await budgets(two.key)).map(({ limit_usd }) => limit_usd)).toEqual([2]);
  expect((await budgets()).map(({ budget }) => budget)).toEqual([
    'total',
    one.record.id,
    one.record.id,
    two.record.id,
  ]);
  expect((await budgets(one.key))[0]).toMatchObject({
    starts_at: expect.stringMatching(/T00:00:00.000Z$/),
    remaining_usd: 1,
    share: 0,
  });
});

describe('warnings', () => {
  let told: Record<string, unknown>[];
  let hook: ReturnType<typeof createServer>;
  let url: string;

  beforeEach(async () => {
    told = [];
    hook = createServer(async (incoming, response) => {
      const message = JSON.parse((await readBody(incoming)).bytes.toString());
      told.push(message);
      if (message.key_name !== 'deaf') response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/budgets`;
  });
  afterEach(() => new Promise((resolve) => hook.close(resolve)));

  test('by header, metric and one message per threshold, also over a restart', async () => {
    const toml = `[budgets]\nusd_per_day = 0.0002\nwarn_at = [0.5, 0.8]\nwebhook_url = "${url}"`;
    await start(toml);
    const { key } = await keyWith({});
    const headers: unknown[] = [];
    for (let at = 0; at < 6; at += 1) {
      const answer = await ask(gateway, { ...SHORT, model: 'cheap', stream: at === 5 }, { key });
      headers.push(answer.headers['x-router-budget-warning']);
    }
    // A stream's head goes out before its own cost is known.
    expect(headers).toEqual([undefined, undefined, undefined, undefined, 'total_day=0.50', 'total_day=0.50']);
    await expect.poll(() => told.length).toBe(1);
    expect(told[0]).toEqual({
      type: 'budget_warning',
      id: expect.stringMatching(/^total:day:\d+:200:0\.5$/),
      budget: 'total',
      key_id: null,
      key_name: null,
      window: 'day',
      threshold: 0.5,
      share: 0.5,
      spent_usd: 0.0001,
      limit_usd: 0.0002,
      starts_at: expect.stringMatching(/T00:00:00.000Z$/),
      resets_at: expect.stringMatching(/T00:00:00.000Z$/),
    });
    const { text } = await send(`${gateway.url}/metrics`, { key: admin });
    expect(text).toContain('outrider_budget_used_ratio{budget="total",window="day"} 0.6');
    expect(text).toContain('outrider_budget_limit_usd{budget="total",window="day"} 0.0002');
    expect(text).toContain('outrider_budget_spent_usd{budget="total",window="day"} 0.00012');
    expect(text).toContain('outrider_budget_reserved_usd{budget="total",window="day"} 0');
    expect(text).toContain('outrider_budget_warnings_total{budget="total",window="day",threshold="0.5"} 1');
    await gateway.close();
    await start(toml);
    for (let at = 0; at < 2; at += 1) await ask(gateway, { ...SHORT, model: 'cheap' }, { key });
    await expect.poll(() => told.length).toBe(2);
    expect(told[1]).toMatchObject({ threshold: 0.8, share: 0.8 });
    await ask(gateway, { ...SHORT, model: 'cheap' }, { key });
    await gateway.close();
    expect(told).toHaveLength(2);
    await start();
  });

  test('on an answer out of the cache, too, as the budgets stand by then', async () => {
    await start('[cache]\nenabled = true\n[budgets]\nwarn_at = [0.8]');
    const { key } = await keyWith({ budgetMicroUsdPerMonth: 100 });
    const heads: unknown[] = [];
    for (const seed of [1, 2, 3, 4, 1]) {
      const { headers } = await ask(gateway, { ...SHORT, model: 'cheap', seed }, { key });
      heads.push([headers['x-router-cache'], headers['x-router-budget-warning']]);
    }
    expect(heads).toEqual([
      ['miss', undefined],
      ['miss', undefined],
      ['miss', undefined],
      ['miss', 'key_month=0.80'],
      ['hit', 'key_month=0.80'],
    ]);
  });

  test('of a key by its name; a deaf webhook keeps nobody waiting', async () => {
    await start(`[budgets]\nwebhook_url = "${url}"`);
    const { key } = await keyWith({ name: 'deaf', budgetMicroUsdPerMonth: 24 });
    const before = performance.now();
    const answer = await ask(gateway, { ...SHORT, model: 'cheap' }, { key });
    expect(answer.headers['x-router-budget-warning']).toBe('key_month=0.83');
    expect(performance.now() - before).toBeLessThan(2_000);
    const second = await keyWith({ name: 'second', budgetMicroUsdPerMonth: 21 });
    await ask(gateway, { ...SHORT, model: 'cheap' }, { key: second.key });
    const ofSecond = () => told.filter(({ key_name }) => key_name === 'second');
    await expect
      .poll(() =>
        ofSecond()
          .map(({ threshold }) => threshold)
          .sort(),
      )
      .toEqual([0.8, 0.9, 0.95]);
    expect(ofSecond()[0]).toMatchObject({ budget: second.record.id, window: 'month' });
    expect(told.filter(({ key_name }) => key_name === 'deaf')).toMatchObject([{ threshold: 0.8 }]);
    hook.closeAllConnections();
  });
});

test('a clock that jumps over midnight and back opens no second purse', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-10T23:30:00Z') });
  await start();
  const { key } = await keyWith({ budgetMicroUsdPerDay: FOR_ONE });
  const statuses: number[] = [];
  for (const at of [
    '10T23:30',
    '10T23:40',
    '11T00:30',
    '11T00:31',
    '10T23:50',
    '11T00:40',
    '09T12:00',
    '09T12:01',
    '10T23:55',
  ]) {
    vi.setSystemTime(Date.parse(`2026-03-${at}:00Z`));
    statuses.push((await ask(gateway, { ...SHORT, model: 'cheap' }, { key })).status);
  }
  // One each for the 10th, the 11th and the 9th.
  expect(statuses).toEqual([200, 402, 200, 402, 402, 402, 200, 402, 402]);
});
