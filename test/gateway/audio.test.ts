import { toFile } from 'openai';
import { afterEach, expect, test } from 'vitest';
import { clientOf } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from '../fixtures/scripted-server.ts';
import { send } from '../http/send.ts';
import { read } from './ask.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** One model of a type at two providers, the second of which answers well. */
async function start(
  type: string,
  price: string,
  first: () => ScriptedAnswer,
  second: () => ScriptedAnswer,
): Promise<{ gateway: TestGateway; servers: readonly ScriptedServer[] }> {
  const servers = [await startScriptedServer(first), await startScriptedServer(second)];
  for (const server of servers) closers.push(() => server.close());
  const gateway = await startGateway(`
[routing]
default_strategy = "priority"
[providers.first]
base_url = "${servers[0]?.baseUrl}"
[providers.second]
base_url = "${servers[1]?.baseUrl}"
[api.models.it]
type = "${type}"
endpoints = [
  { provider = "first", model = "it-1", ${price} },
  { provider = "second", model = "it-2", ${price} },
]
`);
  closers.push(() => gateway.stop());
  return { gateway, servers };
}

const speak = (gateway: TestGateway, more: object = {}) =>
  send(`${gateway.url}/v1/audio/speech`, { body: { model: 'it', voice: 'v', input: 'hello', ...more } });
const SOUND: ScriptedAnswer = { type: 'audio/mpeg', body: [Buffer.from('ID3'), Buffer.from('sound')] };
const CHARACTERS = 'input_usd_per_million_characters = 1000.0';

test.each<[string, ScriptedAnswer]>([
  ['an error', { status: 500, body: {} }],
  ['JSON', { body: { error: 'sorry' } }],
  ['a web page', { type: 'text/html', body: '<html>' }],
  ['nothing', { type: 'audio/mpeg', body: '' }],
])('speech: %s in the place of sound goes to the other provider', async (_name, wrong) => {
  const { gateway } = await start(
    'speech',
    CHARACTERS,
    () => wrong,
    () => SOUND,
  );
  const { status, text, headers } = await speak(gateway);
  expect({ status, text }).toEqual({ status: 200, text: 'ID3sound' });
  expect(headers).toMatchObject({ 'content-type': 'audio/mpeg', 'x-router-attempts': '2' });
});

test('speech: what breaks off in the middle is cut, never ended, and charged', async () => {
  const { gateway } = await start(
    'speech',
    CHARACTERS,
    () => ({ type: 'audio/mpeg', body: [Buffer.from('ID3half')], isCut: true }),
    () => SOUND,
  );
  const id = 'broken-speech';
  await expect(
    send(`${gateway.url}/v1/audio/speech`, {
      body: { model: 'it', voice: 'v', input: 'hello' },
      headers: { 'x-request-id': id },
    }),
  ).rejects.toThrow();
  const { attempts } = await read<{ attempts: { ending: string; cost: { actual_usd: number } }[] }>(
    gateway,
    `/v1/explain/${id}`,
  );
  expect(attempts).toMatchObject([{ ending: 'stream_after_token', cost: { actual_usd: 0.005 } }]);
});

test('speech: held back, what breaks off goes to the other provider', async () => {
  const { gateway } = await start(
    'speech',
    CHARACTERS,
    () => ({ type: 'audio/mpeg', body: [Buffer.from('ID3half')], isCut: true }),
    () => SOUND,
  );
  const { status, text } = await speak(gateway, { route: { hold_back: true } });
  expect({ status, text }).toEqual({ status: 200, text: 'ID3sound' });
});

test("speech: a voice that there is not is the provider's 400 in our words", async () => {
  const refusal = {
    error: { message: 'No voice v.', param: 'voice', type: 'invalid_request_error', code: null },
  };
  const { gateway } = await start(
    'speech',
    CHARACTERS,
    () => ({ status: 400, body: refusal }),
    () => SOUND,
  );
  const { status, json } = await speak(gateway);
  expect(status).toBe(400);
  expect(json).toMatchObject({ error: { param: 'voice', code: 'invalid_request' } });
});

const MINUTES = 'usd_per_minute = 0.6';
const sound = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

async function transcribe(gateway: TestGateway, more: object = {}) {
  const file = await toFile(sound, 'na"me.mp3', { type: 'audio/mpeg' });
  return clientOf(gateway)
    .audio.transcriptions.create({ file, model: 'it', language: 'de', ...more } as never)
    .asResponse();
}

test('transcription: the same file goes to the other provider, byte for byte, under its own name of the model', async () => {
  const { gateway, servers } = await start(
    'transcription',
    MINUTES,
    () => ({ status: 503, body: {} }),
    () => ({ body: { text: 'hello', usage: { type: 'duration', seconds: 30 } } }),
  );
  const answer = await transcribe(gateway, { route: '{"explore":false}' });
  expect(answer.headers.get('x-router-attempts')).toBe('2');
  expect(answer.headers.get('x-router-cost-usd')).toBe('0.3');
  expect(await answer.json()).toMatchObject({ text: 'hello', usage: { type: 'duration', cost_usd: 0.3 } });
  for (const [index, server] of servers.entries()) {
    const [request] = server.requests;
    const headers = { 'content-type': String(request?.headers['content-type']) };
    const form = await new Response(new Uint8Array(request?.body ?? []), { headers }).formData();
    expect(form.get('model')).toBe(`it-${index + 1}`);
    expect(form.get('language')).toBe('de');
    expect(form.get('route')).toBeNull();
    const file = form.get('file') as File;
    expect(file.name).toMatch(/^na("|%22)me\.mp3$/);
    expect(Buffer.from(await file.arrayBuffer()).equals(sound)).toBe(true);
  }
});

test.each<[string, object, ScriptedAnswer]>([
  ['JSON without a text', {}, { body: { words: [] } }],
  ['a web page', {}, { type: 'text/html', body: '<html>' }],
  ['nothing', {}, { body: '' }],
  ['JSON for text', { response_format: 'text' }, { body: { text: 'x' } }],
  ['a stream that ends too soon', { stream: true }, { type: 'text/event-stream', body: ': hello\n\n' }],
])('transcription: %s is a failure', async (_name, more, wrong) => {
  const good = 'response_format' in more ? { body: 'fine' } : { body: { text: 'fine' } };
  const { gateway } = await start(
    'transcription',
    MINUTES,
    () => wrong,
    () => good,
  );
  const answer = await transcribe(gateway, more);
  expect(answer.headers.get('x-router-attempts')).toBe('2');
  expect(await answer.text()).toContain('fine');
});

test('transcription: a model that knows no streams is made to stream, and its seconds are charged', async () => {
  const whole = { body: { text: 'all of it', usage: { type: 'duration', seconds: 60 } } };
  const { gateway } = await start(
    'transcription',
    MINUTES,
    () => whole,
    () => whole,
  );
  const answer = await transcribe(gateway, { stream: true });
  const events = (await answer.text()).trim().split('\n\n');
  expect(events.map((event) => JSON.parse(event.split('data: ')[1] ?? ''))).toEqual([
    { type: 'transcript.text.delta', delta: 'all of it' },
    { type: 'transcript.text.done', text: 'all of it' },
  ]);
  const { cost } = await read<{ cost: { actual_usd: number } }>(
    gateway,
    `/v1/explain/${answer.headers.get('x-request-id')}`,
  );
  expect(cost.actual_usd).toBe(0.6);
});

test('transcription: without a word from the provider the length is guessed and said to be', async () => {
  const { gateway } = await start(
    'transcription',
    MINUTES,
    () => ({ body: { text: 'a' } }),
    () => SOUND,
  );
  const answer = await transcribe(gateway);
  const { attempts } = await read<{
    attempts: { usage: { units: number }; cost: { is_estimate: boolean } }[];
  }>(gateway, `/v1/explain/${answer.headers.get('x-request-id')}`);
  expect(attempts).toMatchObject([{ usage: { units: 18.75 }, cost: { is_estimate: true } }]);
});

/** The last event of a stream. */
const lastOf = (text: string) => text.trim().split('\n\n').at(-1) ?? '';
const tokens = { type: 'tokens', input_tokens: 10, output_tokens: 5, total_tokens: 15 };

test.each<[string, string, string, object, string, { cost: number }]>([
  [
    'speech',
    'speech',
    CHARACTERS,
    { stream_format: 'sse' },
    'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\ndata: {"type":"speech.audio.done","usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15},"big":12345678901234567890}\n\n',
    { cost: 0.005 },
  ],
  [
    'transcription',
    'transcription',
    MINUTES,
    { stream: true },
    'event: transcript.text.done\r\ndata: {"type":"transcript.text.done","text":"","usage":{"type":"duration","seconds":30},"big":12345678901234567890}\r\n\r\n',
    { cost: 0.3 },
  ],
])(
  '%s: the last event of a stream tells its price, and is else as it came',
  async (name, type, price, more, body, { cost }) => {
    const said = { type: 'text/event-stream', body };
    const { gateway } = await start(
      type,
      price,
      () => said,
      () => said,
    );
    const text =
      name === 'speech' ? (await speak(gateway, more)).text : await (await transcribe(gateway, more)).text();
    const last = lastOf(text);
    expect(last).toContain('"big":12345678901234567890');
    expect(last.startsWith('event: transcript.text.done\r\n')).toBe(name === 'transcription');
    const { usage } = JSON.parse(last.slice(last.indexOf('{')));
    expect(usage).toMatchObject({ cost, cost_usd: cost });
    expect(text.split('data: ')).toHaveLength(name === 'speech' ? 3 : 2);
  },
);

test('pictures: the last of them tells the price of all', async () => {
  const completed = (at: number) =>
    `event: image_generation.completed\ndata: ${JSON.stringify({ type: 'image_generation.completed', b64_json: 'AAAA', at, usage: tokens })}\n\n`;
  const said = { type: 'text/event-stream', body: [Buffer.from(completed(1)), Buffer.from(completed(2))] };
  const { gateway } = await start(
    'image',
    'usd_per_image = 0.04',
    () => said,
    () => said,
  );
  const { text } = await send(`${gateway.url}/v1/images/generations`, {
    body: { model: 'it', prompt: 'a', n: 2, stream: true },
    headers: { 'x-router-metadata': 'enabled' },
  });
  const events = text
    .trim()
    .split('\n\n')
    .map((event) => JSON.parse(event.split('\ndata: ')[1] ?? ''));
  expect(events.map(({ at }) => at)).toEqual([1, 2]);
  expect(events[0].usage).toEqual(tokens);
  expect(events[1].usage).toEqual({ ...tokens, cost: 0.08, cost_usd: 0.08 });
  expect(events[1].router_metadata).toMatchObject({ model: 'it', cost_usd: 0.08 });
});

test('an event without usage goes out as it came', async () => {
  const body =
    'data: {"type":"transcript.text.delta","delta":"a"}\n\ndata: {"type":"transcript.text.done", "text":"a"}\n\n';
  const said = { type: 'text/event-stream', body };
  const { gateway } = await start(
    'transcription',
    MINUTES,
    () => said,
    () => said,
  );
  expect(await (await transcribe(gateway, { stream: true })).text()).toBe(body);
});
