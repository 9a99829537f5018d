import type OpenAI from 'openai';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type Answer, send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { clientOf, collect } from './client.ts';

const TEXT = 'Good morning from a simulated voice that says nine words';

let gateway: TestGateway;
let client: OpenAI;
let recording: Buffer;

beforeAll(async () => {
  gateway = await startGateway();
  client = clientOf(gateway);
  const spoken = await client.audio.speech.create({
    model: 'sim-voice-large',
    voice: 'alloy',
    input: TEXT,
    response_format: 'wav',
  });
  recording = Buffer.from(await spoken.arrayBuffer());
});
afterAll(() => gateway.stop());

const file = () => toFile(recording, 'morning.wav', { type: 'audio/wav' });

/** A form by hand, for what no client would send. */
function postForm(
  parts: readonly string[],
  options: { boundary?: string; type?: string; end?: string } = {},
) {
  const {
    boundary = 'xyz',
    type = `multipart/form-data; boundary=${boundary}`,
    end = `--${boundary}--\r\n`,
  } = options;
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('') + end;
  return send(`${gateway.url}/v1/audio/transcriptions`, { body, headers: { 'content-type': type } });
}
const fieldPart = (name: string, value: string) =>
  `content-disposition: form-data; name="${name}"\r\n\r\n${value}`;
const filePart = (content = 'RIFF', name = 'file') =>
  `content-disposition: form-data; name="${name}"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n${content}`;

async function explained(answer: { headers: Answer['headers'] }) {
  const { json } = await send(`${gateway.url}/v1/explain/${answer.headers['x-request-id']}`);
  return json as {
    operation: string;
    attempts: { usage: { units: number }; cost: { actual_usd: number } }[];
  };
}

describe('speech', () => {
  test('is a file of the type that was asked for, charged by its characters', async () => {
    expect(recording.toString('latin1', 0, 4)).toBe('RIFF');
    expect(recording.readUInt32LE(4)).toBe(recording.length - 8);
    const answer = await client.audio.speech.create({ model: 'auto', voice: 'nova', input: TEXT });
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get('x-router-task')).toBe('speech');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.toString('latin1', 0, 3)).toBe('ID3');
    expect(bytes.length).toBeGreaterThan(1_000);
    const { operation, attempts } = await explained({ headers: Object.fromEntries(answer.headers) });
    expect(operation).toBe('speech');
    expect(attempts[0]?.usage.units).toBe(TEXT.length);
  });

  test('comes as events', async () => {
    const { headers, text } = await send(`${gateway.url}/v1/audio/speech`, {
      body: {
        model: 'sim-voice-small',
        voice: 'nova',
        input: 'hi',
        stream_format: 'sse',
        response_format: 'pcm',
      },
    });
    expect(headers['content-type']).toContain('text/event-stream');
    const events = text
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.replace(/^data: /, '')));
    expect(events.at(-1)).toMatchObject({ type: 'speech.audio.done' });
    if (!hasOpenAiSchema) return;
    for (const event of events) {
      const schema = event.type === 'speech.audio.done' ? 'SpeechAudioDoneEvent' : 'SpeechAudioDeltaEvent';
      expect(faultsBySchema(schema, event)).toEqual([]);
    }
  });

  test.each([
    [{ voice: 'nobody' }, 'voice'],
    [{ voice: undefined }, 'voice'],
    [{ input: '' }, 'input'],
    [{ response_format: 'midi' }, 'response_format'],
    [{ speed: 9 }, 'speed'],
  ])('%j is refused', async (change, param) => {
    const { status, json } = await send(`${gateway.url}/v1/audio/speech`, {
      body: { model: 'sim-voice-large', voice: 'alloy', input: 'hi', ...change },
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });
});

describe('transcriptions', () => {
  test('write down what was said', async () => {
    const { text } = await client.audio.transcriptions.create({ file: await file(), model: 'sim-ear-large' });
    expect(text).toBe(TEXT);
    const auto = await client.audio.transcriptions
      .create({ file: await file(), model: 'auto' })
      .withResponse();
    expect(auto.response.headers.get('x-router-model')).toMatch(/^sim-ear/);
    const { operation, attempts } = await explained({
      headers: Object.fromEntries(auto.response.headers),
    });
    expect(operation).toBe('transcription');
    expect(attempts[0]?.usage.units).toBe(Math.ceil((recording.length - 44) / 48_000));
  });

  test.each(['text', 'srt', 'vtt'] as const)('as %s', async (format) => {
    const answer = await client.audio.transcriptions
      .create({ file: await file(), model: 'sim-ear-large', response_format: format })
      .withResponse();
    expect(String(answer.data)).toContain(TEXT);
    expect(answer.response.headers.get('content-type')).toContain('text/plain');
  });

  test('as JSON with more, and as a stream', async () => {
    const verbose = await client.audio.transcriptions.create({
      file: await file(),
      model: 'sim-ear-large',
      response_format: 'verbose_json',
    });
    expect(verbose.duration).toBeGreaterThan(2);
    const events = await collect(
      await client.audio.transcriptions.create({ file: await file(), model: 'sim-ear-large', stream: true }),
    );
    expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: TEXT });
    if (!hasOpenAiSchema) return;
    expect(faultsBySchema('CreateTranscriptionResponseVerboseJson', verbose)).toEqual([]);
    for (const event of events) {
      const schema =
        event.type === 'transcript.text.done' ? 'TranscriptTextDoneEvent' : 'TranscriptTextDeltaEvent';
      expect(faultsBySchema(schema, event)).toEqual([]);
    }
  });

  test('translations are of their own', async () => {
    const { data, response } = await client.audio.translations
      .create({ file: await file(), model: 'auto' })
      .withResponse();
    expect(data.text.length).toBeGreaterThan(10);
    expect(response.headers.get('x-router-task')).toBe('speech_translation');
  });
});

describe('a form that is none', () => {
  test.each<[string, () => Promise<Answer>, number, string]>([
    ['no file', () => postForm([fieldPart('model', 'auto')]), 400, 'invalid_form'],
    ['no model', () => postForm([filePart()]), 400, 'invalid_value'],
    ['an empty file', () => postForm([filePart(''), fieldPart('model', 'auto')]), 400, 'invalid_form'],
    [
      'a file elsewhere',
      () => postForm([filePart('x', 'audio'), fieldPart('model', 'auto')]),
      400,
      'invalid_form',
    ],
    ['two files', () => postForm([filePart(), filePart(), fieldPart('model', 'auto')]), 400, 'invalid_form'],
    ['no end', () => postForm([fieldPart('model', 'auto'), filePart()], { end: '' }), 400, 'invalid_form'],
    [
      'another boundary',
      () => postForm([filePart()], { type: 'multipart/form-data; boundary=abc' }),
      400,
      'invalid_form',
    ],
    [
      'a field without a name',
      () => postForm([fieldPart('model', 'auto'), fieldPart('x', 'y').replace('; name="x"', ''), filePart()]),
      400,
      'invalid_form',
    ],
    ['no boundary', () => postForm([filePart()], { type: 'multipart/form-data' }), 400, 'invalid_form'],
    [
      'the model twice',
      () => postForm([filePart(), fieldPart('model', 'a'), fieldPart('model', 'b')]),
      400,
      'invalid_request',
    ],
    [
      'an unknown format',
      () => postForm([filePart(), fieldPart('model', 'auto'), fieldPart('response_format', 'doc')]),
      400,
      'invalid_value',
    ],
    [
      'wishes that are no JSON',
      () => postForm([filePart(), fieldPart('model', 'auto'), fieldPart('route', '{')]),
      400,
      'invalid_request',
    ],
    [
      'more beside the file than any form has',
      () =>
        postForm([
          fieldPart('model', 'auto'),
          ...Array.from({ length: 12 }, (_, index) => fieldPart(`f${index}`, 'x'.repeat(250_000))),
          filePart(),
        ]),
      400,
      'invalid_form',
    ],
    [
      'JSON',
      () => send(`${gateway.url}/v1/audio/transcriptions`, { body: { model: 'auto' } }),
      400,
      'invalid_form',
    ],
    [
      'nothing',
      () => send(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST' }),
      400,
      'invalid_form',
    ],
  ])('%s', async (_name, ask, status, code) => {
    const answer = await ask();
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
    expect(answer.json).toMatchObject({ error: { code } });
  });

  test('elsewhere it is a 415', async () => {
    const answer = await send(`${gateway.url}/v1/chat/completions`, {
      body: '--x--\r\n',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(answer.status).toBe(415);
  });

  test('26 MB are too much, 24 MB are not', async () => {
    const large = await toFile(Buffer.alloc(26 * 1024 * 1024), 'large.wav');
    const refusal = client.audio.transcriptions.create({ file: large, model: 'auto' });
    await expect(refusal).rejects.toMatchObject({ status: 413, code: 'file_too_large', param: 'file' });
    const fair = await toFile(Buffer.alloc(24 * 1024 * 1024), 'fair.wav');
    const { text } = await client.audio.transcriptions.create({ file: fair, model: 'sim-ear-large' });
    expect(text).toContain('simulated transcript');
  }, 30_000);
});
