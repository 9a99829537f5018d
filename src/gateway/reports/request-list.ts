import { badRequest } from '../../core/outcome/gateway-error.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { ListedRequest, RequestPlace, Store } from '../../store/contract.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
/** As a line says it: whatever was decided, a request of several attempts is a fallback. */
const REQUEST_REASONS = ['auto', 'explore', 'explicit', 'sticky', 'fallback', 'dry-run', 'judge'] as const;

export interface RequestListQuery {
  readonly limit?: string;
  readonly before?: string;
  readonly task?: string;
  readonly model?: string;
  readonly reason?: string;
}

/**
 * Requests, the newest first, each in a line. A filter looks at the newest 2,000 before `before`, and says where to go
 * on: a page may be short, or empty, and still not be the last.
 *
 * @param keyId the key whose requests the caller may see; undefined for all
 * @param visibleModels ids of the models that the caller may know of; undefined for all
 * @throws GatewayError 400 for a number, a task, a reason or a place that is none
 */
export async function listRequests(
  { store }: { readonly store: Store },
  query: RequestListQuery,
  keyId: string | undefined,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  await store.journal.flush();
  const { requests, next } = await store.listRequests({
    limit: limitOf(query.limit),
    before: query.before === undefined ? undefined : placeOf(query.before),
    task: query.task === undefined ? undefined : workNamed(query.task),
    modelId: query.model,
    reason: query.reason === undefined ? undefined : reasonNamed(query.reason),
    keyId,
  });
  return {
    object: 'list',
    data: requests.map((request) => lineOf(request, visibleModels)),
    next_before: next === undefined ? null : `${next.createdAtMs}.${next.requestId}`,
  };
}

function lineOf(request: ListedRequest, visibleModels: ReadonlySet<string> | undefined): object {
  const { attempts, answer, score } = request;
  const last = answer ?? attempts.at(-1);
  const isVisible = last !== undefined && visibleModels?.has(last.modelId) !== false;
  return {
    request_id: request.requestId,
    created_at: new Date(request.createdAtMs).toISOString(),
    key_id: request.keyId || null,
    requested_model: request.requestedModel,
    task: request.task,
    strategy: request.strategy,
    reason: attempts.length > 1 ? 'fallback' : request.reason,
    stream: request.isStream,
    model: isVisible ? last.modelId : null,
    provider: isVisible ? last.provider : null,
    attempts: attempts.length,
    ending: last?.ending ?? 'pending',
    cost_usd: attempts.reduce((sum, attempt) => sum + attempt.costMicroUsd, 0) / 1_000_000,
    latency_ms: last?.latencyMs ?? 0,
    score: score ?? null,
  };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw badRequest(`'limit' must be a whole number from 1 to ${MAX_LIMIT}.`, 'limit');
}

function reasonNamed(text: string): string {
  const reason = REQUEST_REASONS.find((one) => one === text);
  if (reason !== undefined) return reason;
  throw badRequest(
    `There is no reason '${text.slice(0, 64)}'. There are: ${REQUEST_REASONS.join(', ')}.`,
    'reason',
  );
}

function placeOf(text: string): RequestPlace {
  const [, createdAtMs = '', requestId = ''] = /^(\d{1,15})\.([A-Za-z0-9_-]{0,64})$/.exec(text) ?? [];
  if (createdAtMs !== '') return { createdAtMs: Number(createdAtMs), requestId };
  throw badRequest("'before' must be what an answer said in 'next_before'.", 'before');
}
