import { readUsage, type Usage } from '../../../core/money/usage.ts';
import { estimateTextTokens, estimateValueTokens } from '../../../core/task/token-estimate.ts';
import { scanJson, withMembers } from '../../../core/wire/json-members.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import type { Job, RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation, jsonWithAdditions } from './json-operation.ts';
import { wasServed } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';

export interface RerankBody extends RequestBody {
  readonly query: string;
  readonly documents: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly top_n?: number | null;
  readonly return_documents?: boolean | null;
}

/** As Cohere counts: one search is a query over so many documents. */
const DOCUMENTS_PER_SEARCH = 100;

/** `POST /v1/rerank`, in the shape that Cohere and Jina share. */
export const RERANK: Operation<RerankBody> = jsonOperation<RerankBody>({
  name: 'rerank',
  type: 'rerank',
  upstreamPath: '/rerank',
  profile({ body: { query, documents } }) {
    // The query is read again with each document.
    const queryTokens = estimateTextTokens(query);
    const inputTokens = documents.reduce((sum, one) => sum + queryTokens + tokensOf(one), 0);
    return {
      task: 'rerank',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens,
      // Rerankers cut long documents themselves.
      contextTokens: 0,
      choices: 1,
      units: Math.ceil(documents.length / DOCUMENTS_PER_SEARCH),
      answerTokens: 0,
      isTimedWhole: true,
    };
  },
  flawOf: ({ results }, { body }) => flawOfResults(results, body),
  meter: meterSearches,
  answerBody(answer, _end, said, additions, job) {
    const body = withDocuments(answer.body, answer.json?.results, job);
    return jsonWithAdditions({ body, json: answer.json }, said, additions);
  },
});

function tokensOf(document: RerankBody['documents'][number]): number {
  return typeof document === 'string' ? estimateTextTokens(document) : estimateValueTokens(document);
}

function flawOfResults(results: unknown, { documents, top_n }: RerankBody): string | undefined {
  if (!Array.isArray(results)) return 'no results';
  const most = Math.min(documents.length, top_n ?? documents.length);
  if (results.length !== most) return `${results.length} results where ${most} were asked for`;
  const seen = new Set<number>();
  for (const result of results) {
    const index: unknown = isObject(result) ? result.index : undefined;
    const score: unknown = isObject(result) ? result.relevance_score : undefined;
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= documents.length) {
      return 'a result about no document';
    }
    if (!Number.isFinite(score)) return 'a result without a score';
    if (seen.size === seen.add(index).size) return 'two results about one document';
  }
  return undefined;
}

/** Cohere says `meta.billed_units.search_units`, Jina and most others `usage.total_tokens`. */
function meterSearches(attempt: MeteredAttempt<RerankBody>): Usage | undefined {
  if (!wasServed(attempt)) return undefined;
  const { answer, profile, progress } = attempt;
  const meta = isObject(answer?.json?.meta) ? answer.json.meta : {};
  const billed = isObject(meta.billed_units) ? meta.billed_units : {};
  const searches = countOf(billed.search_units);
  const said = isObject(progress.usage) ? progress.usage : {};
  const tokens =
    readUsage(progress.usage)?.inputTokens ?? countOf(said.total_tokens) ?? countOf(billed.input_tokens);
  const isCounted = attempt.price.unitUsd === undefined ? tokens !== undefined : searches !== undefined;
  return {
    inputTokens: tokens ?? profile.inputTokens,
    outputTokens: 0,
    cachedInputTokens: 0,
    units: searches ?? profile.units,
    isEstimated: !isCounted,
  };
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1e7 ? Math.ceil(value) : undefined;
}

/** The documents themselves, where they were asked for and the provider knows no such wish. */
function withDocuments(body: Buffer, results: unknown, { body: asked }: Job<RerankBody>): Buffer {
  if (asked.return_documents !== true || !Array.isArray(results)) return body;
  if (results.every((result) => result.document != null)) return body;
  const filled = results.map((result) => {
    const document = asked.documents[result.index];
    return { ...result, document: typeof document === 'string' ? { text: document } : document };
  });
  return withMembers(body, scanJson(body).members, { results: JSON.stringify(filled) });
}
