import type { OperationName } from '../../core/catalog/operation.ts';
import type { Candidate } from '../../core/choice/choice-input.ts';
import type { AnswerCache, CachedAnswer } from '../../store/answer-cache.ts';
import { isPermitted } from '../admission/key-permits.ts';
import type { GatewayDeps } from '../deps.ts';
import { renameOf } from './answer-body.ts';
import type { FinishedAttempt } from './attempt.ts';
import type { ClientLine, Job, JobResult } from './job.ts';
import type { Policy } from './policy.ts';
import { RecordingLine } from './recording-line.ts';

/** Whose answers are JSON or events of it, and nobody else's business than the request's. */
const CACHED = new Set<OperationName>(['chat', 'responses', 'messages', 'completions', 'embeddings']);

/** Ended by themselves. One that was cut short, filtered or refused may come out better the next time. */
const WHOLE = new Set(['stop', 'tool_calls', 'function_call', '']);

/** What is for this gateway and says nothing of the answer, and what stands in the key in words of its own. */
const NOT_HASHED = new Set([
  'model',
  'models',
  'preset',
  'route',
  'provider',
  'usage',
  'session_id',
  'conversation_id',
]);

/** The place of one request in the cache. */
export interface CachePlace {
  readonly cache: AnswerCache;
  readonly key: string;
  /** Of a stream: what its client got. */
  readonly line: RecordingLine | undefined;
}

/** What a client said in `Cache-Control`. */
interface Directives {
  /** Longest age of an answer that is given again, seconds; 0 for none. */
  readonly maxAgeSeconds: number;
  readonly mayStore: boolean;
}

/**
 * Where the answer to this request is kept, or would be. Undefined for a request that wants no part in it or whose answers
 * are not kept.
 */
export function placeInCache(
  cache: AnswerCache,
  job: Job,
  policy: Policy,
  client: ClientLine,
): CachePlace | undefined {
  if (!CACHED.has(job.operation.name) || job.bytes.length === 0) return undefined;
  if (!directivesOf(job.cacheControl).mayStore) return undefined;
  return {
    cache,
    key: cache.keyOf(partsOf(job, policy)),
    line: job.body.stream === true ? new RecordingLine(client, cache.maxAnswerBytes) : undefined,
  };
}

/**
 * All that the answer depends on: whose request it is, where it may go, and every byte of the rest, whatever the order of
 * its members. Bytes and not values: numbers of more digits than a double holds are different requests.
 */
function partsOf(job: Job, { tiers }: Policy): (string | Buffer)[] {
  const { operation, keyId, body, bytes, members, taskHint } = job;
  const { explore: _explore, hold_back: _holdBack, allow_fallback: _fallback, ...route } = body.route ?? {};
  const parts: (string | Buffer)[] = [
    JSON.stringify([
      operation.name,
      keyId,
      body.model,
      body.models,
      body.preset,
      sorted(route),
      sorted(body.provider ?? {}),
      tiers.map(({ strategy }) => strategy.name),
      taskHint,
    ]),
  ];
  const hashed = members.filter(({ name }) => !NOT_HASHED.has(name));
  hashed.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { name, valueStart, end } of hashed) {
    parts.push(JSON.stringify(name), bytes.subarray(valueStart, end));
  }
  return parts;
}

function sorted(wishes: object): [string, unknown][] {
  return Object.entries(wishes).sort(([one], [other]) => (one < other ? -1 : 1));
}

/**
 * Gives an answer again, if there is one that the client takes: nothing is asked, paid, learnt or written down.
 *
 * @returns undefined when the request has to be answered anew
 */
export async function answerFromCache(
  deps: GatewayDeps,
  place: CachePlace,
  job: Job,
  policy: Policy,
  client: ClientLine,
): Promise<JobResult | undefined> {
  const { maxAgeSeconds } = directivesOf(job.cacheControl);
  // Whoever asks why a model was chosen wants one to be chosen.
  const kept = maxAgeSeconds === 0 || job.wantsMetadata ? undefined : place.cache.get(place.key);
  const ageSeconds = kept === undefined ? 0 : Math.floor((deps.monotonicMs() - kept.atMs) / 1000);
  if (kept === undefined || ageSeconds > maxAgeSeconds || !(await mayStillAnswer(deps, job, policy, kept))) {
    deps.metrics.cacheMissed();
    job.isCacheMiss = true;
    return undefined;
  }
  deps.metrics.cacheHit(kept.costMicroUsd);
  // Nothing is written down that would find out whether the id was used before, and responses are kept by it.
  if (!job.isOwnRequestId && job.operation.name === 'responses') job.requestId = deps.newRequestId();
  const headers = headersOfHit(deps, job, kept, ageSeconds);
  if (job.body.stream !== true) return { headers, body: kept.bytes };
  client.startStream(headers);
  client.write(kept.bytes);
  client.end();
  return { headers: {}, body: undefined };
}

/** What the key may use may have changed since, and the model that its vectors are of. */
async function mayStillAnswer(
  deps: GatewayDeps,
  job: Job,
  { tiers }: Policy,
  { modelId, provider }: CachedAnswer,
): Promise<boolean> {
  if (!isPermitted(job, modelId, provider)) return false;
  const { isPinned, type } = job.operation;
  if (!isPinned || tiers.every(({ isExplicit }) => isExplicit)) return true;
  return (await deps.pins.modelOf(job.keyId, type)) === modelId;
}

function headersOfHit(
  deps: GatewayDeps,
  job: Job,
  kept: CachedAnswer,
  ageSeconds: number,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...kept.headers,
    'x-request-id': job.requestId,
    'x-router-attempts': '0',
    'x-router-overhead-ms': Math.max(0, deps.monotonicMs() - job.arrivedMs).toFixed(2),
    'x-router-cache': 'hit',
    'x-router-cached-request': kept.requestId,
    age: String(ageSeconds),
  };
  if (job.body.stream !== true) headers['x-router-cost-usd'] = '0';
  const budgetWarning = deps.spending.warningFor(job);
  if (budgetWarning !== undefined) headers['x-router-budget-warning'] = budgetWarning;
  return headers;
}

/** Keeps an answer that is whole and passed its checks. For a stream: before the last events are written. */
export function keepAnswer(
  place: CachePlace,
  answered: {
    readonly job: Job;
    readonly candidate: Candidate;
    readonly finished: FinishedAttempt;
    readonly headers: Readonly<Record<string, string>>;
    readonly costMicroUsd: number;
    readonly nowMs: number;
  },
): void {
  const { job, candidate, headers, costMicroUsd } = answered;
  const { end, answer } = answered.finished;
  if (answer === undefined || !WHOLE.has(end.finishReason)) return;
  if (end.automatic !== undefined && end.automatic.quality < 0.5) return;
  const bytes = bytesOf(place, answered);
  if (bytes === undefined) return;
  // How the budgets stood then is of no use later.
  const { 'x-router-cache': _miss, 'x-router-budget-warning': _standing, ...account } = headers;
  place.cache.set(place.key, {
    bytes,
    headers: account,
    modelId: candidate.model.id,
    provider: candidate.endpoint.provider,
    requestId: job.requestId,
    costMicroUsd,
    atMs: answered.nowMs,
  });
}

/** As it is given again: free of charge, and without what was said of this one choice. */
function bytesOf(
  { line }: CachePlace,
  {
    job,
    candidate,
    finished,
  }: { readonly job: Job; readonly candidate: Candidate; readonly finished: FinishedAttempt },
): Buffer | undefined {
  const { end, answer, progress } = finished;
  const free = { costMicroUsd: 0, metadata: undefined };
  if (line === undefined) {
    return (
      answer &&
      job.operation.answerBody(answer, end, progress.usage, { ...free, rename: renameOf(candidate) }, job)
    );
  }
  const events = line.recorded();
  const last = job.operation.lastEvents({ job, candidate, end, progress, ...free });
  return events && Buffer.concat([events, Buffer.from(last)]);
}

function directivesOf(header: string | undefined): Directives {
  if (header === undefined) return TAKES_ALL;
  const words = header
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
  const maxAge = words.flatMap((word) => /^max-age=(\d{1,9})$/.exec(word)?.[1] ?? [])[0];
  return {
    maxAgeSeconds: words.includes('no-cache') ? 0 : Number(maxAge ?? Number.POSITIVE_INFINITY),
    mayStore: !words.includes('no-store'),
  };
}

const TAKES_ALL: Directives = { maxAgeSeconds: Number.POSITIVE_INFINITY, mayStore: true };
