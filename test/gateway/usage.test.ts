import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

interface Usage {
  readonly from: string;
  readonly to: string;
  readonly group_by: readonly string[];
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly total: Readonly<Record<string, number>>;
  readonly has_more: boolean;
  readonly next_page: number | null;
}

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let admin: string;
let [mine, other] = [
  { key: '', id: '' },
  { key: '', id: '' },
];

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', '500']));
  admin = (await gateway.createKey({ scopes: ['admin'] })).key;
  const [first, second] = [
    await gateway.createKey({ name: 'laptop' }),
    await gateway.createKey({ name: 'server' }),
  ];
  mine = { key: first.key, id: first.record.id };
  other = { key: second.key, id: second.record.id };
  for (let at = 0; at < 3; at += 1) await ask(gateway, { model: 'one' }, { key: mine.key });
  await ask(gateway, { model: 'two' }, { key: mine.key, task: 'code_generation' });
  await ask(gateway, { model: '500' }, { key: mine.key });
  await ask(gateway, { model: 'one', stream: true }, { key: other.key });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test('of one task it tells no other, by its name or an alias', async () => {
  const one = await read<Usage>(gateway, '/v1/usage?group_by=task&task=code', admin);
  expect(one.data).toMatchObject([{ task: 'code_generation', requests: 1 }]);
  expect(one.total.requests).toBe(1);
  const all = await read<Usage>(gateway, '/v1/usage?group_by=task', admin);
  expect(all.total.requests).toBe(6);
});

test('an admin sees all keys, with their names, and the sums are what the rows say', async () => {
  const usage = await read<Usage>(gateway, '/v1/usage?group_by=key', admin);
  expect(usage.group_by).toEqual(['key']);
  expect(usage.data).toMatchObject([
    { key_id: mine.id, key_name: 'laptop', requests: 5, completed: 4, failures: 1 },
    { key_id: other.id, key_name: 'server', requests: 1, completed: 1, failures: 0 },
  ]);
  const rows = await gateway.withStore(async (store) => {
    const all = [];
    for await (const row of store.attemptFacts()) all.push(row);
    return all;
  });
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  expect(usage.total).toEqual({
    requests: rows.length,
    completed: 5,
    failures: 1,
    input_tokens: sum((row) => row.inputTokens),
    output_tokens: sum((row) => row.outputTokens),
    cost_usd: sum((row) => row.costMicroUsd) / 1_000_000,
  });
  expect(usage.total.cost_usd).toBeGreaterThan(0);
});

test('a key without admin sees its own usage only, whatever it groups by', async () => {
  for (const groupBy of ['key', 'day', 'hour', 'model,task', 'key,model,task,day,hour']) {
    const usage = await read<Usage>(gateway, `/v1/usage?group_by=${groupBy}`, other.key);
    expect(usage.total).toMatchObject({ requests: 1, completed: 1 });
    expect(JSON.stringify(usage)).not.toContain(mine.id);
    expect(JSON.stringify(usage)).not.toContain('laptop');
  }
});

test('groups are what was asked for, in one order, and come in pages', async () => {
  const day = new Date().toISOString().slice(0, 10);
  const all = await read<Usage>(gateway, '/v1/usage?group_by=task,model,day', mine.key);
  expect(all.group_by).toEqual(['model', 'task', 'day']);
  expect(all.data.map(({ day: of, model, task }) => [of, model, task])).toEqual([
    [day, 'one', 'translation'],
    [day, 'two', 'code_generation'],
    [day, '500', 'translation'],
  ]);
  expect(all.data[0]).not.toHaveProperty('key_id');
  expect([all.has_more, all.next_page]).toEqual([false, null]);
  const pages: unknown[] = [];
  let page: number | null = 1;
  while (page !== null) {
    const path = `/v1/usage?group_by=task,model,day&limit=2&page=${page}`;
    const one: Usage = await read<Usage>(gateway, path, mine.key);
    expect(one.data.length).toBeLessThanOrEqual(2);
    expect(one.total).toEqual(all.total);
    pages.push(...one.data);
    page = one.next_page;
  }
  expect(pages).toEqual(all.data);
  expect((await read<Usage>(gateway, '/v1/usage?page=9', mine.key)).data).toEqual([]);
});

test('the window is whole hours, thirty days to now where none is said, and what is outside is left out', async () => {
  const usage = await read<Usage>(gateway, '/v1/usage', mine.key);
  expect(usage.data).toMatchObject([{ requests: 5 }]);
  expect(Date.parse(usage.to) - Date.parse(usage.from)).toBeGreaterThanOrEqual(30 * 86_400_000);
  expect(usage.from).toMatch(/T00:00:00.000Z$/);
  const past = await read<Usage>(
    gateway,
    '/v1/usage?from=2026-01-01&to=2026-01-02T03:04:05%2B01:00',
    mine.key,
  );
  expect(past).toMatchObject({
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-02T03:00:00.000Z',
    data: [],
    total: { requests: 0, cost_usd: 0 },
  });
});

describe('what makes no sense is a 400 that says what would', () => {
  test.each([
    ['group_by=user', 'group_by', 'unknown_option', 'key, model, task, day, hour'],
    ['group_by=', 'group_by', 'unknown_option', 'key, model, task, day, hour'],
    ['task=juggling', 'task', 'invalid_request', 'There are: code_generation'],
    ['group_by=day,day', 'group_by', 'invalid_value', 'twice'],
    ['group_by=day&group_by=key', 'group_by', 'invalid_request', 'twice'],
    ['from=yesterday', 'from', 'invalid_value', '2026-11-28'],
    ['from=2026-02-31', 'from', 'invalid_value', '2026-11-28'],
    ['from=2026-13-01', 'from', 'invalid_value', '2026-11-28'],
    ['to=2026-01-01T00:00:00', 'to', 'invalid_value', 'zone'],
    ['from=2026-02-01&to=2026-01-01', 'from', 'invalid_value', 'before'],
    ['from=2020-01-01', 'from', 'invalid_value', '400 days'],
    ['limit=0', 'limit', 'invalid_value', '1 to 1000'],
    ['limit=1001', 'limit', 'invalid_value', '1 to 1000'],
    ['page=-1', 'page', 'invalid_value', 'from 1'],
    ['page=1.5', 'page', 'invalid_value', 'from 1'],
    ['window=7d', 'window', 'invalid_request', 'Known are group_by, from, to, task, limit, page'],
  ])('%s', async (query, param, code, words) => {
    const { status, json } = await send(`${gateway.url}/v1/usage?${query}`, { key: mine.key });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { type: 'invalid_request_error', param, code } });
    expect((json as { error: { message: string } }).error.message).toContain(words);
  });
});
