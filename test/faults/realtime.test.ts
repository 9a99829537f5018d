import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openRealtime,
  type RealtimeClient,
  responseDone,
  userSaysAloud,
} from '../clients/realtime-client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type RealtimeUpstream, startRealtimeUpstream } from '../fixtures/realtime-upstream.ts';
import { startTlsRelay } from '../fixtures/tls-relay.ts';
import { send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';

let upstream: RealtimeUpstream;
let gateway: TestGateway;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  upstream = await startRealtimeUpstream();
  stops.push(() => upstream.close());
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const toml = (baseUrl: string, more = '') => `
[providers.up]
base_url = "${baseUrl}"
[api.models.talker]
type = "realtime"
endpoints = [{ provider = "up", model = "gpt talk/1", input_usd_per_million = 4, output_usd_per_million = 16, cached_input_usd_per_million = 0.4, audio_input_usd_per_million = 32, audio_output_usd_per_million = 64 }]
${more}`;

async function start(more = '', options: Parameters<typeof startGateway>[1] = {}): Promise<void> {
  const started = await startGateway(toml(upstream.baseUrl, more), options);
  gateway = started;
  stops.push(() => started.stop());
}

const endingOf = async (client: RealtimeClient, key?: string) => {
  const path = `/v1/explain/${client.response.headers['x-request-id']}`;
  let attempt: Record<string, unknown> | undefined;
  await expect
    .poll(async () => {
      const { json } = await send(`${gateway.url}${path}`, key === undefined ? {} : { key });
      attempt = (json as { attempts: Record<string, unknown>[] }).attempts[0];
      return attempt?.ending;
    })
    .not.toBe('pending');
  return attempt ?? {};
};

const USAGE = {
  total_tokens: 300,
  input_tokens: 200,
  output_tokens: 100,
  input_token_details: {
    text_tokens: 80,
    audio_tokens: 120,
    cached_tokens: 50,
    cached_tokens_details: { text_tokens: 30, audio_tokens: 20 },
  },
  output_token_details: { text_tokens: 40, audio_tokens: 60 },
};

describe('what passes', () => {
  test('frames of both kinds, both ways, also junk of a megabyte; the model is named in the URL alone', async () => {
    await start();
    const client = await openRealtime(gateway.url, {
      query: '?model=talker',
      headers: { 'openai-beta': 'realtime=v1', cookie: 'secret=1' },
    });
    await client.eventOf('session.created');
    const [asked] = upstream.asked;
    expect(asked?.url).toBe('/v1/realtime?model=gpt%20talk%2F1');
    expect(asked?.headers['openai-beta']).toBe('realtime=v1');
    expect(asked?.headers.cookie).toBeUndefined();
    const junk = 'x'.repeat(1_000_000);
    client.socket.send(junk);
    client.socket.send(Buffer.from([0, 255, 1]));
    await expect.poll(() => upstream.heard.length).toBe(2);
    expect(upstream.heard[0]).toBe(junk);
    expect(upstream.heard[1]).toEqual(Buffer.from([0, 255, 1]));
    upstream.sessions[0]?.send(Buffer.from([7, 8]));
    upstream.sessions[0]?.send('no "response.done" and no JSON');
    await expect.poll(() => client.frames.length).toBe(3);
    expect(client.frames.at(-2)).toEqual({ data: Buffer.from([7, 8]), isBinary: true });
    client.socket.close();
    expect(await endingOf(client)).toMatchObject({ ending: 'client_left', cost: { actual_usd: 0 } });
  });

  test('text and sound are charged at their own prices, cached ones once', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    upstream.sessions[0]?.send(responseDone(USAGE));
    upstream.sessions[0]?.close(1000);
    expect((await client.closed).code).toBe(1000);
    const attempt = await endingOf(client);
    // 50 of 200 cached; sound: 100 uncached in, 60 out.
    const microUsd = 50 * 0.4 + 50 * 4 + 100 * 32 + 40 * 16 + 60 * 64;
    expect(attempt).toMatchObject({
      ending: 'completed',
      usage: { input_tokens: 200, output_tokens: 100, cached_input_tokens: 50 },
      cost: { actual_usd: microUsd / 1e6, is_estimate: false },
    });
  });

  test('what a slow client does not take keeps the provider waiting, and memory flat', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    client.socket.pause();
    const piece = Buffer.alloc(512 * 1024);
    const [session] = upstream.sessions;
    for (let index = 0; index < 100; index++) session?.send(piece);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(session?.bufferedAmount).toBeGreaterThan(10 * 1024 * 1024);
    client.socket.resume();
    await expect.poll(() => client.frames.length, { timeout: 10_000 }).toBe(101);
    client.socket.close();
  });
});

describe('who may come', () => {
  test('keys as everywhere; browsers send theirs as a subprotocol', async () => {
    await start();
    const { key } = await gateway.createKey();
    const admin = await gateway.createKey({ scopes: ['intelligence'] });
    const statusOf = async (options: Parameters<typeof openRealtime>[1]) => {
      const client = await openRealtime(gateway.url, { query: '?model=talker', ...options });
      expect(client.response.headers['x-request-id']).toMatch(/^req_/);
      if (client.response.statusCode === 101) client.socket.close();
      else expect(JSON.parse(client.refusal)).toMatchObject({ error: { message: expect.any(String) } });
      return client.response.statusCode;
    };
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ headers: { authorization: 'Bearer or-wrong' } })).toBe(401);
    expect(await statusOf({ headers: { authorization: `Bearer ${admin.key}` } })).toBe(403);
    expect(await statusOf({ query: `?model=talker&api_key=${key}` })).toBe(401);
    expect(await statusOf({ query: '?model=nobody', headers: { authorization: `Bearer ${key}` } })).toBe(404);
    expect(await statusOf({ query: '', headers: { authorization: `Bearer ${key}` } })).toBe(400);
    expect(await statusOf({ headers: { authorization: `Bearer ${key}` } })).toBe(101);
    const browser = await openRealtime(gateway.url, {
      query: '?model=talker',
      protocols: ['realtime', `openai-insecure-api-key.${key}`, 'openai-beta.realtime-v1'],
    });
    expect(browser.socket.protocol).toBe('realtime');
    expect(upstream.asked.at(-1)?.headers['openai-beta']).toBe('realtime=v1');
    expect(JSON.stringify(upstream.asked.at(-1)?.headers)).not.toContain(key);
    browser.socket.close();
  });

  test('pages of other origins and names that are not this machine do not', async () => {
    await start('', { api: 'cors_enabled = true\ncors_origins = ["https://app.example"]' });
    const codeOf = async (headers: Record<string, string>) => {
      const client = await openRealtime(gateway.url, { query: '?model=talker', headers });
      if (client.response.statusCode === 101) client.socket.close();
      return client.refusal === '' ? 'open' : JSON.parse(client.refusal).error.code;
    };
    expect(await codeOf({ origin: 'https://evil.example' })).toBe('forbidden_origin');
    expect(await codeOf({ origin: 'null' })).toBe('forbidden_origin');
    expect(await codeOf({ host: 'evil.example', origin: 'http://evil.example' })).toBe('forbidden_host');
    expect(await codeOf({ origin: 'https://app.example' })).toBe('open');
    expect(await codeOf({ origin: gateway.url })).toBe('open');
  });

  test('requests per minute and sessions at a time are bounded', async () => {
    await start(
      '[realtime]\nmax_sessions = 1\n[plans.tiny]\nrequests_per_minute = 2\ntokens_per_minute = 100000',
    );
    const { key } = await gateway.createKey({ plan: 'tiny' });
    const options = { query: '?model=talker', headers: { authorization: `Bearer ${key}` } };
    const first = await openRealtime(gateway.url, options);
    expect(first.response.headers['x-ratelimit-remaining-requests']).toBe('1');
    const second = await openRealtime(gateway.url, options);
    expect([second.response.statusCode, JSON.parse(second.refusal).error.code]).toEqual([
      503,
      'too_many_sessions',
    ]);
    first.socket.close();
    await first.closed;
    const third = await openRealtime(gateway.url, options);
    expect([third.response.statusCode, JSON.parse(third.refusal).error.code]).toEqual([
      429,
      'rate_limit_exceeded',
    ]);
    expect(third.response.headers['retry-after']).toBeDefined();
  });

  test('other wishes for an upgrade are answered as if they had none', async () => {
    await start();
    const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      headers: h2c,
      body: { model: 'nobody', messages: [{ role: 'user', content: 'hi' }] },
    });
    expect([answer.status, (answer.json as { error: { code: string } }).error.code]).toEqual([
      404,
      'model_not_found',
    ]);
    expect((await send(`${gateway.url}/v1/realtime?model=talker`, { headers: h2c })).status).toBe(426);
    expect((await send(`${gateway.url}/v1/realtime?model=talker`)).status).toBe(426);
  });
});

describe('how a session ends', () => {
  test('its client leaves without a word: the provider is cut within 100 ms', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    const cut = new Promise<number>((resolve) =>
      upstream.sessions[0]?.once('close', () => resolve(performance.now())),
    );
    const leftMs = performance.now();
    client.socket.terminate();
    expect((await cut) - leftMs).toBeLessThan(100);
    expect((await endingOf(client)).ending).toBe('client_left');
  });

  test('its client closes: the code is passed on', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    const code = new Promise<number>((resolve) => upstream.sessions[0]?.once('close', resolve));
    client.socket.close(4001, 'enough');
    expect(await code).toBe(4001);
  });

  test('the provider dies: an error event and 1011, and the endpoint is blamed', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    upstream.sessions[0]?.terminate();
    const error = await client.eventOf('error');
    expect(error.error).toMatchObject({ type: 'server_error', code: 'upstream_error' });
    if (hasOpenAiSchema) expect(faultsBySchema('RealtimeServerEventError', error)).toEqual([]);
    expect((await client.closed).code).toBe(1011);
    expect((await endingOf(client)).ending).toBe('stream_after_token');
  });

  test('the provider closes with a code of its own: it is passed on, its words scrubbed', async () => {
    await start();
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    upstream.sessions[0]?.close(3000, 'invalid key sk-abcdef123456');
    expect(await client.closed).toEqual({ code: 3000, reason: 'invalid key [removed]' });
    expect((await endingOf(client)).ending).toBe('client_fault');
  });

  test('a message that is too large ends it cleanly', async () => {
    await start('', { api: 'body_limit_bytes = 100000' });
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    client.socket.send('x'.repeat(1_000_000));
    expect((await client.closed).code).toBe(1009);
    expect(upstream.heard).toEqual([]);
    expect((await send(`${gateway.url}/health/live`)).status).toBe(200);
  });

  test('nobody says anything: it is closed', async () => {
    await start('[realtime]\nidle_seconds = 1');
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'session_idle' });
    expect((await client.closed).code).toBe(1001);
  });

  test('it lasts as long as it may, whoever is talking', async () => {
    await start('[realtime]\nsession_seconds = 1');
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    upstream.sessions[0]?.send(responseDone(USAGE));
    const talking = setInterval(
      () => client.socket.readyState === 1 && client.send(userSaysAloud('and so on')),
      100,
    );
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'session_expired' });
    clearInterval(talking);
    expect(await client.closed).toEqual({ code: 1001, reason: 'session_expired' });
    expect(await endingOf(client)).toMatchObject({ ending: 'completed', usage: { input_tokens: 200 } });
  });

  test('the provider stalls in the middle of a response: it is blamed; between responses it may be silent', async () => {
    await start('[routing.timeouts]\nidle_ms = 400');
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    upstream.sessions[0]?.send(responseDone(USAGE));
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(client.socket.readyState).toBe(1);
    upstream.sessions[0]?.send('{"type":"response.created","response":{"id":"r2"}}');
    upstream.sessions[0]?.send('{"type":"response.output_text.delta","delta":"Well"}');
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'upstream_error' });
    expect((await client.closed).code).toBe(1011);
    const attempt = await endingOf(client);
    // What it said before it stalled is charged, and marked as an estimate.
    expect(attempt).toMatchObject({
      ending: 'stream_after_token',
      usage: { input_tokens: 200 },
      cost: { is_estimate: true },
    });
  });

  test('its budget is used up in the middle: what is over it is never begun', async () => {
    await start();
    const { key } = await gateway.createKey({ budgetMicroUsdPerDay: 30_000, onExhausted: 'stop' });
    const client = await openRealtime(gateway.url, {
      query: '?model=talker',
      headers: { authorization: `Bearer ${key}` },
    });
    await client.eventOf('session.created');
    for (let turn = 0; turn < 6; turn++) upstream.sessions[0]?.send(responseDone(USAGE));
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'budget_exceeded' });
    expect((await client.closed).code).toBe(1008);
    const answers = client.events.filter(({ type }) => type === 'response.done').length;
    expect(answers).toBeGreaterThan(0);
    expect(answers * 7_900).toBeLessThanOrEqual(30_000);
    const attempt = await endingOf(client, key);
    expect(attempt).toMatchObject({ ending: 'completed', cost: { actual_usd: (answers * 7_900) / 1e6 } });
  });

  test('its tokens of the minute are used up in the middle', async () => {
    await start('[plans.tiny]\nrequests_per_minute = 9\ntokens_per_minute = 1000');
    const { key } = await gateway.createKey({ plan: 'tiny' });
    const options = { query: '?model=talker', headers: { authorization: `Bearer ${key}` } };
    const client = await openRealtime(gateway.url, options);
    for (let turn = 0; turn < 4; turn++) upstream.sessions[0]?.send(responseDone(USAGE));
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'rate_limit_exceeded' });
    expect((await client.closed).code).toBe(1008);
    expect((await openRealtime(gateway.url, options)).response.statusCode).toBe(429);
  });

  test('the gateway shuts down: sessions go on until the drain limit', async () => {
    await start('', { api: 'drain_seconds = 0.3' });
    const client = await openRealtime(gateway.url, { query: '?model=talker' });
    await client.eventOf('session.created');
    const closing = gateway.close();
    await new Promise((resolve) => setTimeout(resolve, 150));
    client.send(userSaysAloud('still here'));
    await expect.poll(() => upstream.heard.length).toBe(1);
    expect((await client.eventOf('error')).error).toMatchObject({ code: 'shutting_down' });
    expect((await client.closed).code).toBe(1001);
    await closing;
    stops.splice(stops.length - 1);
  });
});

describe('both sides are pinged, and who does not answer has left', () => {
  /** The time of the session runs ahead: what it does every 20 s is done every 20 ms. */
  async function withFastPings(work: () => Promise<void>): Promise<void> {
    const real = performance.now.bind(performance);
    const startMs = real();
    performance.now = () => startMs + (real() - startMs) * 40;
    try {
      await work();
    } finally {
      performance.now = real;
    }
  }

  test('who answers stays', () =>
    withFastPings(async () => {
      await start();
      const client = await openRealtime(gateway.url, { query: '?model=talker' });
      const pings = { client: 0, upstream: 0 };
      client.socket.on('ping', () => (pings.client += 1));
      upstream.sessions[0]?.on('ping', () => (pings.upstream += 1));
      await expect.poll(() => Math.min(pings.client, pings.upstream), { timeout: 5_000 }).toBeGreaterThan(2);
      expect(client.socket.readyState).toBe(1);
      client.socket.close();
      await client.closed;
    }));

  test.each(['client', 'provider'] as const)('a %s that has vanished is noticed', (side) =>
    withFastPings(async () => {
      await start();
      const client = await openRealtime(gateway.url, { query: '?model=talker' });
      await client.eventOf('session.created');
      const silent = side === 'client' ? client.socket : upstream.sessions[0];
      if (silent === undefined) throw new Error('no session');
      // As if its machine had gone: nothing is answered, and nothing closed.
      silent.pong = () => {};
      (silent as unknown as { _autoPong: boolean })._autoPong = false;
      const other = side === 'client' ? upstream.sessions[0] : client.socket;
      await new Promise<void>((resolve) => other?.once('close', () => resolve()));
      expect((await endingOf(client)).ending).toBe(side === 'client' ? 'client_left' : 'stream_after_token');
      client.socket.terminate();
    }),
  );
});

test('a provider behind TLS is dialled by wss, and one whose certificate nobody vouches for gets nothing', async () => {
  const relay = await startTlsRelay(Number(new URL(upstream.baseUrl).port));
  stops.push(() => relay.close());
  const started = await startGateway(toml(`https://127.0.0.1:${relay.port}/v1`));
  stops.push(() => started.stop());
  gateway = started;
  const refused = await openRealtime(gateway.url, { query: '?model=talker' });
  expect([refused.response.statusCode, JSON.parse(refused.refusal).error.code]).toEqual([
    502,
    'upstream_tls',
  ]);
  expect((await endingOf(refused)).ending).toBe('tls');
  expect(upstream.asked).toHaveLength(0);
});

describe('before a provider has taken it', () => {
  const second = (baseUrl: string) => `
[providers.down]
base_url = "${baseUrl}"
[api.models.other]
type = "realtime"
endpoints = [{ provider = "down", model = "x", input_usd_per_million = 1, output_usd_per_million = 1 }]
[providers.claude]
kind = "anthropic"
api_key_env = "CLAUDE"
[api.models.foreign]
type = "realtime"
endpoints = [{ provider = "claude", model = "y", input_usd_per_million = 1, output_usd_per_million = 1 }]`;

  test('another takes over; who speaks another language is left out', async () => {
    const down = await startRealtimeUpstream();
    stops.push(() => down.close());
    down.refuseWith = 500;
    await start(second(down.baseUrl), { env: { CLAUDE: 'none' } });
    for (let index = 0; index < 4; index++) {
      const client = await openRealtime(gateway.url);
      expect(client.response.headers['x-router-model']).toBe('talker');
      client.socket.close();
    }
    const foreign = await openRealtime(gateway.url, { query: '?model=foreign' });
    expect([foreign.response.statusCode, JSON.parse(foreign.refusal).error.code]).toEqual([
      400,
      'unsupported_by_provider',
    ]);
  });

  test('nobody does: a plain answer', async () => {
    await start();
    upstream.refuseWith = 429;
    const busy = await openRealtime(gateway.url, { query: '?model=talker' });
    expect([busy.response.statusCode, JSON.parse(busy.refusal).error.code]).toEqual([
      429,
      'rate_limit_exceeded',
    ]);
    expect(await endingOf(busy)).toMatchObject({ ending: 'rate_limited', cost: { actual_usd: 0 } });
  });

  test('its client leaves while it is dialled', async () => {
    let held = 0;
    let cut = 0;
    const deaf = createServer();
    deaf.on('upgrade', (_request, socket) => {
      held += 1;
      socket.resume();
      socket.on('error', () => {});
      socket.on('end', () => {
        cut += 1;
        socket.end();
      });
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise<void>((resolve) => deaf.close(() => resolve())));
    const started = await startGateway(toml(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}/v1`));
    gateway = started;
    stops.push(() => started.stop());
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `GET /v1/realtime?model=talker HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\nx-request-id: left-early\r\n\r\n`,
    );
    await expect.poll(() => held).toBe(1);
    socket.destroy();
    await expect.poll(() => cut).toBe(1);
    await expect
      .poll(async () => {
        const { json } = await send(`${gateway.url}/v1/explain/left-early`);
        return (json as { attempts: { ending: string }[] }).attempts[0]?.ending;
      })
      .toBe('client_left');
  });
});
