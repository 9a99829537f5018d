import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send, sendBytes } from './send.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let behindProxy: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  const toml = providerToml('up', upstream.baseUrl, ['ok']);
  gateway = await startGateway(toml);
  behindProxy = await startGateway(toml, { api: 'trusted_proxies = ["127.0.0.0/8"]' });
  await gateway.createKey({ name: 'closes the gateway' });
});

afterAll(async () => {
  await Promise.all([gateway.stop(), behindProxy.stop()]);
  await upstream.close();
});

const BODY = { model: 'ok', messages: [{ role: 'user', content: 'hi' }] };
const chat = (at: TestGateway, key: string, headers: Record<string, string> = {}) =>
  send(`${at.url}/v1/chat/completions`, { key, headers, body: BODY });

describe('a key for some addresses', () => {
  test('works from those, by address and by block', async () => {
    for (const allowedAddresses of [['127.0.0.1'], ['10.0.0.0/8', '127.0.0.0/8'], ['::ffff:127.0.0.1']]) {
      const { key } = await gateway.createKey({ allowedAddresses });
      expect((await chat(gateway, key)).status).toBe(200);
    }
  });

  test('is a 403 from others, before anything is looked at; a header changes nothing', async () => {
    const { key } = await gateway.createKey({ allowedAddresses: ['10.0.0.0/8', '::1'] });
    const before = upstream.requests.length;
    for (const headers of [
      {},
      { 'x-forwarded-for': '10.0.0.1' },
      { 'x-real-ip': '10.0.0.1' },
      { forwarded: 'for=10.0.0.1' },
    ]) {
      const answer = await chat(gateway, key, headers as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({
        error: { type: 'permission_error', code: 'address_not_allowed', param: null },
      });
      expect(answer.text).toContain('127.0.0.1');
      expect(answer.text).not.toContain('10.0.0');
    }
    expect(upstream.requests.length).toBe(before);
  });

  test('on an IPv6 address of this machine', async () => {
    const six = await startGateway(providerToml('up', upstream.baseUrl, ['ok']), { address: '[::1]:0' });
    try {
      const { key } = await six.createKey({ allowedAddresses: ['::/16'] });
      const { key: other } = await six.createKey({ allowedAddresses: ['2001:db8::/32', '0.0.0.0/0'] });
      expect((await chat(six, key)).status).toBe(200);
      expect((await chat(six, other)).status).toBe(403);
    } finally {
      await six.stop();
    }
  });

  test('behind a proxy of ours: what it says counts, the last address that is none of ours', async () => {
    const { key } = await behindProxy.createKey({ allowedAddresses: ['10.0.0.0/8'] });
    const from = async (forwarded: string) =>
      (await chat(behindProxy, key, { 'x-forwarded-for': forwarded })).status;
    expect(await from('10.1.2.3')).toBe(200);
    expect(await from('192.0.2.1')).toBe(403);
    // A client that writes the header itself: the proxy appends where it really came from.
    expect(await from('10.1.2.3, 192.0.2.1')).toBe(403);
    expect(await from('192.0.2.1, 10.1.2.3, 127.0.0.9')).toBe(200);
    expect(await from('10.1.2.3.4')).toBe(403);
    expect((await chat(behindProxy, key)).status).toBe(403);
  });
});

describe('a key in the URL', () => {
  test.each([
    'api_key',
    'key',
    'apikey',
    'api-key',
    'API_KEY',
    'access_token',
    'token',
    'authorization',
    'x-api-key',
  ])(
    '?%s= is a 401 that names the header, on every route, even with a valid header beside it',
    async (name) => {
      const { key } = await gateway.createKey();
      const before = upstream.requests.length;
      for (const path of ['/v1/chat/completions', '/v1/models', '/health/live', '/v1/not-there']) {
        for (const options of [{}, { key }]) {
          const answer = await send(`${gateway.url}${path}?x=1&${name}=${key}`, {
            ...options,
            ...(path.endsWith('completions') ? { body: BODY } : {}),
          });
          expect(answer.status).toBe(401);
          expect(answer.json).toMatchObject({ error: { code: 'key_in_url', type: 'authentication_error' } });
          expect(answer.text).toContain('Authorization: Bearer');
          expect(answer.text).not.toContain(key.slice(0, 8));
        }
      }
      expect(upstream.requests.length).toBe(before);
    },
  );

  test('the id of a key is none', async () => {
    const answer = await send(`${gateway.url}/health/live?key=key_0123456789abcdef`);
    expect(answer.status).toBe(200);
  });
});

describe('the head of a request', () => {
  test('an x-api-key is a key, as Anthropic’s clients send it; Authorization counts before it', async () => {
    const { key } = await gateway.createKey();
    const ask = (headers: Record<string, string>) =>
      send(`${gateway.url}/v1/models`, { headers }).then(({ status }) => status);
    expect(await ask({ 'x-api-key': key })).toBe(200);
    expect(await ask({ 'x-api-key': `${key}x` })).toBe(401);
    expect(await ask({ 'x-api-key': key, authorization: 'Bearer or-nobody' })).toBe(401);
  });

  test.each(['Host: localhost\r\nHost: localhost', 'Host: localhost\r\nhOST: other'])(
    'two Host headers are a 400: %j',
    async (hosts) => {
      const answer = await sendBytes(
        gateway.url,
        `GET /health/live HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { code: 'invalid_request' } });
    },
  );
});
