import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userSays } from '../clients/client.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from './send.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let admin: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', '<img/src=x/onerror=alert(1)>']));
  ({ key: admin } = await gateway.createKey({ scopes: ['admin'] }));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

/** No answer to bad input is longer than this, whatever was sent. */
const LONGEST_ERROR = 1_000;

async function refused(
  path: string,
  status: number,
  options: { readonly body?: unknown; readonly method?: string; readonly key?: string } = {},
): Promise<ErrorBody['error']> {
  const answer = await send(`${gateway.url}${path}`, { key: admin, ...options });
  expect(answer.status, answer.text.slice(0, 300)).toBe(status);
  expect(answer.text.length).toBeLessThan(LONGEST_ERROR);
  const { error } = answer.json as ErrorBody;
  expect(error.type).toMatch(/_error$/);
  expect(error.message.length).toBeGreaterThan(20);
  return error;
}

const LONG = 'x'.repeat(10_000);
const HOSTILE = encodeURIComponent('"><img src=x onerror=alert(1)>\u202e\n{{7*7}} ../../etc/passwd \u0000');

describe.each(['rankings?', 'patterns?', 'recommendations?task=code&', 'health?'])('GET %s', (base) => {
  const path = `/v1/intelligence/${base}`;

  test.each(['0', '-1', '1e9', '1000000000', 'Infinity', 'NaN', '1.5', '', ' 5', '0x10', '٣'])(
    'limit=%j',
    async (limit) => {
      const error = await refused(`${path}limit=${encodeURIComponent(limit)}`, 400);
      expect(error).toMatchObject({ param: 'limit' });
      expect(error.message).toMatch(/whole number from 1 to \d+/);
    },
  );

  test.each(['-1', 'next', `${LONG}`, '1e3', '%00'])('cursor=%.20s', async (cursor) => {
    expect(await refused(`${path}cursor=${cursor}`, 400)).toMatchObject({ param: 'cursor' });
  });

  test.each([HOSTILE, LONG])('an unknown model: %.20s', async (model) => {
    const error = await refused(`${path}model=${model}`, 404);
    expect(error).toMatchObject({ code: 'model_not_found' });
    expect(error.message).toContain('GET /v1/models');
  });

  test('unknown and repeated parameters are named', async () => {
    const error = await refused(`${path}${LONG}=1`, 400);
    expect(error.message).toMatch(/^Unknown parameter 'x{64}'\. Known are /);
    expect((await refused(`${path}limit=1&limit=2`, 400)).message).toBe("'limit' is given twice.");
  });
});

test.each([
  ['rankings?window=forever', 'window', /There are: 1h, 24h, 7d, 30d/],
  ['rankings?window=__proto__', 'window', /There are: 1h/],
  ['patterns?window=forever', 'window', /There are: 24h, 7d, 30d/],
  ['savings?window=forever', 'window', /24h/],
  ['rankings?task=juggling', 'task', /There are: code_generation, /],
  ['patterns?task=juggling', 'task', /There are: code_generation, /],
  ['savings?task=juggling', 'task', /code_generation/],
  [`rankings?task=${LONG}`, 'task', /'x{64}'/],
  [`patterns?task=${HOSTILE}`, 'task', /There is no task/],
  [
    `recommendations?task=${LONG}`,
    'task',
    /has 10000 characters, of at most 2000\. Describe the work; a whole prompt goes to POST \/v1\/route/,
  ],
  ['recommendations?task=', 'task', /'task' is missing/],
  ['recommendations?task=rerank', 'task', /rankings\?task=rerank/],
  ['recommendations?task=code&max_cost_usd=-1', 'max_cost_usd', /at least 0/],
  ['recommendations?task=code&max_latency_ms=NaN', 'max_latency_ms', /a number of at least 0/],
  ['recommendations?task=code&needs=teeth', 'needs', /There are: tools/],
  ['rankings?sort=beauty', 'sort', /sort by probability, quality/],
  ['rankings?strategy=winning', 'strategy', /balanced/],
  [`rankings?provider=${LONG}`, 'provider', /There are: up\./],
  ['health?provider=nobody', 'provider', /There are: up\./],
  ['recommendations?task=code&provider=nobody', 'provider', /There are: up\./],
  ['health?status=fine', 'status', /healthy, degraded, down, idle/],
  ['patterns?language=english', 'language', /two letters/],
  ['patterns?min_requests=0', 'min_requests', /from 1 to/],
  ['cost-forecast?until=forever', 'until', /day/],
])('GET /v1/intelligence/%.60s', async (path, param, message) => {
  const error = await refused(`/v1/intelligence/${path}`, 400);
  expect(error.param).toBe(param);
  expect(error.message).toMatch(message);
});

test('a key that there is not', async () => {
  expect(await refused(`/v1/intelligence/cost-forecast?key_id=${LONG}`, 404)).toMatchObject({
    code: 'key_not_found',
  });
  expect(await refused(`/v1/feedback?key_id=${HOSTILE}`, 404)).toMatchObject({ code: 'key_not_found' });
});

test.each([
  [{ tasks: [{ type: 'juggling', estimated_tokens: 1 }] }, /juggling/],
  [{ tasks: [{ type: LONG, estimated_tokens: 1 }] }, /x{64}/],
  [{ tasks: [{ type: 'code', estimated_tokens: -5 }] }, /estimated_tokens.*at least 1/],
  [{ tasks: [{ type: 'code', estimated_tokens: 1e300 }] }, /estimated_tokens/],
  [{ tasks: [{ type: 'code', estimated_tokens: 10, requests: -1 }] }, /requests.*at least 1/],
  [{ tasks: [{ type: 'code', estimated_tokens: 10 }], strategy: 'winning' }, /balanced/],
  [{ tasks: [] }, /at least one task/],
  [{ tasks: 'code' }, /list of tasks/],
  [{}, /tasks/],
  [{ tasks: [{ type: 'code', estimated_tokens: 10 }], [LONG]: 1 }, /x{64}/],
])('POST /v1/intelligence/cost-forecast %#', async (body, message) => {
  expect((await refused('/v1/intelligence/cost-forecast', 400, { body })).message).toMatch(message);
});

test.each([
  [{ window: 'forever' }, 400],
  [{ task: LONG }, 400],
  [{ strategy: 'winning' }, 400],
  [{ models: [LONG] }, 404],
  [{ value_of_quality_usd: -1 }, 400],
  [{ policies: [] }, 400],
])('POST /v1/intelligence/replay %#', async (body, status) => {
  const answer = await send(`${gateway.url}/v1/intelligence/replay`, { key: admin, body });
  expect([400, status]).toContain(answer.status);
  expect(answer.text.length).toBeLessThan(LONGEST_ERROR);
});

describe('a decision to carry out', () => {
  const body = { model: 'auto', messages: userSays('Translate this: good morning') };
  const decisionOf = async (key: string) => {
    const { json } = await send(`${gateway.url}/v1/route`, { key, body });
    return (json as { decision_id: string }).decision_id;
  };
  const carryOut = (decisionId: string, key: string, status: number) =>
    refused('/v1/chat/completions', status, { key, body: { ...body, route: { decision_id: decisionId } } });

  test.each([
    ['another key', 404, /POST \/v1\/route makes a new one/],
    ['nobody', 404, /POST \/v1\/route makes a new one/],
    ['a long text', 400, /at most/],
  ])('of %s', async (whose, status, message) => {
    const { key: other } = await gateway.createKey();
    const id = whose === 'another key' ? await decisionOf(admin) : whose === 'nobody' ? 'nothing' : LONG;
    const error = await carryOut(id, other, status);
    expect(error.param).toBe('route.decision_id');
    expect(error.message).toMatch(message);
  });

  test('that was carried out already', async () => {
    const id = await decisionOf(admin);
    const first = await send(`${gateway.url}/v1/chat/completions`, {
      key: admin,
      body: { ...body, route: { decision_id: id } },
    });
    expect(first.status).toBe(200);
    expect((await carryOut(id, admin, 404)).message).toMatch(/was carried out/);
  });
});

test.each([
  ['/v1/explain/', HOSTILE],
  ['/v1/explain/', LONG],
  ['/v1/feedback/', HOSTILE],
  ['/v1/feedback/', 'nobody'],
])('GET %s%.20s', async (base, id) => {
  const answer = await send(`${gateway.url}${base}${id}`, { key: admin });
  expect([400, 404, 414]).toContain(answer.status);
  expect(answer.text.length).toBeLessThan(LONGEST_ERROR);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
});

test('a hostile name of a model is JSON like any other', async () => {
  const answer = await send(`${gateway.url}/v1/intelligence/rankings?task=code`, { key: admin });
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.stringify(answer.json)).toContain('<img/src=x/onerror=alert(1)>');
});
