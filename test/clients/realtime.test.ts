import { OpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { startTlsRelay } from '../fixtures/tls-relay.ts';
import { send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { openRealtime, userSaysAloud } from './realtime-client.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const explain = async (requestId: string) =>
  (await send(`${gateway.url}/v1/explain/${requestId}`)).json as {
    readonly task: { readonly type: string };
    readonly attempts: readonly Record<string, unknown>[];
  };

describe('a session with the simulated models', () => {
  test('two turns, metered, explained, and open to feedback', async () => {
    const client = await openRealtime(gateway.url);
    const requestId = String(client.response.headers['x-request-id']);
    expect(client.response.headers['x-router-model']).toMatch(/^sim-parley-/);
    expect(client.response.headers['x-ratelimit-limit-requests']).toBeDefined();
    await client.eventOf('session.created');
    client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
    await client.eventOf('session.updated');
    const used = { input: 0, output: 0, cached: 0 };
    for (const text of ['What is the capital of France?', 'And of Italy?']) {
      const before = client.events.length;
      client.send(userSaysAloud(text));
      client.send({ type: 'response.create' });
      const done = await client.eventOf('response.done', before);
      const said = client.events.slice(before).filter(({ type }) => type === 'response.output_text.delta');
      expect(said.length).toBeGreaterThan(2);
      const { usage } = done.response as {
        usage: Record<string, number> & { input_token_details: { cached_tokens: number } };
      };
      used.input += usage.input_tokens ?? 0;
      used.output += usage.output_tokens ?? 0;
      used.cached += usage.input_token_details.cached_tokens;
    }
    expect(used.cached).toBeGreaterThan(0);
    client.socket.send('{ this is no JSON');
    const refused = await client.eventOf('error');
    expect(refused.error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_json' });
    client.socket.close(1000);
    expect((await client.closed).code).toBe(1000);
    await expect.poll(async () => (await explain(requestId)).attempts[0]?.ending).toBe('completed');
    const { task, attempts } = await explain(requestId);
    expect(task.type).toBe('realtime');
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({
      usage: { input_tokens: used.input, output_tokens: used.output, cached_input_tokens: used.cached },
    });
    expect((attempts[0] as { cost: { actual_usd: number } }).cost.actual_usd).toBeGreaterThan(0);
    const feedback = await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 1 } });
    expect(feedback.status).toBe(200);
    const metrics = await send(`${gateway.url}/metrics`);
    expect(metrics.text).toMatch(/gen_ai_[^\n]*operation_name="realtime"/);
  });

  test.skipIf(!hasOpenAiSchema)('every event is as in the document of OpenAI', async () => {
    const client = await openRealtime(gateway.url, { query: '?model=sim-parley-small' });
    expect(client.response.headers['x-router-reason']).toBe('explicit');
    client.send({ type: 'session.update', session: { type: 'realtime' } });
    client.send(userSaysAloud('Tell me a story.'));
    client.send({ type: 'response.create' });
    await client.eventOf('response.done');
    client.send({ type: 'nothing.known' });
    await client.eventOf('error');
    client.socket.close();
    const faults = client.events.flatMap((event) =>
      faultsBySchema(SCHEMAS[event.type] ?? `of ${event.type}`, event).map(
        (fault) => `${event.type}${fault}`,
      ),
    );
    expect(faults).toEqual([]);
    expect(new Set(client.events.map(({ type }) => type)).size).toBe(Object.keys(SCHEMAS).length);
  });

  test('a response can be broken off, and costs what was said of it', async () => {
    const client = await openRealtime(gateway.url, { query: '?model=sim-parley-large' });
    client.send(userSaysAloud('Tell me a long story about the sea and the wind.'));
    client.send({ type: 'response.create' });
    await client.eventOf('response.output_text.delta');
    client.send({ type: 'response.cancel' });
    const { response } = await client.eventOf('response.done');
    expect(response).toMatchObject({ status: 'cancelled' });
    client.socket.close();
    await client.closed;
  });

  test("openai's own client", async () => {
    // It knows wss:// only.
    const relay = await startTlsRelay(Number(new URL(gateway.url).port));
    const openai = new OpenAI({ apiKey: 'none', baseURL: `https://127.0.0.1:${relay.port}/v1` });
    const session = new OpenAIRealtimeWS({ model: 'auto', options: { rejectUnauthorized: false } }, openai);
    let text = '';
    session.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const done = new Promise<string | undefined>((resolve, reject) => {
      session.on('error', reject);
      session.on('response.done', ({ response }) => resolve(response.status));
    });
    session.socket.on('open', () => {
      session.send({
        type: 'conversation.item.create',
        item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] },
      });
      session.send({ type: 'response.create' });
    });
    expect(await done).toBe('completed');
    expect(text).not.toBe('');
    session.close();
    await relay.close();
  });
});

const SCHEMAS: Readonly<Record<string, string>> = {
  'session.created': 'RealtimeServerEventSessionCreated',
  'session.updated': 'RealtimeServerEventSessionUpdated',
  'conversation.item.added': 'RealtimeServerEventConversationItemAdded',
  'conversation.item.done': 'RealtimeServerEventConversationItemDone',
  'response.created': 'RealtimeServerEventResponseCreated',
  'response.output_item.added': 'RealtimeServerEventResponseOutputItemAdded',
  'response.content_part.added': 'RealtimeServerEventResponseContentPartAdded',
  'response.output_text.delta': 'RealtimeServerEventResponseTextDelta',
  'response.output_text.done': 'RealtimeServerEventResponseTextDone',
  'response.content_part.done': 'RealtimeServerEventResponseContentPartDone',
  'response.output_item.done': 'RealtimeServerEventResponseOutputItemDone',
  'response.done': 'RealtimeServerEventResponseDone',
  error: 'RealtimeServerEventError',
};
