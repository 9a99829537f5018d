import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyCommand, revokeKeyCommand } from '../../src/keys-commands.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { clientOf, collect, METADATA_WANTED, metadataOf, userSays } from './client.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', 'meta/llama-3']));
  await gateway.createKey({ name: 'closes the gateway' });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const hello = (client: OpenAI, model = 'one') =>
  client.chat.completions.create({ model, messages: userSays('hi') });

/** The code path of `outrider keys`, on the gateway's own configuration. */
async function runKeysCommand(
  command: (options: { config: string }, print: (line: string) => void) => Promise<void>,
) {
  const lines: string[] = [];
  await command({ config: gateway.configPath }, (line) => lines.push(line));
  return lines;
}

describe('a gateway without keys', () => {
  test('takes any key, until the first one exists', async () => {
    const open = await startGateway(providerToml('up', upstream.baseUrl, ['one']));
    try {
      expect((await hello(clientOf(open, 'whatever'))).object).toBe('chat.completion');
      await open.createKey();
      await expect(hello(clientOf(open, 'something else'))).rejects.toThrow(OpenAI.AuthenticationError);
    } finally {
      await open.stop();
    }
  });
});

describe('a key', () => {
  test('made by `outrider keys create` works at once, with the scopes it was given', async () => {
    const [key = ''] = await runKeysCommand((options, print) =>
      createKeyCommand({ ...options, name: 'app', scope: ['inference'] }, { OUTRIDER_DETECT: 'none' }, print),
    );
    expect(key).toMatch(/^or-/);
    const client = clientOf(gateway, key);
    expect((await hello(client)).model).toBe('one');
    await expect(client.get('/intelligence/health')).rejects.toThrow(OpenAI.PermissionDeniedError);
  });

  test.each([
    ['unknown', 'or-0000000000000000000000000000000000000000000'],
    ['somebody else’s shape', 'sk-proj-1234567890'],
    ['empty', ' '],
    ['far too long', `or-${'x'.repeat(5_000)}`],
  ])('that is %s is an AuthenticationError', async (_name, key) => {
    const asking = hello(clientOf(gateway, key));
    await expect(asking).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(asking).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      type: 'authentication_error',
    });
  });

  test('that has expired is an AuthenticationError that says so', async () => {
    const { key } = await gateway.createKey({ expiresAtMs: Date.now() - 1 });
    await expect(hello(clientOf(gateway, key))).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining('expired'),
    });
  });

  test('without the scope is a PermissionDeniedError that names it', async () => {
    const { key } = await gateway.createKey({ scopes: ['intelligence', 'feedback'] });
    const client = clientOf(gateway, key);
    await expect(hello(client)).rejects.toMatchObject({
      status: 403,
      code: 'missing_scope',
      message: expect.stringContaining("'inference'"),
    });
    await expect(client.models.list()).rejects.toThrow(OpenAI.PermissionDeniedError);
    expect(await client.get('/intelligence/health')).toMatchObject({ object: 'health' });
  });

  test('that was revoked is refused within five seconds, however lately it was used', async () => {
    const { key, record } = await gateway.createKey();
    const client = clientOf(gateway, key);
    await hello(client);
    await runKeysCommand((options, print) =>
      revokeKeyCommand(record.id, options, { OUTRIDER_DETECT: 'none' }, print),
    );
    const revokedAtMs = performance.now();
    const outcome = () =>
      client.models.list().then(
        () => 'served',
        (error: unknown) => error,
      );
    await expect
      .poll(outcome, { timeout: 5_000, interval: 200 })
      .toMatchObject({ status: 401, message: expect.stringContaining('revoked') });
    expect(performance.now() - revokedAtMs).toBeLessThan(5_000);
  });
});

describe('a key for some models', () => {
  let client: OpenAI;

  beforeAll(async () => {
    const { key } = await gateway.createKey({ allowedModels: ['two', 'meta/llama-3'] });
    client = clientOf(gateway, key);
  });

  test('may use those, by every name they have', async () => {
    for (const model of ['two', 'up/two', 'meta/llama-3', 'up/meta/llama-3']) {
      expect((await hello(client, model)).object).toBe('chat.completion');
    }
  });

  test('may not use the others: 403, and nothing goes out', async () => {
    const before = upstream.countFor('one');
    for (const model of ['one', 'up/one']) {
      await expect(hello(client, model)).rejects.toMatchObject({
        status: 403,
        code: 'model_not_allowed',
        param: 'model',
      });
    }
    expect(upstream.countFor('one')).toBe(before);
  });

  test('auto chooses among those, and says nothing of the others', async () => {
    const answer = await client.chat.completions.create(
      { model: 'auto', messages: userSays('hi') },
      METADATA_WANTED,
    );
    const { candidates, excluded } = metadataOf(answer);
    expect(candidates.map(({ model }) => model).sort()).toEqual(['meta/llama-3', 'two']);
    expect(excluded).toEqual([]);
  });

  test('sees only those', async () => {
    expect((await collect(await client.models.list())).map(({ id }) => id)).toEqual([
      'auto',
      'two',
      'meta/llama-3',
    ]);
    await expect(client.models.retrieve('one')).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe('models', () => {
  let client: OpenAI;

  beforeAll(async () => {
    client = clientOf(gateway, (await gateway.createKey()).key);
  });

  test('list', async () => {
    const models = await collect(await client.models.list());
    expect(models.map(({ id }) => id)).toEqual(['auto', 'one', 'two', 'meta/llama-3']);
    expect(models[1]).toMatchObject({
      object: 'model',
      owned_by: 'up',
      context_length: 128_000,
      capabilities: ['tools', 'json', 'vision'],
      supported_parameters: expect.arrayContaining(['temperature', 'tools', 'response_format']),
      pricing: { prompt: '0.000001', completion: '0.000002' },
      pricing_per_million: { prompt: 1, completion: 2 },
    });
  });

  test.each([
    ['one', 'one'],
    ['up/one', 'one'],
    ['meta/llama-3', 'meta/llama-3'],
    ['up/meta/llama-3', 'meta/llama-3'],
  ])('retrieve %s, slashes and all', async (id, model) => {
    expect((await client.models.retrieve(id)).id).toBe(model);
    expect(await client.get(`/models/${id}`)).toMatchObject({ id: model });
  });

  test.each(['auto', 'auto:quality', 'openrouter/auto', 'cheapest'])('%s is one too', async (id) => {
    expect(await client.models.retrieve(id)).toMatchObject({ id, object: 'model', owned_by: 'outrider' });
  });

  test('retrieve what is not there', async () => {
    await expect(client.models.retrieve('no/such-model')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});
