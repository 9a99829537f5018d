import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import { isObject, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { simulatedModel } from './catalog.ts';
import { hashOf } from './draw.ts';
import { wordsOf } from './prompt-reading.ts';

/** Most inputs of one request, as in OpenAI's API. */
const MOST_INPUTS = 2_048;
/** Places of a vector that one word moves. */
const PLACES = 12;

/** A `CreateEmbeddingResponse`. @throws ApiError 400 or 404 */
export function embeddingBody(body: unknown): Record<string, unknown> {
  if (!isObject(body)) throw new ApiError(400, 'The body must be a JSON object.');
  const model = simulatedModel(textOf(body.model));
  if (model === undefined) {
    throw new ApiError(404, `The model '${textOf(body.model)}' does not exist.`, 'model', 'model_not_found');
  }
  if (model.dimensions === undefined) {
    throw new ApiError(400, `${model.id} is not an embedding model.`, 'model');
  }
  const dimensions = body.dimensions ?? model.dimensions;
  if (!Number.isInteger(dimensions) || Number(dimensions) < 1 || Number(dimensions) > model.dimensions) {
    throw new ApiError(400, `'dimensions' must be between 1 and ${model.dimensions}.`, 'dimensions');
  }
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    throw new ApiError(400, "'encoding_format' must be 'float' or 'base64'.", 'encoding_format');
  }
  const space = { dimensions: model.dimensions, knowsStems: model.id === 'sim-embed-large' };
  let tokens = 0;
  const data = readInputs(body.input).map((input, index) => {
    const inputTokens = Array.isArray(input) ? input.length : estimateTextTokens(input);
    if (inputTokens > model.contextLength) {
      throw new ApiError(
        400,
        `This model's maximum context length is ${model.contextLength} tokens.`,
        'input',
        'context_length_exceeded',
      );
    }
    tokens += inputTokens;
    const text = Array.isArray(input) ? input.join(' ') : input;
    const vector = embed(text, space, Number(dimensions));
    const embedding = format === 'float' ? Array.from(vector) : base64Of(vector);
    return { object: 'embedding', index, embedding };
  });
  return {
    object: 'list',
    data,
    model: model.id,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** A text, a list of texts, a list of tokens, or a list of lists of tokens. */
function readInputs(input: unknown): (string | number[])[] {
  const isTokens = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token));
  if (typeof input === 'string' && input !== '') return [input];
  if (isTokens(input)) return [input];
  const isList = Array.isArray(input) && input.length > 0 && input.length <= MOST_INPUTS;
  if (isList && input.every((item) => (typeof item === 'string' && item !== '') || isTokens(item)))
    return input;
  throw new ApiError(400, "'input' must be a non-empty text or list of texts.", 'input');
}

/**
 * A unit vector in which each word (where stems are known also its first five letters, so that "routing" meets "routes")
 * moves a few places chosen by its hash: the same words give the same vector, common words bring two texts nearer.
 */
export function embed(
  text: string,
  { dimensions: most, knowsStems }: { readonly dimensions: number; readonly knowsStems: boolean },
  dimensions: number,
): Float32Array {
  const full = new Float32Array(most);
  for (const word of wordsOf(text.toLowerCase())) {
    addFeature(full, word, 1);
    // Scripts without spaces: a whole clause is one "word", its characters are what texts share.
    if (/[\u3040-\u30ff\u4e00-\u9fff]/.test(word))
      for (const character of word) addFeature(full, character, 1);
    if (knowsStems && word.length > 5) addFeature(full, `${word.slice(0, 5)}*`, 1.5);
  }
  addFeature(full, 'every text has this much in common', 0.2);
  // Shortened the way OpenAI's models are: the first places, made a unit vector again.
  const vector = full.slice(0, dimensions);
  const length = Math.hypot(...vector);
  if (length === 0) vector[0] = 1;
  else for (let place = 0; place < vector.length; place += 1) vector[place] = (vector[place] ?? 0) / length;
  return vector;
}

function addFeature(vector: Float32Array, feature: string, weight: number): void {
  let hash = hashOf(feature);
  for (let step = 0; step < PLACES; step += 1) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + step;
    const place = (hash >>> 1) % vector.length;
    vector[place] = (vector[place] ?? 0) + ((hash & 1) === 0 ? weight : -weight);
  }
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
