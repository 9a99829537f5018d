import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METADATA_WANTED, userSays } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from './send.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

let gateway: TestGateway;
let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  gateway = await startGateway();
  const answer = await send(`${gateway.url}/openapi.json`);
  expect(answer.status).toBe(200);
  document = answer.json as Document;
  ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'openapi');
});

afterAll(() => gateway.stop());

const pointer = (...parts: readonly string[]) =>
  parts.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/');

/** What is wrong with `value` as the JSON answer of that operation; empty when nothing is. */
function faults(path: string, method: string, status: number, value: unknown): string[] {
  const where = pointer(
    'paths',
    path,
    method,
    'responses',
    String(status),
    'content',
    'application/json',
    'schema',
  );
  const validate = ajv.getSchema(`openapi#/${where}`);
  if (validate === undefined) throw new Error(`${method} ${path} says nothing of ${status}`);
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  );
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('is a valid OpenAPI document', async () => {
  const result = await new Validator().validate({ ...document });
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test('names each operation once, and gives an example of each body', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const without = operations().filter(({ operation }) =>
    Object.values(operation.requestBody?.content ?? {}).some(({ example }) => example === undefined),
  );
  expect(without.map(({ path, method }) => `${method} ${path}`)).toEqual([]);
});

describe('answers are what it says they are', () => {
  let requestId = '';

  beforeAll(async () => {
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      body: { model: 'auto', messages: userSays('Translate to French: good morning') },
      headers: METADATA_WANTED.headers,
    });
    expect(faults('/v1/chat/completions', 'post', 200, answer.json)).toEqual([]);
    requestId = String(answer.headers['x-request-id']);
    const feedback = await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 1 } });
    expect(faults('/v1/feedback/{request_id}', 'post', 200, feedback.json)).toEqual([]);
  });

  test.each([
    ['/v1/models', '/v1/models'],
    ['/v1/models/{id}', '/v1/models/auto'],
    ['/v1/intelligence/rankings', '/v1/intelligence/rankings'],
    ['/v1/intelligence/recommendations', '/v1/intelligence/recommendations?task=code+review'],
    ['/v1/intelligence/health', '/v1/intelligence/health'],
    ['/v1/intelligence/sources', '/v1/intelligence/sources'],
    ['/v1/intelligence/changes', '/v1/intelligence/changes'],
    ['/v1/feedback', '/v1/feedback?window=24h&source=human'],
    ['/v1/intelligence/patterns', '/v1/intelligence/patterns?window=24h&min_requests=1'],
    ['/v1/intelligence/priors', '/v1/intelligence/priors'],
    ['/v1/budgets', '/v1/budgets'],
    ['/v1/intelligence/cost-forecast', '/v1/intelligence/cost-forecast?until=day'],
    ['/v1/intelligence/savings', '/v1/intelligence/savings?window=7d'],
    ['/v1/usage', '/v1/usage?group_by=key,model,task,day'],
    ['/health/live', '/health/live'],
    ['/health/ready', '/health/ready'],
  ])('GET %s', async (path, url) => {
    const answer = await send(gateway.url + url);
    expect(answer.status).toBe(200);
    expect(faults(path, 'get', 200, answer.json)).toEqual([]);
  });

  test('a forecast of planned work', async () => {
    const body = { tasks: [{ type: 'review', estimated_tokens: 20_000 }], strategy: 'combined' };
    const answer = await send(`${gateway.url}/v1/intelligence/cost-forecast`, { body });
    expect(answer.status).toBe(200);
    expect(faults('/v1/intelligence/cost-forecast', 'post', 200, answer.json)).toEqual([]);
  });

  test('a replay of the logged traffic', async () => {
    const body = { policies: [{ strategy: 'quality' }, { name: 'mine', value_of_quality_usd: 0.01 }] };
    const answer = await send(`${gateway.url}/v1/intelligence/replay`, { body });
    expect(answer.status).toBe(200);
    expect(faults('/v1/intelligence/replay', 'post', 200, answer.json)).toEqual([]);
  });

  test('responses and messages', async () => {
    const response = await send(`${gateway.url}/v1/responses`, {
      body: { model: 'auto', input: 'hi' },
      headers: METADATA_WANTED.headers,
    });
    expect(faults('/v1/responses', 'post', 200, response.json)).toEqual([]);
    const body = { model: 'auto', max_tokens: 20, messages: userSays('hi') };
    const message = await send(`${gateway.url}/v1/messages`, { body, headers: METADATA_WANTED.headers });
    expect(faults('/v1/messages', 'post', 200, message.json)).toEqual([]);
    const refused = await send(`${gateway.url}/v1/messages`, { body: { ...body, max_tokens: 0 } });
    expect(refused.status).toBe(400);
    expect(faults('/v1/messages', 'post', 400, refused.json)).toEqual([]);
    const counted = await send(`${gateway.url}/v1/messages/count_tokens`, { body });
    expect(faults('/v1/messages/count_tokens', 'post', 200, counted.json)).toEqual([]);
  });

  test('GET /v1/explain/{request_id}', async () => {
    const answer = await send(`${gateway.url}/v1/explain/${requestId}`);
    expect(faults('/v1/explain/{request_id}', 'get', 200, answer.json)).toEqual([]);
    const feedback = await send(`${gateway.url}/v1/feedback/${requestId}`);
    expect(faults('/v1/feedback/{request_id}', 'get', 200, feedback.json)).toEqual([]);
  });

  test('an evaluation pushed, listed and taken back; a model looked at again', async () => {
    const list = await send(`${gateway.url}/v1/models`);
    const { data } = list.json as { data: { id: string; type: string }[] };
    const model = data.find(({ id, type }) => id !== 'auto' && type === 'chat')?.id ?? '';
    const body = { name: 'mine', results: [{ model, task: 'translation', score: 0.9 }] };
    const pushed = await send(`${gateway.url}/v1/intelligence/priors`, { body });
    expect(faults('/v1/intelligence/priors', 'post', 200, pushed.json)).toEqual([]);
    const listed = await send(`${gateway.url}/v1/intelligence/priors`);
    expect(faults('/v1/intelligence/priors', 'get', 200, listed.json)).toEqual([]);
    const deleted = await send(`${gateway.url}/v1/intelligence/priors/mine`, { method: 'DELETE' });
    expect(faults('/v1/intelligence/priors/{name}', 'delete', 200, deleted.json)).toEqual([]);
    const again = await send(`${gateway.url}/v1/intelligence/models/${model}/reevaluate`, {
      method: 'POST',
      body: {},
    });
    expect(faults('/v1/intelligence/models/{id}/reevaluate', 'post', 200, again.json)).toEqual([]);
    const capped = await send(`${gateway.url}/v1/intelligence/models/${model}/exposure`, {
      body: { max_share: 0.9, task: 'translation' },
    });
    expect(faults('/v1/intelligence/models/{id}/exposure', 'post', 200, capped.json)).toEqual([]);
  });

  test('a key made, listed, shown, changed and revoked', async () => {
    const own = await startGateway();
    try {
      const url = `${own.url}/v1/keys`;
      const made = await send(url, { body: { name: 'admin', scopes: ['admin'], expires_at: null } });
      expect(faults('/v1/keys', 'post', 200, made.json)).toEqual([]);
      const { id, key } = made.json as { id: string; key: string };
      expect(faults('/v1/keys', 'get', 200, (await send(url, { key })).json)).toEqual([]);
      const shown = await send(`${url}/${id}`, { key });
      expect(faults('/v1/keys/{id}', 'get', 200, shown.json)).toEqual([]);
      const body = { plan: 'pro', budget_usd_per_day: 1.5, allowed_addresses: ['127.0.0.1'] };
      const changed = await send(`${url}/${id}`, { key, method: 'PATCH', body });
      expect(faults('/v1/keys/{id}', 'patch', 200, changed.json)).toEqual([]);
      const revoked = await send(`${url}/${id}`, { key, method: 'DELETE' });
      expect(faults('/v1/keys/{id}', 'delete', 200, revoked.json)).toEqual([]);
    } finally {
      await own.stop();
    }
  });

  test('an error', async () => {
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      body: { model: 'auto', messages: userSays('hi'), route: { stategy: 'price' } },
    });
    expect(answer.status).toBe(400);
    expect(faults('/v1/chat/completions', 'post', 400, answer.json)).toEqual([]);
    expect(faults('/v1/chat/completions', 'post', 200, answer.json)).not.toEqual([]);
  });
});
