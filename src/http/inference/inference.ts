import type { FastifyInstance, FastifyRequest } from 'fastify';
import { boundedTerms } from '../../core/money/budget.ts';
import type { ClientLine, Job, JobResult, RequestBody } from '../../gateway/request/job.ts';
import type { Operation } from '../../gateway/request/operation.ts';
import type { OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { clientLineOf } from './client-line.ts';
import { sendResult } from './send-result.ts';

const NO_WARNINGS: readonly string[] = Object.freeze([]);

/** What every endpoint that a model answers is handed. */
export interface InferenceDeps {
  readonly runJob: (job: Job, client: ClientLine) => Promise<JobResult>;
  readonly monotonicMs: () => number;
  /** Milliseconds that a client may take nothing of an answer that waits for it. */
  readonly clientMs: () => number;
}

/** One endpoint of the API that takes JSON and that a model answers. */
export interface InferenceRoute<Body extends RequestBody> {
  readonly url: string;
  /** By the body, where that decides which. */
  readonly operation: Operation<Body> | ((body: Body) => Operation<Body>);
  /** @throws GatewayError 400 */
  readonly checkBody: (json: Readonly<Record<string, unknown>>) => Body;
  readonly doc: OperationDoc;
}

export function registerInference<Body extends RequestBody>(
  app: FastifyInstance,
  deps: InferenceDeps,
  { url, operation, checkBody, doc }: InferenceRoute<Body>,
): void {
  app.post<{ Body: JsonBody | undefined }>(
    url,
    { config: { access: 'inference', operation: doc } },
    async (request, reply) => {
      const arrivedMs = deps.monotonicMs();
      const sent = presentBody(request.body);
      const body = checkBody(sent.json);
      const chosen = typeof operation === 'function' ? operation(body) : operation;
      const job = jobOf(request, chosen, sent, body, arrivedMs);
      const client = clientLineOf(reply, deps.clientMs);
      await sendResult(reply, job, deps.runJob(job, client), deps.clientMs);
    },
  );
}

/** A request whose body is checked, as the gateway takes it. */
export function jobOf<Body extends RequestBody>(
  request: FastifyRequest,
  operation: Operation<Body>,
  { bytes, members }: Pick<JsonBody, 'bytes' | 'members'>,
  body: Body,
  arrivedMs: number,
): Job<Body> {
  const { id, caller, headers } = request;
  return {
    operation,
    requestId: id,
    isOwnRequestId: headers['x-request-id'] !== id,
    keyId: caller.keyId,
    allowedModels: caller.allowedModels,
    allowedProviders: caller.allowedProviders,
    budget: boundedTerms(caller.key),
    holdsBack: caller.key?.holdBack === true,
    allowance: request.allowance,
    bytes,
    members,
    body,
    taskHint: textOf(headers['x-router-task']),
    strategyHint: textOf(headers['x-model-router-strategy']),
    warnings: NO_WARNINGS,
    sessionId: textOf(headers['x-session-id']),
    ask: 0,
    judgedWith: 0,
    wantsMetadata: textOf(headers['x-router-metadata'])?.toLowerCase() === 'enabled',
    cacheControl: textOf(headers['cache-control']),
    isCacheMiss: false,
    traceparent: textOf(headers.traceparent),
    tracestate: textOf(headers.tracestate),
    trace: undefined,
    arrivedMs,
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
