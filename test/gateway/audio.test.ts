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
