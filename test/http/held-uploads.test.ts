import { once } from 'node:events';
import { connect } from 'node:net';
import Fastify, { type FastifyRequest } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerErrors } from '../../src/http/errors.ts';
import { presentForm, registerForms } from '../../src/http/inference/read-form.ts';

const ROOM = 1_000;
const FILE_BYTES = 600;
const BOUNDARY = 'between';

let app: ReturnType<typeof Fastify>;
let port: number;
/** Set to keep requests waiting for their answers. */
let isSlow: boolean;
let waiting: number;

beforeEach(async () => {
  isSlow = false;
  waiting = 0;
  app = Fastify();
  registerForms(app, { folder: '', maxMemoryBytes: ROOM, maxDiskBytes: 0 });
  registerErrors(app);
  app.post('/work', { config: { formFileBytes: 10_000 } }, async (request: FastifyRequest) => {
    presentForm(request.body);
    waiting += 1;
    if (isSlow) await new Promise(() => undefined);
    return { done: true };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as { port: number }).port;
});

afterEach(() => app.close());

const FORM = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n${'x'.repeat(FILE_BYTES)}\r\n--${BOUNDARY}--\r\n`;

async function upload(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/work`, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: FORM,
  });
  return answer.status;
}

/** Sends so much of a form, and leaves when `until` says so. */
async function leave(bytes: number, until: () => Promise<unknown>): Promise<void> {
  const accepted = once(app.server, 'connection');
  const socket = connect(port, '127.0.0.1');
  const [served] = await accepted;
  socket.write(
    `POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM.slice(0, bytes)}`,
  );
  await until();
  socket.destroy();
  await expect.poll(() => served.destroyed).toBe(true);
}

test('a file makes room for others once it is answered', async () => {
  for (let times = 0; times < 4; times += 1) expect(await upload()).toBe(200);
});

test('whoever leaves before the answer makes room', async () => {
  isSlow = true;
  await leave(FORM.length, () => expect.poll(() => waiting).toBe(1));
  isSlow = false;
  expect(await upload()).toBe(200);
});

test('whoever leaves in the middle of the file makes room', async () => {
  for (let times = 0; times < 3; times += 1) {
    await leave(FILE_BYTES, () => new Promise((resolve) => setTimeout(resolve, 50)));
  }
  expect(await upload()).toBe(200);
});
