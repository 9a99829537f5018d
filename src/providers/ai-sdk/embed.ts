import type { EmbeddingModelV3, JSONObject, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { type JsonRecord, textOf } from './chat-request.ts';
import type { Warnings } from './warnings.ts';

const CARRIED = new Set(['model', 'input', 'dimensions', 'encoding_format']);

/**
 * Embeddings of a request's texts in OpenAI's shape, as numbers. Where a model takes fewer texts in one call than there are
 * (Titan and Nova take one), one call follows the other, all of them inside the deadline of this one.
 */
export async function embed(
  model: EmbeddingModelV3,
  request: JsonRecord,
  tongue: Tongue,
  warnings: Warnings,
): Promise<JsonRecord> {
  const { input } = request;
  const texts = (Array.isArray(input) ? input : [input]).map(textOf);
  const providerOptions = optionsOf(request, tongue, model.modelId, warnings);
  const most = (await model.maxEmbeddingsPerCall) ?? 1;
  const data: object[] = [];
  let tokens = 0;
  for (let start = 0; start < texts.length; start += most) {
    const values = texts.slice(start, start + most);
    const { embeddings, usage } = await model.doEmbed({ values, providerOptions });
    for (const embedding of embeddings) data.push({ object: 'embedding', index: data.length, embedding });
    tokens += usage?.tokens ?? Number.NaN;
  }
  return {
    object: 'list',
    data,
    model: model.modelId,
    // Gemini does not count: the gateway estimates then, and says so.
    ...(Number.isFinite(tokens) ? { usage: { prompt_tokens: tokens, total_tokens: tokens } } : {}),
  };
}

function optionsOf(
  request: JsonRecord,
  tongue: Tongue,
  modelId: string,
  warnings: Warnings,
): SharedV3ProviderOptions {
  const isCohere = tongue === 'bedrock' && modelId.includes('cohere.');
  const own: JSONObject = {};
  const { dimensions, input_type: inputType } = request;
  if (typeof dimensions === 'number') own[nameOfDimensions(tongue, modelId)] = dimensions;
  // Cohere asks whether a text is searched for or searched in.
  if (isCohere && typeof inputType === 'string') own.inputType = inputType;
  for (const [name, value] of Object.entries(request)) {
    if (value !== null && !CARRIED.has(name) && !(isCohere && name === 'input_type')) warnings.dropped(name);
  }
  return { [tongue]: own };
}

function nameOfDimensions(tongue: Tongue, modelId: string): string {
  if (tongue === 'google') return 'outputDimensionality';
  if (modelId.includes('cohere.')) return 'outputDimension';
  return modelId.includes('nova') ? 'embeddingDimension' : 'dimensions';
}
