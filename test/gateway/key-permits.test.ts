import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clientOf, collect, METADATA_WANTED, metadataOf, userSays } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';

let good: MisbehavingUpstream;
let other: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  good = await startMisbehavingUpstream();
  other = await startMisbehavingUpstream();
  const endpoint = (provider: string, model: string) =>
    `{ provider = "${provider}", model = "${model}", input_usd_per_million = 1.0, output_usd_per_million = 2.0 }`;
  const model = (id: string, ...endpoints: string[]) =>
    `[api.models.${id}]\ncontext_length = 100000\nendpoints = [${endpoints.join(', ')}]\n`;
  gateway = await startGateway(
    [
      `[providers.good]\nbase_url = "${good.baseUrl}"\n[providers.other]\nbase_url = "${other.baseUrl}"\n`,
      model('both', endpoint('other', 'ok'), endpoint('good', 'ok')),
      model('only-other', endpoint('other', 'ok-too')),
      model('failing', endpoint('good', '500'), endpoint('other', '500')),
      model('dying', endpoint('good', 'stream-reset-after'), endpoint('other', 'stream-ok')),
    ].join(''),
  );
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([good.close(), other.close()]);
});

let calls = 0;
beforeEach(() => {
  calls = other.requests.length;
});

type Wishes = { route?: object; provider?: object; models?: string[] };
const ask = (client: OpenAI, model: string, more: Wishes = {}) =>
  client.chat.completions.create({ model, messages: userSays('hi'), ...more }, METADATA_WANTED);

describe('a key for some providers', () => {
  let client: OpenAI;
  beforeAll(async () => {
    client = clientOf(gateway, (await gateway.createKey({ allowedProviders: ['good'] })).key);
  });

  test('is served by those alone, whether the model is named or chosen', async () => {
    for (const model of ['both', 'good/both', 'auto', 'auto:price', 'auto:cascade']) {
      for (let times = 0; times < 5; times += 1) {
        const { data, response } = await client.chat.completions
          .create({ model, messages: userSays('hi') })
          .withResponse();
        expect(data.object).toBe('chat.completion');
        expect(response.headers.get('x-router-provider')).toBe('good');
      }
    }
    expect(other.requests.length).toBe(calls);
  });

  test('fails over to nobody else', async () => {
    await expect(ask(client, 'failing')).rejects.toMatchObject({ status: 502 });
    expect(other.requests.length).toBe(calls);
  });

  test.each([
    ['only-other', {}, 'model_not_allowed', 'model'],
    ['other/both', {}, 'model_not_allowed', 'model'],
    ['auto', { route: { models: ['both', 'only-other'] } }, 'model_not_allowed', 'route.models'],
    [
      'auto',
      { route: { provider_allow: ['good', 'other'] } },
      'provider_not_allowed',
      'route.provider_allow',
    ],
    ['auto', { provider: { only: ['good', 'other'] } }, 'provider_not_allowed', 'provider.only'],
    ['both', { models: ['auto'], provider: { only: ['other'] } }, 'provider_not_allowed', 'provider.only'],
  ])('%s %j is a 403 that names what it may use', async (model, more, code, param) => {
    await expect(ask(client, model, more)).rejects.toMatchObject({
      status: 403,
      code,
      param,
      message: expect.stringMatching(/It may use the models both, failing, dying at the providers good\./),
    });
    expect(other.requests.length).toBe(calls);
  });

  test('hears of their models only', async () => {
    expect((await collect(await client.models.list())).map(({ id }) => id)).toEqual([
      'auto',
      'both',
      'failing',
      'dying',
    ]);
    await expect(client.models.retrieve('only-other')).rejects.toThrow(OpenAI.NotFoundError);
    const { candidates, excluded } = metadataOf(await ask(client, 'auto'));
    expect(JSON.stringify([candidates, excluded])).not.toContain('only-other');
  });
});

test('a key whose models and providers have nothing in common is a 403 for everything', async () => {
  const { key } = await gateway.createKey({ allowedModels: ['only-other'], allowedProviders: ['good'] });
  const client = clientOf(gateway, key);
  for (const model of ['auto', 'only-other', 'both']) {
    await expect(ask(client, model)).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
  }
  expect(other.requests.length).toBe(calls);
});

test('a key may use what its lists name together', async () => {
  const { key } = await gateway.createKey({
    allowedModels: ['both', 'only-other'],
    allowedProviders: ['good'],
  });
  const client = clientOf(gateway, key);
  expect((await ask(client, 'auto')).model).toBe('both');
  await expect(ask(client, 'failing')).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('the models both at the providers good'),
  });
});

describe('a key that holds back', () => {
  const wanted = { strategy: 'priority', models: ['dying'] };
  const textOf = async (client: OpenAI, route: object) => {
    const stream = await client.chat.completions.create({
      model: 'auto',
      messages: userSays('hi'),
      stream: true,
      route,
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    return (await collect(stream)).map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  };

  test('outlives a death in the middle of a stream; a request may say otherwise', async () => {
    const { key } = await gateway.createKey({ holdBack: true });
    const client = clientOf(gateway, key);
    expect(await textOf(client, wanted)).toBe(ANSWER_TEXT);
    await expect(textOf(client, { ...wanted, hold_back: false })).rejects.toThrow(OpenAI.APIError);
  });

  test('is what the key says: others see the death', async () => {
    const { key } = await gateway.createKey();
    await expect(textOf(clientOf(gateway, key), wanted)).rejects.toThrow(OpenAI.APIError);
  });
});
