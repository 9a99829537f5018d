import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, collect, METADATA_WANTED, metadataOf } from '../clients/client.ts';
import { dataOf } from '../fixtures/event-data.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type NativeUpstream, startNativeUpstream } from '../fixtures/native-upstream.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';

let native: NativeUpstream;
let talking: TalkingUpstream;
let gateway: TestGateway;

const NATIVE = { provider: 'responses = true' };

beforeAll(async () => {
  native = await startNativeUpstream();
  talking = await startTalkingUpstream(({ texts }) => `Chat: ${texts.at(-1)}`);
  const models = ['ok', 'incomplete', 'fails', 'fails-first', 'cut', 'down', 'bad-item'];
  gateway = await startGateway(
    providerToml('has', native.baseUrl, models, NATIVE) + providerToml('chat', talking.baseUrl, ['talker']),
  );
});

afterAll(async () => {
  await gateway.stop();
  await native.close();
  await talking.close();
});

const respond = (body: object, headers = {}) =>
  send(`${gateway.url}/v1/responses`, { body: { model: 'ok', input: 'Hi', ...body }, headers });
const attemptsOf = async (requestId: unknown) =>
  ((await send(`${gateway.url}/v1/explain/${requestId}`)).json as { attempts: object[] }).attempts;

describe('where the provider has the Responses API', () => {
  test('the request goes out as it came, and the answer comes as it was, with its price', async () => {
    const tools = [{ type: 'web_search' }];
    const big =
      '{"model":"ok","input":"Hi","seed":12345678901234567890,"route":{"explore":false},"tools":[{"type":"web_search"}]}';
    const answer = await respond({}, {}).then(() => send(`${gateway.url}/v1/responses`, { body: big }));
    expect(answer.status).toBe(200);
    expect(native.heard.at(-1)?.text).toBe(
      '{"model":"ok","input":"Hi","seed":12345678901234567890,"tools":[{"type":"web_search"}]}',
    );
    expect(native.heard.at(-1)?.path).toBe('/v1/responses');
    expect(answer.json).toMatchObject({
      id: expect.stringMatching(/upstream$/),
      model: 'ok-2026-01-01',
      tools,
      usage: { input_tokens: 100, output_tokens: 10, cost: 0.00012 },
    });
    // Beside the price not a byte is another.
    expect(answer.text).toContain('\n  "object": "response",\n');
    expect(answer.headers['x-router-cost-usd']).toBe('0.00012');
    const [attempt] = await attemptsOf(answer.headers['x-request-id']);
    expect(attempt).toMatchObject({ ending: 'completed', finish_reason: 'stop' });
  });

  test('a stream: events as they came, the last one with its price', async () => {
    const stream = await clientOf(gateway).responses.create(
      { model: 'ok', input: 'Hi', stream: true },
      METADATA_WANTED,
    );
    const events = await collect(stream);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, place) => place));
    if (hasOpenAiSchema) {
      for (const event of events) expect(faultsBySchema('ResponseStreamEvent', event)).toEqual([]);
    }
    const last = events.at(-1);
    if (last?.type !== 'response.completed') throw new Error('not completed');
    expect(last.response.usage).toMatchObject({ input_tokens: 100, cost: 0.00012 });
    expect(metadataOf(last.response)).toMatchObject({ provider: 'has' });
  });

  test('what is cut says so', async () => {
    const answer = await respond({ model: 'incomplete', stream: true });
    expect(JSON.parse(dataOf(answer.text).at(-1) ?? '').type).toBe('response.incomplete');
    expect(await attemptsOf(answer.headers['x-request-id'])).toMatchObject([{ finish_reason: 'length' }]);
  });

  test.each([true, false])(
    'before its first word another takes over, by way of chat (stream: %s)',
    async (stream) => {
      const route = { strategy: 'priority', models: [stream ? 'fails-first' : 'down', 'talker'] };
      const answer = await respond({ model: 'auto', route, stream });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('Chat:');
      expect(await attemptsOf(answer.headers['x-request-id'])).toMatchObject([
        { model: route.models[0] },
        { model: 'talker', ending: 'completed' },
      ]);
    },
  );

  test('and the other way round', async () => {
    const gone = await startGateway(
      providerToml('chat', 'http://127.0.0.1:9/v1', ['talker']) +
        providerToml('has', native.baseUrl, ['ok'], NATIVE),
    );
    try {
      const route = { strategy: 'priority', models: ['talker', 'ok'] };
      const body = { model: 'auto', input: 'Hi', route, stream: true };
      const answer = await send(`${gone.url}/v1/responses`, { body });
      expect(answer.text).toContain('Native ');
      expect(answer.headers['x-router-reason']).toBe('fallback');
    } finally {
      await gone.stop();
    }
  });

  test.each(['fails', 'cut'])('a stream that %s in the middle', async (model) => {
    const answer = await respond({ model, stream: true });
    const events = dataOf(answer.text).map((data) => JSON.parse(data));
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_error' },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } },
    ]);
    if (hasOpenAiSchema) {
      for (const event of events) expect(faultsBySchema('ResponseStreamEvent', event)).toEqual([]);
    }
    expect(await attemptsOf(answer.headers['x-request-id'])).toMatchObject([
      { ending: 'stream_after_token' },
    ]);
  });

  test('a failed answer is a bad one', async () => {
    expect((await respond({ model: 'fails' })).status).toBe(502);
  });

  test('a made-up item shuts nobody out', async () => {
    const body = { model: 'bad-item', input: [{ type: 'item_reference', id: 'msg_made_up' }] };
    expect(await respond(body)).toMatchObject({ status: 404, json: { error: { param: 'input' } } });
    const again = await respond(body);
    expect(await attemptsOf(again.headers['x-request-id'])).toMatchObject([{ ending: 'client_fault' }]);
  });

  test('what only such a provider can do goes to one of them, or is refused', async () => {
    const tools = [{ type: 'web_search' }];
    for (let round = 0; round < 5; round++) {
      const route = { models: ['talker', 'ok'] };
      expect((await respond({ model: 'auto', tools, route })).headers['x-router-provider']).toBe('has');
    }
    const refused = { status: 400, json: { error: { param: 'tools[0].type' } } };
    expect(await respond({ model: 'talker', tools })).toMatchObject(refused);
    expect(await respond({ model: 'auto', tools, route: { provider_allow: ['chat'] } })).toMatchObject(
      refused,
    );
    const nowhere = await respond({ background: true });
    expect(nowhere).toMatchObject({ status: 400, json: { error: { param: 'background' } } });
  });
});

describe('chains stay where they are', () => {
  test.each([true, false])('at the endpoint that answered (stream: %s)', async (stream) => {
    const first = await respond({ stream });
    const id = /resp_\d+upstream/.exec(first.text)?.[0];
    for (let round = 0; round < 4; round++) {
      const second = await respond({ model: 'auto', previous_response_id: id });
      expect(second).toMatchObject({ status: 200, headers: { 'x-router-model': 'ok' } });
      expect(native.heard.at(-1)?.body).toMatchObject({ model: 'ok', previous_response_id: id });
    }
    expect(await respond({ model: 'talker', previous_response_id: id })).toMatchObject({
      status: 400,
      json: { error: { param: 'model' } },
    });
    expect((await send(`${gateway.url}/v1/responses/${id}`)).status).toBe(404);
  });

  test('store: false is not remembered; an unknown id is a 404', async () => {
    const first = await respond({ store: false });
    const id = (first.json as { id: string }).id;
    const gone = { status: 404, json: { error: { param: 'previous_response_id' } } };
    expect(await respond({ model: 'auto', previous_response_id: id })).toMatchObject(gone);
    expect(await respond({ model: 'auto', previous_response_id: 'resp_nobody' })).toMatchObject(gone);
  });

  test('another key’s is a 404, and an endpoint that is down is no other', async () => {
    const keyed = await startGateway(
      `[routing.breaker]\nconsecutive_failures = 1\n${providerToml('has', native.baseUrl, ['ok'], NATIVE)}${providerToml('chat', talking.baseUrl, ['talker'])}`,
    );
    try {
      const [own, other] = [(await keyed.createKey()).key, (await keyed.createKey()).key];
      const ask = (key: string, body: object) =>
        send(`${keyed.url}/v1/responses`, { key, body: { model: 'auto', input: 'Hi', ...body } });
      const { id } = (await ask(own, { model: 'ok' })).json as { id: string };
      expect((await ask(other, { previous_response_id: id })).status).toBe(404);
      expect((await ask(own, { previous_response_id: id })).status).toBe(200);
      await native.close();
      const heard = talking.heard.length;
      expect((await ask(own, { previous_response_id: id })).status).toBe(502);
      const resting = await ask(own, { previous_response_id: id });
      expect(resting.status).toBe(503);
      expect(resting.headers['retry-after']).toBeDefined();
      expect(talking.heard.length).toBe(heard);
    } finally {
      await keyed.stop();
    }
  });
});
