import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type ScriptedServer, startScriptedServer } from '../fixtures/scripted-server.ts';
import { send } from '../http/send.ts';

let server: ScriptedServer;
let gateway: TestGateway;
let asked = 0;

beforeAll(async () => {
  server = await startScriptedServer(({ json }) => {
    asked += 1;
    const { model } = json as { model: string };
    return {
      body: {
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: model === 'red' ? [1, 0] : [0, 1] }],
        model,
        usage: { prompt_tokens: 3, total_tokens: 3 },
      },
    };
  });
  gateway = await startGateway(`
[cache]
enabled = true
[providers.up]
base_url = "${server.baseUrl}"
[api.models.red]
type = "embedding"
endpoints = [{ provider = "up", model = "red", input_usd_per_million = 1.0 }]
[api.models.blue]
type = "embedding"
endpoints = [{ provider = "up", model = "blue", input_usd_per_million = 1.0 }]
`);
});

afterAll(async () => {
  await gateway.stop();
  await server.close();
});

interface Embedded {
  readonly model: string;
  readonly usage: { readonly cost: number };
}

async function embed(body: object, key: string, headers: Record<string, string> = {}) {
  const answer = await send(`${gateway.url}/v1/embeddings`, {
    body: { model: 'auto', input: 'good morning', ...body },
    key,
    headers,
  });
  const { model, usage } = answer.json as Embedded;
  return { mark: answer.headers['x-router-cache'], model, cost: usage.cost };
}

test('vectors are kept by key and by how they are wanted, and cost nothing the second time', async () => {
  const { key } = await gateway.createKey();
  expect(await embed({ model: 'red' }, key)).toEqual({ mark: 'miss', model: 'red', cost: 0.000003 });
  const before = asked;
  expect(await embed({ model: 'red' }, key)).toEqual({ mark: 'hit', model: 'red', cost: 0 });
  expect(asked).toBe(before);
  expect((await embed({ model: 'red', encoding_format: 'float' }, key)).mark).toBe('miss');
  expect((await embed({ model: 'red', input: ['good morning'] }, key)).mark).toBe('miss');
  expect((await embed({ model: 'blue' }, key)).mark).toBe('miss');
});

test('a key that was moved to another model gets none of the old one’s vectors', async () => {
  const { key, record } = await gateway.createKey();
  const { key: admin } = await gateway.createKey({ scopes: ['admin'] });
  const { model: first } = await embed({}, key);
  expect(await embed({}, key)).toEqual({ mark: 'hit', model: first, cost: 0 });
  const other = first === 'red' ? 'blue' : 'red';
  const moved = await send(`${gateway.url}/v1/embedding-models/${record.id}`, {
    method: 'PUT',
    body: { model: other },
    key: admin,
  });
  expect(moved.status).toBe(200);
  expect(await embed({}, key)).toMatchObject({ mark: 'miss', model: other });
  expect(await embed({}, key)).toEqual({ mark: 'hit', model: other, cost: 0 });
});
