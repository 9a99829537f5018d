import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import { isObject, type JsonObject, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { embed } from './embedding.ts';
import { modelOfType } from './model-of-type.ts';

const DIMENSIONS = 512;
const DOCUMENTS_PER_SEARCH = 100;

/** Documents by how much of the query's words they hold, in the shape that Cohere and Jina share. @throws ApiError */
export function rerankBody(body: JsonObject): Record<string, unknown> {
  const model = modelOfType(body, 'rerank');
  const query = textOf(body.query);
  if (query === '') throw new ApiError(400, "'query' must be a text.", 'query');
  const { documents, top_n: most } = body;
  if (!Array.isArray(documents) || documents.length === 0) {
    throw new ApiError(400, "'documents' must be a list of at least one.", 'documents');
  }
  const knowsStems = model.id === 'sim-ranker-large';
  const wanted = embed(query, { dimensions: DIMENSIONS, knowsStems }, DIMENSIONS);
  const texts = documents.map((document) => (isObject(document) ? textOf(document.text) : textOf(document)));
  const results = texts.map((text, index) => {
    const vector = embed(text, { dimensions: DIMENSIONS, knowsStems }, DIMENSIONS);
    const likeness = vector.reduce((sum, value, place) => sum + value * (wanted[place] ?? 0), 0);
    return {
      index,
      relevance_score: Math.round(Math.min(1, Math.max(0, likeness)) * 1e6) / 1e6,
      ...(body.return_documents === true ? { document: { text } } : {}),
    };
  });
  results.sort((one, other) => other.relevance_score - one.relevance_score || one.index - other.index);
  const tokens = texts.reduce((sum, text) => sum + estimateTextTokens(text) + estimateTextTokens(query), 0);
  return {
    id: 'rerank-sim',
    model: model.id,
    results: typeof most === 'number' ? results.slice(0, most) : results,
    meta: { billed_units: { search_units: Math.ceil(documents.length / DOCUMENTS_PER_SEARCH) } },
    usage: { total_tokens: tokens },
  };
}
