import type { Model } from '../../../core/catalog/model.ts';
import { readUsage } from '../../../core/money/usage.ts';
import { estimateTextTokens } from '../../../core/task/token-estimate.ts';
import { cannotEmbed } from '../../../core/wire/cannot-embed.ts';
import { lastMember, spliced } from '../../../core/wire/json-members.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import { withAdditions } from '../answer-body.ts';
import type { Job, RequestBody } from '../job.ts';
import type { Operation } from '../operation.ts';
import { jsonOperation } from './json-operation.ts';
import { meterTokensIn } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';

export interface EmbeddingsBody extends RequestBody {
  /** A text, texts, tokens, or lists of tokens. */
  readonly input: string | readonly (string | number | readonly number[])[];
  readonly encoding_format?: 'float' | 'base64' | null;
  readonly dimensions?: number | null;
}

/**
 * `POST /v1/embeddings`. Vectors of two models mean nothing to each other: what `auto` comes to is one model for all
 * requests of a key, and only its endpoints stand in for each other.
 */
export const EMBEDDINGS: Operation<EmbeddingsBody> = jsonOperation<EmbeddingsBody>({
  name: 'embeddings',
  type: 'embedding',
  upstreamPath: '/embeddings',
  isPinned: true,
  cannotCarry: ({ body }, tongue) => cannotEmbed(body, tongue),
  profile({ body }) {
    const tokens = inputsOf(body).map(tokensOf);
    return {
      task: 'embedding',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: tokens.reduce((sum, one) => sum + one, 0),
      contextTokens: Math.max(...tokens),
      choices: 1,
      answerTokens: 0,
      isTimedWhole: true,
    };
  },
  flawOf: ({ data }, { body }, model) => flawOfVectors(data, body, model),
  meter: meterTokensIn,
  answerBody(answer, end, said, additions, job) {
    const usage = readUsage(said) ? said : { prompt_tokens: end.inputTokens, total_tokens: end.inputTokens };
    const body = inFormatAsked(answer.body, answer.json?.data, job);
    return withAdditions(body, answer.json ?? {}, usage, additions);
  },
});

function inputsOf({ input }: EmbeddingsBody): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input];
  return typeof input[0] === 'number' ? [input as readonly number[]] : (input as readonly string[]);
}

function tokensOf(input: string | readonly number[]): number {
  return typeof input === 'string' ? estimateTextTokens(input) : input.length;
}

function flawOfVectors(data: unknown, body: EmbeddingsBody, model: Model): string | undefined {
  if (!Array.isArray(data)) return 'no vectors';
  const asked = inputsOf(body).length;
  if (data.length !== asked) return `${data.length} vectors for ${asked} inputs`;
  const dimensions = body.dimensions ?? model.dimensions ?? lengthOf(data[0]);
  for (const one of data) {
    const length = lengthOf(one);
    if (length === undefined || length === 0) return 'something that is no vector';
    if (length !== dimensions) return `a vector of ${length} numbers, not ${dimensions}`;
  }
  return undefined;
}

/** Undefined for what is no vector. */
function lengthOf(item: unknown): number | undefined {
  const embedding = isObject(item) ? item.embedding : undefined;
  if (typeof embedding === 'string') return Buffer.byteLength(embedding, 'base64') / FLOAT_BYTES;
  if (!Array.isArray(embedding)) return undefined;
  return embedding.every((number) => Number.isFinite(number)) ? embedding.length : undefined;
}

const FLOAT_BYTES = 4;

/** Many servers know one of the two formats only. SDKs ask for base64 and take what comes for it: numbers become noise. */
function inFormatAsked(body: Buffer, data: unknown, { body: asked }: Job<EmbeddingsBody>): Buffer {
  if (!Array.isArray(data)) return body;
  const wantsText = asked.encoding_format === 'base64';
  if (data.every(({ embedding }) => (typeof embedding === 'string') === wantsText)) return body;
  const converted = data.map((item) => ({
    ...item,
    embedding: wantsText ? asBase64(item.embedding) : asNumbers(item.embedding),
  }));
  const place = lastMember(body, '"data"');
  const text = JSON.stringify(converted);
  if (place !== undefined) return spliced(body, place.valueStart, place.end, text);
  return Buffer.from(JSON.stringify({ ...JSON.parse(body.toString('utf8')), data: converted }));
}

/** Little-endian single floats, as OpenAI has them. */
function asBase64(embedding: unknown): unknown {
  if (!Array.isArray(embedding)) return embedding;
  const bytes = Buffer.alloc(embedding.length * FLOAT_BYTES);
  for (const [index, number] of embedding.entries()) bytes.writeFloatLE(number, index * FLOAT_BYTES);
  return bytes.toString('base64');
}

function asNumbers(embedding: unknown): unknown {
  if (typeof embedding !== 'string') return embedding;
  const bytes = Buffer.from(embedding, 'base64');
  return Array.from({ length: Math.floor(bytes.length / FLOAT_BYTES) }, (_, index) =>
    bytes.readFloatLE(index * FLOAT_BYTES),
  );
}
