import { afterEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from './send.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

const statusFor = async (host: string, key?: string) =>
  (await send(`${gateway.url}/v1/models`, { headers: { host }, key })).status;

test.each(['', 'require_auth = false'])(
  'while no key is asked for, only names of this machine are served: %s',
  async (api) => {
    gateway = await startGateway('', { api });
    for (const host of ['127.0.0.1', '127.0.0.1:8080', '127.9.9.9', 'localhost:1', 'LOCALHOST', '[::1]:80']) {
      expect([host, await statusFor(host)]).toEqual([host, 200]);
    }
    for (const host of [
      'attacker.example',
      'attacker.example:8080',
      '127.0.0.1.attacker.example',
      '10.0.0.1',
    ]) {
      expect([host, await statusFor(host)]).toEqual([host, 403]);
    }
    for (const host of ['localhost@attacker.example', 'a b', '[::1', '127.0.0.1:99999']) {
      expect([host, await statusFor(host)]).not.toEqual([host, 200]);
    }
    const headers = { host: 'attacker.example' };
    const chat = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };
    expect(await send(`${gateway.url}/v1/chat/completions`, { headers, body: chat })).toMatchObject({
      status: 403,
      json: { error: { code: 'forbidden_host', message: expect.stringContaining('outrider keys create') } },
    });
    // Those who watch over the process come by any name.
    expect((await send(`${gateway.url}/health/ready`, { headers })).status).toBe(200);
  },
);

test('with a key any name is served', async () => {
  gateway = await startGateway();
  const { key } = await gateway.createKey();
  expect(await statusFor('router.example', key)).toBe(200);
});

test('an operator who opens a reachable address does so for every name', async () => {
  gateway = await startGateway('', { address: '0.0.0.0:0', api: 'require_auth = false' });
  expect(await statusFor('router.example')).toBe(200);
});
