import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { startUploadUpstream, type UploadUpstream } from '../fixtures/upload-upstream.ts';
import { read } from './ask.ts';

const MB = 1024 * 1024;
const BOUNDARY = 'between-the-parts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** One model at each of these providers, asked in this order. */
async function start(
  behaviours: readonly Parameters<typeof startUploadUpstream>[0][],
  routing = '',
): Promise<{ gateway: TestGateway; upstreams: readonly UploadUpstream[] }> {
  const upstreams: UploadUpstream[] = [];
  for (const behave of behaviours) {
    const upstream = await startUploadUpstream(behave);
    upstreams.push(upstream);
    closers.push(() => upstream.close());
  }
  const gateway = await startGateway(`
[routing]
default_strategy = "priority"
${routing}
${upstreams.map(({ baseUrl }, index) => `[providers.p${index}]\nbase_url = "${baseUrl}"`).join('\n')}
[api.models.it]
type = "transcription"
endpoints = [
${upstreams.map((_, index) => `{ provider = "p${index}", model = "it-${index}", usd_per_minute = 0.6 },`).join('\n')}
]
`);
  closers.push(() => gateway.stop());
  return { gateway, upstreams };
}

const field = (name: string, value: string) =>
  `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const FILE_HEAD = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="talk.mp3"\r\ncontent-type: audio/mpeg\r\n\r\n`;
const END = `--${BOUNDARY}--\r\n`;
/** Bytes that tell where they stand. */
const sound = Buffer.from(
  Uint32Array.from({ length: (3 * MB) / 4 }, (_, index) => index * 2_654_435_761).buffer,
);

interface Sending {
  readonly outgoing: ClientRequest;
  write(bytes: string | Buffer): Promise<void>;
  end(bytes?: string | Buffer): Promise<{
    status: number;
    headers: IncomingMessage['headers'];
    text: string;
    json: { error: { code: string } };
  }>;
  readonly answer: Promise<{
    status: number;
    headers: IncomingMessage['headers'];
    text: string;
    json: { error: { code: string } };
  }>;
}

/** A client that sends its form piece by piece. */
function send(gateway: TestGateway, headers: Record<string, string> = {}): Sending {
  const outgoing = request(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
  });
  const answer = new Promise<Awaited<Sending['answer']>>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', async (incoming) => {
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      const json = text.startsWith('{') ? JSON.parse(text) : undefined;
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json });
    });
  });
  answer.catch(() => undefined);
  return {
    outgoing,
    answer,
    async write(bytes) {
      if (!outgoing.write(bytes)) await once(outgoing, 'drain');
    },
    end(bytes) {
      outgoing.end(bytes);
      return answer;
    },
  };
}

interface Explained {
  readonly attempts: readonly {
    readonly ending: string;
    readonly provider: string;
    readonly latency_ms: number;
    readonly cost: { readonly actual_usd: number };
  }[];
}
const explain = (gateway: TestGateway, id: string) => read<Explained>(gateway, `/v1/explain/${id}`);

const fileIn = async (form: FormData) => Buffer.from(await (form.get('file') as File).arrayBuffer());

test('goes up while it comes: the provider has its beginning before the client has sent its end', async () => {
  const { gateway, upstreams } = await start([{}, {}]);
  const sending = send(gateway, { 'x-request-id': 'streamed' });
  await sending.write(
    field('model', 'it') + field('language', 'de') + field('route', '{"explore":false}') + FILE_HEAD,
  );
  await sending.write(sound.subarray(0, 2 * MB));
  await expect
    .poll(() => upstreams[0]?.uploads[0]?.receivedBytes ?? 0, { timeout: 5_000 })
    .toBeGreaterThan(MB);
  expect(upstreams[0]?.uploads[0]?.isEnded).toBe(false);
  // The client takes its time, which is no time of the model.
  await new Promise((resolve) => setTimeout(resolve, 400));
  await sending.write(sound.subarray(2 * MB));
  const { status, headers, text } = await sending.end(`\r\n${field('prompt', 'behind')}${END}`);
  expect(status, text).toBe(200);
  expect(headers).toMatchObject({ 'x-router-attempts': '1', 'x-router-cost-usd': '0.6' });
  const [upload] = upstreams[0]?.uploads ?? [];
  expect(upload?.headers['transfer-encoding']).toBe('chunked');
  const form = await (upload as NonNullable<typeof upload>).form();
  expect([...form.keys()]).toEqual(['model', 'language', 'file', 'prompt']);
  expect(form.get('model')).toBe('it-0');
  expect((await fileIn(form)).equals(sound)).toBe(true);
  const { attempts } = await explain(gateway, 'streamed');
  expect(attempts).toMatchObject([{ ending: 'completed' }]);
  expect(attempts[0]?.latency_ms).toBeLessThan(350);
}, 20_000);

test('where the model stands behind the file nothing goes up before it is known', async () => {
  const { gateway, upstreams } = await start([{}]);
  const sending = send(gateway);
  await sending.write(FILE_HEAD);
  await sending.write(sound);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(upstreams[0]?.uploads).toHaveLength(0);
  const { status } = await sending.end(`\r\n${field('model', 'it')}${END}`);
  expect(status).toBe(200);
  const [upload] = upstreams[0]?.uploads ?? [];
  expect(Number(upload?.headers['content-length'])).toBe(upload?.receivedBytes);
  expect((await fileIn(await (upload as NonNullable<typeof upload>).form())).equals(sound)).toBe(true);
});

test.each<[string, Parameters<typeof startUploadUpstream>[0], string]>([
  [
    'dies in the middle of it',
    { onPiece: (upload, request) => void (upload.receivedBytes > 1.5 * MB && request.destroy()) },
    'before_headers',
  ],
  [
    'refuses at its beginning',
    { onStart: (_request, response) => void response.writeHead(503, { connection: 'close' }).end('{}') },
    'server_error',
  ],
  [
    'refuses our key in the middle',
    {
      onPiece: (upload, _request, response) =>
        void (upload.receivedBytes > 1.5 * MB && !response.headersSent && response.writeHead(401).end('{}')),
    },
    'credentials',
  ],
])(
  'a provider that %s: the next one gets all of it',
  async (_name, behave, ending) => {
    const { gateway, upstreams } = await start([behave, {}]);
    const sending = send(gateway, { 'x-request-id': 'failed-over' });
    await sending.write(field('model', 'it') + FILE_HEAD);
    for (let at = 0; at < sound.length - MB / 2; at += 64 * 1024)
      await sending.write(sound.subarray(at, Math.min(at + 64 * 1024, sound.length - MB / 2)));
    await expect
      .poll(() => upstreams[1]?.uploads[0]?.receivedBytes ?? 0, { timeout: 5_000 })
      .toBeGreaterThan(2 * MB);
    await sending.write(sound.subarray(sound.length - MB / 2));
    const { status, headers, text } = await sending.end(`\r\n${END}`);
    expect(status, text).toBe(200);
    expect(headers['x-router-attempts']).toBe('2');
    const [upload] = upstreams[1]?.uploads ?? [];
    const form = await (upload as NonNullable<typeof upload>).form();
    expect(form.get('model')).toBe('it-1');
    expect((await fileIn(form)).equals(sound)).toBe(true);
    const { attempts } = await explain(gateway, 'failed-over');
    expect(attempts.map((attempt) => [attempt.ending, attempt.cost.actual_usd])).toEqual([
      [ending, 0],
      ['completed', 0.6],
    ]);
  },
  20_000,
);

test.each([true, false])(
  '26 MB are a 413, however far they have gone up (length announced: %s)',
  async (isAnnounced) => {
    const { gateway, upstreams } = await start([{}, {}]);
    const head = field('model', 'it') + FILE_HEAD;
    const bytes = Buffer.byteLength(head) + 26 * MB + Buffer.byteLength(`\r\n${END}`);
    const sending = send(gateway, {
      'x-request-id': 'large',
      ...(isAnnounced ? { 'content-length': String(bytes) } : {}),
    });
    await sending.write(head);
    for (let sent = 0; sent < 26; sent += 1) await sending.write(Buffer.alloc(MB, sent));
    const { status, headers, json } = await sending.end(`\r\n${END}`);
    expect(status).toBe(413);
    expect(json).toMatchObject({ error: { code: 'file_too_large', param: 'file' } });
    expect(headers['x-router-attempts']).toBe('1');
    await expect.poll(() => upstreams[0]?.uploads[0]?.isCut).toBe(true);
    expect(upstreams[1]?.uploads).toHaveLength(0);
    const { attempts } = await explain(gateway, 'large');
    expect(attempts).toMatchObject([{ ending: 'client_fault', cost: { actual_usd: 0 } }]);
  },
  30_000,
);

test('what is wrong before the file is no attempt, however large the file', async () => {
  const { gateway, upstreams } = await start([{}]);
  const sending = send(gateway);
  const fields = Array.from({ length: 70 }, (_, index) => field(`f${index}`, 'x')).join('');
  await sending.write(field('model', 'it') + fields + FILE_HEAD);
  await sending.write(sound);
  const { status, headers, json } = await sending.end(`\r\n${END}`);
  expect({ status, code: json.error.code }).toEqual({ status: 400, code: 'invalid_form' });
  expect(headers).not.toHaveProperty('x-router-attempts');
  expect(upstreams[0]?.uploads).toHaveLength(0);
});

test('a client that leaves in the middle: the provider is cut, and nothing is charged', async () => {
  const { gateway, upstreams } = await start([{}, {}]);
  const sending = send(gateway, { 'x-request-id': 'left' });
  await sending.write(field('model', 'it') + FILE_HEAD);
  await sending.write(sound.subarray(0, 2 * MB));
  await expect.poll(() => upstreams[0]?.uploads[0]?.receivedBytes ?? 0).toBeGreaterThan(MB);
  const leftMs = performance.now();
  sending.outgoing.destroy();
  await expect.poll(() => upstreams[0]?.uploads[0]?.isCut, { interval: 5 }).toBe(true);
  expect(performance.now() - leftMs).toBeLessThan(1_000);
  await expect
    .poll(async () => (await explain(gateway, 'left')).attempts)
    .toMatchObject([{ ending: 'client_left', cost: { actual_usd: 0 } }]);
  expect(upstreams[1]?.uploads).toHaveLength(0);
});

test('a client that stops in the middle is told, and its provider blamed for nothing', async () => {
  const { gateway, upstreams } = await start([{}, {}], '[routing.timeouts]\nclient_ms = 300');
  const sending = send(gateway, { 'x-request-id': 'stopped' });
  await sending.write(field('model', 'it') + FILE_HEAD);
  await sending.write(sound.subarray(0, 2 * MB));
  const { status, json } = await sending.answer;
  expect({ status, code: json.error.code }).toEqual({ status: 408, code: 'upload_stalled' });
  expect((await explain(gateway, 'stopped')).attempts).toMatchObject([{ ending: 'client_fault' }]);
  expect(upstreams[1]?.uploads).toHaveLength(0);
  sending.outgoing.destroy();
});

/** It reads nothing of what it is sent. */
const DEAF = { onStart: (request: IncomingMessage) => void request.pause() };

function sendLarge(gateway: TestGateway, id: string): Sending {
  const sending = send(gateway, { 'x-request-id': id });
  sending.outgoing.write(field('model', 'it') + FILE_HEAD);
  for (let sent = 0; sent < 24; sent += 1) sending.outgoing.write(Buffer.alloc(MB, sent));
  return sending;
}

test('a provider that takes nothing is left for the next one, and its client has sent all meanwhile', async () => {
  const { gateway, upstreams } = await start([DEAF, {}], '[routing.timeouts]\nheaders_ms = 5000');
  const sending = sendLarge(gateway, 'deaf');
  await expect.poll(() => sending.outgoing.writableLength, { timeout: 4_500 }).toBe(0);
  const { status, headers } = await sending.end(`\r\n${END}`);
  expect(status).toBe(200);
  expect(headers['x-router-attempts']).toBe('2');
  const form = await upstreams[1]?.uploads[0]?.form();
  expect(form?.get('file')).toHaveProperty('size', 24 * MB);
  expect((await explain(gateway, 'deaf')).attempts).toMatchObject([
    { ending: 'timeout' },
    { ending: 'completed' },
  ]);
}, 30_000);

test('where no other could take it nothing is kept, and a provider that takes nothing holds its client back', async () => {
  const { gateway } = await start([DEAF], '[routing.timeouts]\nheaders_ms = 1500');
  const sending = sendLarge(gateway, 'held-back');
  await new Promise((resolve) => setTimeout(resolve, 900));
  // What is on its way stands in the buffers of two sockets; the rest is still with the client.
  expect(sending.outgoing.writableLength).toBeGreaterThan(8 * MB);
  const { status } = await sending.end(`\r\n${END}`);
  expect(status).toBe(504);
  expect((await explain(gateway, 'held-back')).attempts).toMatchObject([{ ending: 'timeout' }]);
}, 30_000);

test('a client that leaves is noticed also while its provider takes nothing', async () => {
  const { gateway } = await start([DEAF, {}]);
  const sending = sendLarge(gateway, 'left-the-deaf');
  await expect.poll(() => sending.outgoing.writableLength, { timeout: 5_000 }).toBe(0);
  sending.outgoing.destroy();
  await expect
    .poll(async () => (await explain(gateway, 'left-the-deaf')).attempts, { timeout: 2_000 })
    .toMatchObject([{ ending: 'client_left', cost: { actual_usd: 0 } }]);
}, 20_000);

describe('what stands behind a file that is on its way', () => {
  async function late(parts: string, behave: Parameters<typeof startUploadUpstream>[0] = {}) {
    const { gateway, upstreams } = await start([behave]);
    const sending = send(gateway, { 'x-request-id': 'late' });
    await sending.write(field('model', 'it') + FILE_HEAD);
    await sending.write(sound);
    await expect.poll(() => upstreams[0]?.uploads.length).toBe(1);
    const answer = await sending.end(`\r\n${parts}${END}`);
    return { answer, gateway, upload: upstreams[0]?.uploads[0] };
  }

  test('the format of the answer counts', async () => {
    const { answer } = await late(field('response_format', 'text'), {
      answer: () => ({ type: 'text/plain', body: 'just words' }),
    });
    expect(answer).toMatchObject({ status: 200, text: 'just words' });
    const wrong = await late(field('response_format', 'text'));
    expect(wrong.answer.status).toBe(502);
  });

  test('a stream is answered as events, though the provider was asked for none', async () => {
    const { answer, upload } = await late(field('stream', 'true'));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('text/event-stream');
    expect(answer.text.split('\n\n')[0]).toBe(
      'event: transcript.text.delta\ndata: {"type":"transcript.text.delta","delta":"heard"}',
    );
    expect((await upload?.form())?.get('stream')).toBeNull();
  });

  test.each([
    ['wishes', field('route', '{}'), 'invalid_request'],
    ['another model', field('model', 'other'), 'invalid_request'],
    ['a format that there is not', field('response_format', 'doc'), 'invalid_value'],
    ['another file', `${FILE_HEAD}\r\n`, 'invalid_form'],
  ])('%s are a 400, and no fault of the provider', async (_name, parts, code) => {
    const { answer, gateway, upload } = await late(parts);
    expect({ status: answer.status, code: answer.json?.error.code }).toEqual({ status: 400, code });
    await expect.poll(() => upload?.isCut).toBe(true);
    expect((await explain(gateway, 'late')).attempts).toMatchObject([
      { ending: 'client_fault', cost: { actual_usd: 0 } },
    ]);
  });

  test('a form that has no end is no form', async () => {
    const { gateway, upstreams } = await start([{}]);
    const sending = send(gateway, { 'x-request-id': 'endless' });
    await sending.write(field('model', 'it') + FILE_HEAD);
    const { status, json } = await sending.end(sound);
    expect({ status, code: json.error.code }).toEqual({ status: 400, code: 'invalid_form' });
    await expect.poll(() => upstreams[0]?.uploads[0]?.isCut).toBe(true);
  });
});

test('twenty at a time, held and handed on, come whole', async () => {
  const { gateway, upstreams } = await start([{}]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const sending = send(gateway);
      const model = field('model', 'it');
      await sending.write((index % 2 === 0 ? model : '') + FILE_HEAD);
      await sending.write(sound);
      return sending.end(`\r\n${index % 2 === 0 ? '' : model}${END}`);
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  for (const upload of upstreams[0]?.uploads ?? [])
    expect((await fileIn(await upload.form())).equals(sound)).toBe(true);
}, 30_000);
