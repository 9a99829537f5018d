import { type ClientRequest, get } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routingEventSchema } from '../../src/http/intelligence/routing-event-schema.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

interface Stream {
  text: string;
  isOver: boolean;
  readonly request: ClientRequest;
}

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let mine: string;
let other: string;
let admin: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two']));
  mine = (await gateway.createKey()).key;
  other = (await gateway.createKey()).key;
  admin = (await gateway.createKey({ scopes: ['admin'] })).key;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

/** Resolves once the gateway says that it has begun. */
async function watch(key: string, lastEventId?: string): Promise<Stream> {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  return new Promise((resolve, reject) => {
    const request = get(`${gateway.url}/v1/routing-stream`, { headers, agent: false }, (answer) => {
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain('text/event-stream');
      const stream: Stream = { text: '', isOver: false, request };
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        stream.text += piece;
        resolve(stream);
      });
      answer.once('close', () => {
        stream.isOver = true;
      });
      answer.on('error', () => {});
    });
    request.once('error', reject);
  });
}

async function ask(key: string): Promise<string> {
  const answer = await send(`${gateway.url}/v1/chat/completions`, {
    key,
    body: { model: 'auto', messages: [{ role: 'user', content: 'Translate to French: good morning' }] },
  });
  expect(answer.status).toBe(200);
  return String(answer.headers['x-request-id']);
}

const idsOf = ({ text }: Stream) => [...text.matchAll(/^id: (.+)$/gm)].map(([, id = '']) => id);
const requestsOf = ({ text }: Stream) =>
  [...text.matchAll(/^data: (.+)$/gm)].flatMap(([, data = '']) => JSON.parse(data).request_id ?? []);

test('each decision is told to those who may see it, and to nobody else', async () => {
  const [all, own] = [await watch(admin), await watch(mine)];
  const first = await ask(mine);
  const second = await ask(other);
  await expect.poll(() => requestsOf(all)).toEqual([first, second]);
  expect(requestsOf(own)).toEqual([first]);
  const [, data = ''] = /^data: (.+)$/m.exec(own.text) ?? [];
  expect(routingEventSchema.parse(JSON.parse(data))).toMatchObject({
    object: 'routing.decision',
    task: 'translation',
    requested_model: 'auto',
    provider: 'up',
    candidates: 2,
  });
  all.request.destroy();
  own.request.destroy();
});

test('who comes back gets what was missed; who was away too long is told so', async () => {
  const before = await watch(admin);
  await ask(mine);
  await expect.poll(() => idsOf(before)).toHaveLength(1);
  const [last = ''] = idsOf(before);
  before.request.destroy();
  await expect.poll(() => before.isOver).toBe(true);
  const missed = [await ask(mine), await ask(other)];
  const again = await watch(admin, last);
  await expect.poll(() => requestsOf(again)).toEqual(missed);
  expect(again.text).not.toContain('event: gap');
  const stranger = await watch(admin, 'anotherprocess-7');
  await expect.poll(() => stranger.text).toContain('event: gap');
  again.request.destroy();
  stranger.request.destroy();
});

test('a key that is revoked watches no longer, whoever revoked it, and others go on', async () => {
  const [byApi, byCommand] = [await gateway.createKey(), await gateway.createKey()];
  const streams = [await watch(byApi.key), await watch(byCommand.key)];
  const going = await watch(mine);
  await send(`${gateway.url}/v1/keys/${byApi.record.id}`, { method: 'DELETE', key: admin });
  await gateway.withStore((store) => store.revokeKey(byCommand.record.id));
  await expect.poll(() => streams.map(({ isOver }) => isOver), { timeout: 8_000 }).toEqual([true, true]);
  await ask(mine);
  await expect.poll(() => requestsOf(going)).toHaveLength(1);
  going.request.destroy();
}, 20_000);

test('what a key may see while it watches is what it may see by now', async () => {
  const { key, record } = await gateway.createKey({ scopes: ['admin'] });
  const stream = await watch(key);
  await send(`${gateway.url}/v1/keys/${record.id}`, {
    method: 'PATCH',
    key: admin,
    body: { scopes: ['intelligence'] },
  });
  // Until it is looked at again it may see the requests of others.
  await expect
    .poll(
      async () => {
        const id = await ask(other);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return requestsOf(stream).includes(id);
      },
      { timeout: 8_000, interval: 300 },
    )
    .toBe(false);
  stream.request.destroy();
}, 20_000);

test('a shutdown ends it', async () => {
  const brief = await startGateway(providerToml('up', upstream.baseUrl, ['one']));
  let isOver = false;
  await new Promise<void>((resolve, reject) => {
    get(`${brief.url}/v1/routing-stream`, { agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        isOver = true;
      });
      resolve();
    }).once('error', reject);
  });
  await brief.stop();
  await expect.poll(() => isOver).toBe(true);
});
