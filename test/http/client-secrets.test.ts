import OpenAI from 'openai-7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRealtime, responseDone } from '../clients/realtime-client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type RealtimeUpstream, startRealtimeUpstream } from '../fixtures/realtime-upstream.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { send } from './send.ts';

let upstream: RealtimeUpstream;
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  upstream = await startRealtimeUpstream();
  const model = (name: string, type = 'realtime') =>
    `[api.models.${name}]\ntype = "${type}"\nendpoints = [{ provider = "up", model = "${name}", input_usd_per_million = 4, output_usd_per_million = 16 }]`;
  gateway = await startGateway(
    `[providers.up]\nbase_url = "${upstream.baseUrl}"\n${model('talker')}\n${model('singer')}\n${model('writer', 'chat')}\n[plans.tiny]\nrequests_per_minute = 2\ntokens_per_minute = 100_000`,
  );
  ({ key } = await gateway.createKey());
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface Secret {
  readonly value: string;
  readonly expires_at: number;
  readonly session: { readonly model: string };
}

async function secretOf(body: object = {}, by = key): Promise<Secret> {
  const { status, json, text } = await send(`${gateway.url}/v1/realtime/client_secrets`, { body, key: by });
  expect(status, text).toBe(200);
  return json as Secret;
}

/** As a page opens it; `open`, or the code of the refusal. */
async function open(secret: string, model = 'auto') {
  const client = await openRealtime(gateway.url, {
    query: `?model=${model}`,
    protocols: ['realtime', `openai-insecure-api-key.${secret}`],
  });
  if (client.response.statusCode !== 101) return JSON.parse(client.refusal).error.code as string;
  client.socket.close();
  await client.closed;
  return `open: ${client.response.headers['x-router-model']}`;
}

describe('a client secret', () => {
  test('is in the shape of OpenAI, by its own client, and opens a session', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key });
    const { data, response } = await client.realtime.clientSecrets
      .create({
        expires_after: { anchor: 'created_at', seconds: 60 },
        session: { type: 'realtime', model: 'talker' },
      })
      .withResponse();
    expect(data.value).toMatch(/^ek_[\w.-]+$/);
    expect(data.expires_at - Date.now() / 1000).toBeGreaterThan(50);
    expect(data.expires_at - Date.now() / 1000).toBeLessThan(61);
    expect(response.headers.get('cache-control')).toBe('no-store');
    if (hasOpenAiSchema) expect(faultsBySchema('RealtimeCreateClientSecretResponse', data)).toEqual([]);
    expect(await open(data.value)).toBe('open: talker');
    expect(data.value).not.toContain(key);
    expect(JSON.stringify(upstream.asked.at(-1)?.headers)).not.toContain(data.value);
  });

  test('opens no other model than its own, and of all only those of its key', async () => {
    const talker = await secretOf({ session: { model: 'talker' } });
    expect(await open(talker.value, 'singer')).toBe('model_not_allowed');
    const all = await secretOf();
    expect(all.session.model).toBe('auto');
    expect(await open(all.value, 'singer')).toBe('open: singer');
    const bound = await gateway.createKey({ allowedModels: ['singer'] });
    const ofBound = await secretOf({}, bound.key);
    expect(await open(ofBound.value, 'talker')).toBe('model_not_allowed');
    expect(await open(ofBound.value)).toBe('open: singer');
    const { status } = await send(`${gateway.url}/v1/realtime/client_secrets`, {
      body: { session: { model: 'talker' } },
      key: bound.key,
    });
    expect(status).toBe(404);
  });

  test.each([
    ['POST', '/v1/chat/completions', { model: 'writer', messages: [{ role: 'user', content: 'hi' }] }],
    ['POST', '/v1/realtime/client_secrets', {}],
    ['GET', '/v1/models', undefined],
    ['GET', '/v1/keys', undefined],
    ['GET', '/v1/usage', undefined],
    ['GET', '/metrics', undefined],
  ])('opens nothing else: %s %s', async (method, path, body) => {
    const { value } = await secretOf();
    const { status, json } = await send(`${gateway.url}${path}`, { method, body, key: value });
    expect(status).toBe(401);
    expect(json).toMatchObject({
      error: { code: 'invalid_api_key', message: expect.stringContaining('client secret') },
    });
  });

  test('is its key also where none is asked for', async () => {
    const open = await startGateway(
      `[providers.up]\nbase_url = "${upstream.baseUrl}"\n${['talker', 'singer'].map((name) => `[api.models.${name}]\ntype = "realtime"\nendpoints = [{ provider = "up", model = "${name}", input_usd_per_million = 4 }]`).join('\n')}`,
      { api: 'require_auth = false' },
    );
    const bound = await open.createKey({ allowedModels: ['talker'] });
    const { json } = await send(`${open.url}/v1/realtime/client_secrets`, { body: {}, key: bound.key });
    const protocols = ['realtime', `openai-insecure-api-key.${(json as Secret).value}`];
    const refused = await openRealtime(open.url, { query: '?model=singer', protocols });
    expect(JSON.parse(refused.refusal).error.code).toBe('model_not_allowed');
    const client = await openRealtime(open.url, { query: '?model=talker', protocols });
    expect(client.response.statusCode).toBe(101);
    client.socket.close();
    await client.closed;
    const { json: usage } = await send(`${open.url}/v1/usage`, { key: bound.key });
    expect(usage).toMatchObject({ total: { requests: 1 } });
    const unknown = await openRealtime(open.url, { protocols: ['realtime', 'openai-insecure-api-key.ek_x'] });
    expect(unknown.response.statusCode).toBe(101);
    unknown.socket.close();
    await unknown.closed;
    await open.stop();
  });

  test('dies with its time and with its key', async () => {
    const short = await secretOf({ expires_after: { seconds: 10 } });
    const later = Date.now() + 11_000;
    const real = Date.now;
    Date.now = () => later;
    try {
      expect(await open(short.value)).toBe('invalid_api_key');
    } finally {
      Date.now = real;
    }
    expect(await open(short.value)).toMatch(/^open/);
    const mortal = await gateway.createKey();
    const { value } = await secretOf({}, mortal.key);
    expect(await open(value)).toMatch(/^open/);
    await gateway.withStore((store) => store.revokeKey(mortal.record.id));
    expect(await open(value)).toBe('invalid_api_key');
  });

  test('counts against the limits and budgets of its key, however many there are', async () => {
    const tiny = await gateway.createKey({ plan: 'tiny' });
    const secrets = [];
    for (let index = 0; index < 4; index += 1) secrets.push(await secretOf({}, tiny.key));
    const outcomes = [];
    for (const { value } of secrets) outcomes.push((await open(value)).split(':')[0]);
    expect(outcomes).toEqual(['open', 'open', 'rate_limit_exceeded', 'rate_limit_exceeded']);
    const poor = await gateway.createKey({ budgetMicroUsdPerDay: 30_000, onExhausted: 'stop' });
    const { value } = await secretOf({}, poor.key);
    const client = await openRealtime(gateway.url, {
      protocols: ['realtime', `openai-insecure-api-key.${value}`],
    });
    await client.eventOf('session.created');
    upstream.sessions
      .at(-1)
      ?.send(responseDone({ total_tokens: 20_000, input_tokens: 10_000, output_tokens: 10_000 }));
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'budget_exceeded' });
    await client.closed;
    const { json } = await send(`${gateway.url}/v1/usage`, { key: poor.key });
    expect(json).toMatchObject({ total: { requests: 1, cost_usd: 0.2 } });
  });

  test('that was changed, or made elsewhere, is none', async () => {
    const { value } = await secretOf({ session: { model: 'talker' } });
    const [said = '', mac = ''] = value.slice(3).split('.');
    const other = Buffer.from(Buffer.from(said, 'base64url').toString().replace('"talker"', 'null')).toString(
      'base64url',
    );
    const elsewhere = await startGateway('');
    await elsewhere.createKey();
    const { status } = await send(`${elsewhere.url}/v1/models`, { key: value });
    expect(status).toBe(401);
    await elsewhere.stop();
    for (const forged of [
      `ek_${other}.${mac}`,
      `ek_${said}.${'0'.repeat(64)}`,
      `ek_${said}`,
      'ek_',
      `${value}.`,
      `ek_${'x'.repeat(2000)}`,
    ]) {
      expect(await open(forged)).toBe('invalid_api_key');
    }
  });

  test.each([
    [{ session: { type: 'transcription' } }, 'session.type'],
    [{ session: { instructions: 'Be brief.' } }, 'session.instructions'],
    [{ session: { model: 'writer' } }, 'session.model'],
    [{ expires_after: { seconds: 9 } }, 'expires_after.seconds'],
    [{ expires_after: { anchor: 'never' } }, 'expires_after.anchor'],
    [{ expire_after: {} }, 'expire_after'],
  ])('what is wrong with %j is said', async (body, param) => {
    const { status, json } = await send(`${gateway.url}/v1/realtime/client_secrets`, { body, key });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param, type: 'invalid_request_error' } });
  });
});
