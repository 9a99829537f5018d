import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWebhook, type Webhook } from '../../src/alerts/webhook.ts';
import { readBody } from '../fixtures/read-body.ts';

let server: Server;
let heard: { readonly path: string; readonly type: string | undefined; readonly body: unknown }[];
let answers: (number | 'silence' | 'reset')[];
let url: string;
let webhook: Webhook;
let givenUp: string[];

beforeEach(async () => {
  heard = [];
  answers = [];
  givenUp = [];
  server = createServer(async (request: IncomingMessage, response) => {
    const body = await readBody(request);
    heard.push({
      path: request.url ?? '',
      type: request.headers['content-type'],
      body: JSON.parse(body.bytes.toString()),
    });
    const answer = answers.shift() ?? 204;
    if (answer === 'silence') return;
    if (answer === 'reset') request.socket.resetAndDestroy();
    else response.writeHead(answer, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret`;
  webhook = createWebhook({
    url: () => url,
    onGivenUp: (reason) => givenUp.push(reason),
    retryAfterMs: [5, 10, 15],
  });
});

afterEach(async () => {
  await webhook.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('one POST with JSON for each message that arrives', async () => {
  webhook.send({ share: 0.8 });
  await expect.poll(() => heard.length).toBe(1);
  expect(heard).toEqual([{ path: '/hook?token=secret', type: 'application/json', body: { share: 0.8 } }]);
  expect(givenUp).toEqual([]);
});

test('what may pass is tried again, four times in all', async () => {
  answers = ['reset', 503, 429];
  webhook.send({ at: 1 });
  await expect.poll(() => heard.length).toBe(4);
  await webhook.close();
  expect(givenUp).toEqual([]);
});

test('what fails four times is given up, and the address, which may hold a secret, is not told', async () => {
  answers = [500, 500, 500, 500, 500];
  webhook.send({ at: 1 });
  await expect.poll(() => givenUp).toEqual(['it answered 500']);
  expect(heard).toHaveLength(4);
});

test.each([301, 307, 400, 404])(
  '%i is final: no redirect is followed, nothing is repeated',
  async (status) => {
    answers = [status];
    webhook.send({ at: 1 });
    await expect.poll(() => givenUp).toEqual([`it answered ${status}`]);
    expect(heard.map(({ path }) => path)).toEqual(['/hook?token=secret']);
  },
);

test('nobody waits for one that does not answer, and the end cuts it', async () => {
  answers = ['silence'];
  webhook.send({ at: 1 });
  webhook.send({ at: 2 });
  await expect.poll(() => heard.length).toBe(2);
  const before = performance.now();
  await webhook.close();
  expect(performance.now() - before).toBeLessThan(4_000);
  expect(givenUp).toHaveLength(1);
  webhook.send({ at: 3 });
  expect(heard).toHaveLength(2);
});

test('more than a hundred at once are given up, and without an address nothing is sent', async () => {
  answers = Array.from({ length: 200 }, () => 'silence' as const);
  for (let at = 0; at < 101; at += 1) webhook.send({ at });
  expect(givenUp).toEqual(['100 messages wait already']);
  const silent = createWebhook({ url: () => undefined, onGivenUp: (reason) => givenUp.push(reason) });
  silent.send({ at: 1 });
  await silent.close();
});
