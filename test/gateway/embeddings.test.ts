import { afterEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from '../fixtures/scripted-server.ts';
import { send } from '../http/send.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Two embedding models: `red` at two providers, `blue` at one. What a provider answers is said by the test. */
async function start(
  answerOf: (provider: string, model: string, inputs: number) => ScriptedAnswer,
): Promise<{ gateway: TestGateway; first: ScriptedServer; second: ScriptedServer }> {
  const serve = async (name: string) => {
    const server = await startScriptedServer(({ json }) => {
      const { input, model } = json as { input: unknown; model: string };
      return answerOf(name, model, Array.isArray(input) ? input.length : 1);
    });
    closers.push(() => server.close());
    return server;
  };
  const first = await serve('first');
  const second = await serve('second');
  const gateway = await startGateway(`
[providers.first]
base_url = "${first.baseUrl}"
[providers.second]
base_url = "${second.baseUrl}"
[api.models.red]
type = "embedding"
dimensions = 2
endpoints = [
  { provider = "first", model = "red-1", input_usd_per_million = 1.0 },
  { provider = "second", model = "red-2", input_usd_per_million = 1.0 },
]
[api.models.blue]
type = "embedding"
endpoints = [{ provider = "second", model = "blue", input_usd_per_million = 0.1 }]
[api.models.talker]
endpoints = [{ provider = "first", model = "talker" }]
`);
  closers.push(() => gateway.stop());
  return { gateway, first, second };
}

function vectors(count: number, vector: unknown = [0.6, 0.8]): ScriptedAnswer {
  const data = Array.from({ length: count }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: vector,
  }));
  return { body: { object: 'list', data, model: 'x', usage: { prompt_tokens: 3, total_tokens: 3 } } };
}

const embed = (gateway: TestGateway, body: object, key?: string) =>
  send(`${gateway.url}/v1/embeddings`, { body: { model: 'auto', input: ['a', 'b'], ...body }, key });

test('an answer of the wrong shape goes to another endpoint of the same model', async () => {
  const wrong: ScriptedAnswer[] = [
    vectors(1),
    vectors(2, [1, 2, 3]),
    vectors(2, [1, 'x']),
    vectors(2, []),
    { body: { object: 'list' } },
    { body: '<html>' },
    { body: '' },
  ];
  let answer: ScriptedAnswer | undefined;
  const { gateway } = await start((provider, _model, inputs) =>
    provider === 'first' && answer ? answer : vectors(inputs),
  );
  for (const [index, one] of wrong.entries()) {
    answer = one;
    // Past what the breaker of the first endpoint bears the second is asked at once.
    const { status, headers } = await embed(gateway, { model: 'red', route: { strategy: 'priority' } });
    expect(status).toBe(200);
    expect(headers['x-router-provider']).toBe('second');
    if (index < 5) expect(headers['x-router-attempts']).toBe('2');
  }
});

test('when the model of a key cannot be reached nobody else answers for it', async () => {
  let isIll = false;
  const { gateway } = await start((_provider, _model, inputs) =>
    isIll ? { status: 500, body: {} } : vectors(inputs),
  );
  const model = (await embed(gateway, {})).headers['x-router-model'];
  isIll = true;
  const { status } = await embed(gateway, {});
  expect(status).toBe(502);
  isIll = false;
  expect((await embed(gateway, {})).headers['x-router-model']).toBe(model);
});

test('keys have models of their own, and keep them over a restart until an operator moves them', async () => {
  const { gateway } = await start((_provider, _model, inputs) => vectors(inputs));
  const { key, record } = await gateway.createKey();
  const { key: admin } = await gateway.createKey({ scopes: ['admin'] });
  const chosen = String((await embed(gateway, {}, key)).headers['x-router-model']);
  const stored = await gateway.withStore((store) =>
    store.pinnedModel({ keyId: record.id, type: 'embedding' }),
  );
  expect(stored).toBe(chosen);
  const other = chosen === 'red' ? 'blue' : 'red';

  const listed = await send(`${gateway.url}/v1/embedding-models`, { key: admin });
  expect(listed.json).toMatchObject({ data: [{ key_id: record.id, model: chosen, is_configured: true }] });
  const path = `${gateway.url}/v1/embedding-models/${record.id}`;
  const moved = await send(path, { method: 'PUT', body: { model: other }, key: admin });
  expect(moved.json).toMatchObject({ key_id: record.id, model: other });
  for (let round = 0; round < 3; round += 1) {
    expect((await embed(gateway, {}, key)).headers['x-router-model']).toBe(other);
  }
  for (const [wish, param] of [
    [{ models: [chosen] }, 'models'],
    [{ route: { models: [chosen] } }, 'route.models'],
  ] as const) {
    const without = await embed(gateway, wish, key);
    expect(without.status).toBe(400);
    expect(without.json).toMatchObject({ error: { code: 'pinned_model_left_out', param } });
  }
  expect((await send(path, { method: 'PUT', body: { model: 'talker' }, key: admin })).status).toBe(400);
  expect((await send(path, { method: 'PUT', body: { model: 'nobody' }, key: admin })).status).toBe(404);
  const misspelt = `${gateway.url}/v1/embedding-models/${record.id}0`;
  const nobody = await send(misspelt, { method: 'PUT', body: { model: other }, key: admin });
  expect(nobody.status).toBe(404);
  expect(nobody.json).toMatchObject({ error: { code: 'key_not_found' } });
  expect((await send(path, { method: 'DELETE', key: admin })).status).toBe(200);
  expect((await send(path, { method: 'DELETE', key: admin })).status).toBe(404);
});

test('what is chosen for good is the best by what is known, whatever a draw would have said', async () => {
  const { gateway } = await start((_provider, _model, inputs) => vectors(inputs));
  const models = new Set<unknown>();
  for (let index = 0; index < 12; index++) {
    const { key } = await gateway.createKey({ name: `key ${index}` });
    const answer = await embed(gateway, { model: 'auto', input: 'a' }, key);
    expect(answer.headers['x-router-reason']).toBe('auto');
    models.add(answer.headers['x-router-model']);
  }
  expect(models.size).toBe(1);
});

test('of many first requests at once all come to one model', async () => {
  const { gateway } = await start((_provider, _model, inputs) => vectors(inputs));
  const answers = await Promise.all(Array.from({ length: 30 }, () => embed(gateway, {})));
  expect(new Set(answers.map(({ headers }) => headers['x-router-model'])).size).toBe(1);
});

test('a model that left the configuration is said to be gone, and nothing is mixed', async () => {
  const { gateway } = await start((_provider, _model, inputs) => vectors(inputs));
  await gateway.withStore((store) =>
    store.movePin({ keyId: '', type: 'embedding', modelId: 'former', pinnedAtMs: 1 }),
  );
  const answer = await embed(gateway, {});
  expect(answer.status).toBe(409);
  expect(answer.json).toMatchObject({ error: { code: 'pinned_model_gone' } });
  const several = await embed(gateway, { model: 'red', models: ['blue'] });
  expect(several.status).toBe(400);
  expect(several.json).toMatchObject({ error: { code: 'would_mix_vectors' } });
});

test('comes in the format that was asked for, whatever the provider knows', async () => {
  const numbers = [0.5, -2];
  const bytes = Buffer.alloc(8);
  for (const [index, number] of numbers.entries()) bytes.writeFloatLE(number, index * 4);
  const text = bytes.toString('base64');
  const { gateway } = await start((provider) => vectors(2, provider === 'first' ? numbers : text));
  for (const provider of ['first', 'second']) {
    const model = provider === 'first' ? 'first/red-1' : 'second/red-2';
    for (const [format, embedding] of [
      ['float', numbers],
      ['base64', text],
    ] as const) {
      const { json } = await embed(gateway, { model, encoding_format: format });
      expect(json).toMatchObject({ data: [{ embedding }, { embedding }] });
    }
  }
});
