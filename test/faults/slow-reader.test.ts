import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { chunk, completion, finishChunk } from '../fixtures/misbehaving-answers.ts';
import { attemptsOf, breakerOf, learntAbout, modelTable, providerTable } from './scene.ts';

const MEGABYTE = 1024 * 1024;
const CLIENT_MS = 2000;
/** Far more than the sockets between upstream and client can hold: some 4 MB each. */
const STREAM_BYTES = 48 * MEGABYTE;
const BODY_BYTES = 40 * MEGABYTE;

/** Pours as fast as it is read, and says how far it came. */
let upstream: Server;
let sentBytes = 0;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => (JSON.parse(body).stream ? pour(response) : answerWhole(response)));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  gateway = await startGateway(
    [
      `[routing.timeouts]\nclient_ms = ${CLIENT_MS}\nidle_ms = 300\n`,
      providerTable('fast', `http://127.0.0.1:${port}/v1`),
      ...['never', 'late', 'whole'].map((name) => modelTable(name, 'fast', name)),
    ].join('\n'),
    { env: { UPSTREAM_KEY: 'sk-upstream-0123456789' } },
  );
});
afterAll(async () => {
  await gateway.stop();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

function pour(response: ServerResponse): void {
  sentBytes = 0;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = `data: ${JSON.stringify(chunk('fast', { content: 'x'.repeat(60_000) }))}\n\n`;
  const next = (): void => {
    while (sentBytes < STREAM_BYTES) {
      sentBytes += event.length;
      if (!response.write(event)) {
        response.once('drain', next);
        return;
      }
    }
    response.end(`data: ${JSON.stringify(finishChunk('fast'))}\n\ndata: [DONE]\n\n`);
  };
  next();
}

function answerWhole(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'x'.repeat(BODY_BYTES) };
  const body = JSON.stringify(
    completion('fast', { choices: [{ index: 0, message, finish_reason: 'stop' }] }),
  );
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

/** A client that has asked and reads nothing until `resume()`. */
function silentClient(body: object, requestId: string): Socket {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.on('error', () => {});
  const text = JSON.stringify({ messages: [{ role: 'user', content: 'Say hello.' }], ...body });
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-request-id: ${requestId}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return socket;
}

/** What there is left to read, until the end. */
function readAll(socket: Socket): Promise<{ bytes: number; end: string }> {
  let bytes = 0;
  let end = '';
  socket.on('data', (piece) => {
    bytes += piece.length;
    end = (end + piece.toString('latin1')).slice(-200);
  });
  return new Promise((resolve) => {
    socket.once('close', () => resolve({ bytes, end }));
    socket.resume();
  });
}

async function endingOf(requestId: string): Promise<string | undefined> {
  const attempts = await attemptsOf(gateway, { headers: { 'x-request-id': requestId } }).catch(
    () => undefined,
  );
  return attempts?.[0]?.ending;
}

test('a client that stops reading holds the upstream back, and is cut after its time', async () => {
  const rssBefore = process.memoryUsage().rss;
  const client = silentClient({ model: 'never', stream: true }, 'never-reads');
  await expect.poll(() => endingOf('never-reads'), { timeout: 10_000 }).toBe('client_left');
  // What the sockets hold, and no more: the rest was never sent.
  expect(sentBytes).toBeGreaterThan(0);
  expect(sentBytes).toBeLessThan(STREAM_BYTES / 2);
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(60 * MEGABYTE);

  const { bytes, end } = await readAll(client);
  expect(bytes).toBeLessThan(STREAM_BYTES / 2);
  expect(end).not.toContain('[DONE]');
  expect(await breakerOf(gateway, 'fast/never')).toBe('untouched');
  expect(await learntAbout(gateway, 'fast/never')).toEqual({});
  const [attempt] = await attemptsOf(gateway, { headers: { 'x-request-id': 'never-reads' } });
  expect(attempt?.cost.actual_usd).toBeGreaterThan(0);
});

test('one that pauses for less than that gets everything', async () => {
  const client = silentClient({ model: 'late', stream: true }, 'reads-late');
  // Longer than the idle limit: time in which the client takes nothing is not the provider's.
  let before = -1;
  await expect
    .poll(
      () => {
        const isHeldBack = sentBytes === before && sentBytes > 0;
        before = sentBytes;
        return isHeldBack;
      },
      { interval: 400 },
    )
    .toBe(true);
  expect(sentBytes).toBeLessThan(STREAM_BYTES);
  const { bytes, end } = await readAll(client);
  expect(bytes).toBeGreaterThan(STREAM_BYTES);
  expect(end).toContain('data: [DONE]\n\n');
  expect(await endingOf('reads-late')).toBe('completed');
});

test('a whole answer that nobody takes is given up as well', async () => {
  const client = silentClient({ model: 'whole' }, 'takes-nothing');
  await expect.poll(() => endingOf('takes-nothing'), { timeout: 10_000 }).toBe('completed');
  // From outside a cut is not to be seen before one reads: later than needed only makes it surer.
  await delay(CLIENT_MS * 2);
  const { bytes } = await readAll(client);
  expect(bytes).toBeLessThan(BODY_BYTES);
});
