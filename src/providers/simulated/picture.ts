import { deflateSync } from 'node:zlib';
import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import type { JsonObject } from '../../core/wire/json-value.ts';
import { textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { hashOf } from './draw.ts';
import { modelOfType } from './model-of-type.ts';

const USUAL_SIZE = 1024;
const MOST_PICTURES = 10;
/** Two bits for each pixel. */
const PIXELS_PER_BYTE = 4;

/** An `ImagesResponse` with real PNG files: waves whose colours and lengths come from the prompt. @throws ApiError */
export function picturesBody(body: JsonObject, createdAtSeconds: number): Record<string, unknown> {
  const { pictures, prompt } = picturesOf(body);
  const isUrl = body.response_format === 'url';
  return {
    created: createdAtSeconds,
    data: pictures.map((base64) =>
      isUrl ? { url: `data:image/png;base64,${base64}` } : { b64_json: base64 },
    ),
    usage: usageOf(prompt),
  };
}

/** The events of a stream: each picture whole, as `image_generation.completed`. @throws ApiError */
export function pictureEvents(body: JsonObject, createdAtSeconds: number): string[] {
  const { pictures, prompt, size } = picturesOf(body);
  return pictures.map((b64_json) => {
    const event = {
      type: 'image_generation.completed',
      b64_json,
      created_at: createdAtSeconds,
      size: `${size}x${size}`,
      quality: 'high',
      background: 'opaque',
      output_format: 'png',
      usage: usageOf(prompt),
    };
    return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  });
}

function picturesOf(body: JsonObject) {
  const model = modelOfType(body, 'image');
  const prompt = textOf(body.prompt);
  if (prompt === '') throw new ApiError(400, "'prompt' must be a text.", 'prompt');
  const count = body.n ?? 1;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_PICTURES) {
    throw new ApiError(400, `'n' must be between 1 and ${MOST_PICTURES}.`, 'n');
  }
  const size = sizeOf(body.size);
  const colours = model.id === 'sim-painter-large' ? 4 : 2;
  const pictures = Array.from({ length: count }, (_, index) =>
    draw(hashOf(`${prompt} ${index}`), size, colours).toString('base64'),
  );
  return { pictures, prompt, size };
}

function sizeOf(asked: unknown): number {
  if (asked === undefined || asked === null || asked === 'auto') return USUAL_SIZE;
  const size = /^(\d{1,4})x\1$/.exec(textOf(asked))?.[1];
  const pixels = Number(size);
  if (size === undefined || pixels < 64 || pixels > 1024 || pixels % PIXELS_PER_BYTE !== 0) {
    throw new ApiError(400, "'size' must be a square from 64x64 to 1024x1024.", 'size');
  }
  return pixels;
}

/** Charged by the picture alone; the counts are shown as OpenAI shows them. */
function usageOf(prompt: string): Record<string, unknown> {
  const tokens = estimateTextTokens(prompt);
  return {
    input_tokens: tokens,
    input_tokens_details: { text_tokens: tokens, image_tokens: 0 },
    output_tokens: 0,
    total_tokens: tokens,
  };
}

function draw(seed: number, size: number, colours: number): Buffer {
  const rowBytes = size / PIXELS_PER_BYTE;
  const pixels = Buffer.alloc((rowBytes + 1) * size);
  const waveX = 16 + (seed % 97);
  const waveY = 16 + ((seed >>> 8) % 97);
  for (let y = 0; y < size; y += 1) {
    for (let column = 0; column < rowBytes; column += 1) {
      // Four equal pixels at a time: the picture is a pattern, not a photograph.
      const height = Math.sin((column * PIXELS_PER_BYTE) / waveX) + Math.cos(y / waveY);
      const colour = Math.min(colours - 1, Math.floor(((height + 2) / 4) * colours));
      pixels[y * (rowBytes + 1) + 1 + column] = colour * 0b01010101;
    }
  }
  const palette = Buffer.from(
    Array.from({ length: 4 }, (_, index) => [
      (seed >>> index) & 0xff,
      (seed >>> (8 + index)) & 0xff,
      (seed >>> (16 + index)) & 0xff,
    ]).flat(),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([2, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(pixels, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The check sum of PNG (ISO 3309); node's own came after the oldest version that is supported here. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
