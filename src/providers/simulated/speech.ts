import { type JsonObject, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import type { SimulatedModelFacts } from './catalog.ts';
import { modelOfType } from './model-of-type.ts';

/** A recording by a simulated voice, as a file in pieces or as events. */
export interface Speech {
  readonly model: SimulatedModelFacts;
  readonly contentType: string;
  readonly pieces: readonly Buffer[];
  readonly events: readonly string[] | undefined;
}

export const VOICES: readonly string[] = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'fable',
  'nova',
  'onyx',
  'sage',
  'shimmer',
  'verse',
];
/** What stands before the spoken text in a recording: simulated ears go by it. */
export const SAID = 'outrider-said:';

const MOST_CHARACTERS = 4_096;
const CHARACTERS_PER_SECOND = 15;
/** Nobody listens to tones for longer. */
const MOST_SECONDS = 20;
const SAMPLE_RATE = 24_000;
const PIECE_BYTES = 16 * 1024;
/** Of 128 kbit/s at 44.1 kHz without padding: a frame header, and nothing in it, which is silence. */
const MP3_FRAME = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)]);
const MP3_FRAMES_PER_SECOND = 44_100 / 1152;

/** @throws ApiError 400 a voice or a format that there is not */
export function speak(body: JsonObject): Speech {
  const model = modelOfType(body, 'speech');
  const input = textOf(body.input);
  if (input === '' || input.length > MOST_CHARACTERS) {
    throw new ApiError(400, `'input' must be a text of at most ${MOST_CHARACTERS} characters.`, 'input');
  }
  if (!VOICES.includes(textOf(body.voice))) {
    throw new ApiError(400, `'voice' must be one of ${VOICES.join(', ')}.`, 'voice');
  }
  const seconds = Math.min(MOST_SECONDS, input.length / CHARACTERS_PER_SECOND);
  const { contentType, file } = fileOf(textOf(body.response_format) || 'mp3', input, seconds, model);
  const pieces = Array.from({ length: Math.ceil(file.length / PIECE_BYTES) }, (_, index) =>
    file.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
  const events = body.stream_format === 'sse' ? eventsOf(pieces, input) : undefined;
  return { model, contentType, pieces, events };
}

function fileOf(format: string, input: string, seconds: number, model: SimulatedModelFacts) {
  switch (format) {
    case 'mp3': {
      const frames = Array.from({ length: Math.ceil(seconds * MP3_FRAMES_PER_SECOND) }, () => MP3_FRAME);
      return { contentType: 'audio/mpeg', file: Buffer.concat([id3Of(input), ...frames]) };
    }
    case 'wav':
      return { contentType: 'audio/wav', file: wavOf(input, tones(input, seconds, model)) };
    case 'pcm':
      return { contentType: 'audio/pcm', file: tones(input, seconds, model) };
    default:
      throw new ApiError(400, 'Simulated voices know mp3, wav and pcm.', 'response_format');
  }
}

/** 16-bit mono: the large voice has a pitch for each letter, the small one has one. */
function tones(input: string, seconds: number, model: SimulatedModelFacts): Buffer {
  const samples = Math.floor(seconds * SAMPLE_RATE);
  const file = Buffer.alloc(samples * 2);
  const isPlain = model.id === 'sim-voice-small';
  for (let sample = 0; sample < samples; sample += 1) {
    const letter = input.charCodeAt(Math.floor((sample / SAMPLE_RATE) * CHARACTERS_PER_SECOND)) || 0;
    const pitch = isPlain ? 220 : 160 + (letter % 48) * 8;
    file.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * pitch * sample) / SAMPLE_RATE)), sample * 2);
  }
  return file;
}

/** The text stands in the file as a comment, where players show it. */
function wavOf(input: string, samples: Buffer): Buffer {
  const comment = Buffer.from(`${SAID}${input}\0`);
  const padded = comment.length % 2 === 0 ? comment : Buffer.concat([comment, Buffer.alloc(1)]);
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(SAMPLE_RATE, 4);
  format.writeUInt32LE(SAMPLE_RATE * 2, 8);
  format.writeUInt16LE(2, 12);
  format.writeUInt16LE(16, 14);
  const list = Buffer.concat([Buffer.from('INFO'), riff('ICMT', padded)]);
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    riff('fmt ', format),
    riff('data', samples),
    riff('LIST', list),
  ]);
  return riff('RIFF', body);
}

function riff(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(name), length, data]);
}

/** An ID3v2.3 tag with a comment frame. */
function id3Of(input: string): Buffer {
  const text = Buffer.concat([Buffer.from([0]), Buffer.from(`eng\0${SAID}${input}\0`)]);
  const frame = Buffer.alloc(10);
  frame.write('COMM');
  frame.writeUInt32BE(text.length, 4);
  const size = frame.length + text.length;
  const head = Buffer.from([
    0x49,
    0x44,
    0x33,
    3,
    0,
    0,
    (size >> 21) & 0x7f,
    (size >> 14) & 0x7f,
    (size >> 7) & 0x7f,
    size & 0x7f,
  ]);
  return Buffer.concat([head, frame, text]);
}

function eventsOf(pieces: readonly Buffer[], input: string): string[] {
  const tokens = Math.ceil(input.length / 4);
  const usage = { input_tokens: tokens, output_tokens: tokens * 5, total_tokens: tokens * 6 };
  const events = [
    ...pieces.map((piece) => ({ type: 'speech.audio.delta', audio: piece.toString('base64') })),
    { type: 'speech.audio.done', usage },
  ];
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
}
