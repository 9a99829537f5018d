import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision, RankedCandidate } from '../../core/choice/decision.ts';
import { writeDecision } from '../../core/choice/decision-record.ts';
import { type EndingRule, ruleOf } from '../../core/outcome/endings.ts';
import { endedBy, GatewayError } from '../../core/outcome/gateway-error.ts';
import { shapeNameOf } from '../../core/task/request-shape.ts';
import type { Permit } from '../../providers/guard-settings.ts';
import type { CallProgress, Upstream, UpstreamAnswer, UpstreamHandle } from '../../providers/upstream.ts';
import type { AttemptEnd, AttemptStart, RequestRecord } from '../../store/contract.ts';
import { mostCostMicroUsd } from '../admission/most-cost.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { renameOf } from './answer-body.ts';
import type { ClientLine, Job } from './job.ts';
import type { Operation } from './operation.ts';
import { sessionOf } from './session-attempt.ts';
import { type AttemptOutcome, settleAttempt } from './settle-attempt.ts';
import { createStreamLine, type StreamLine } from './stream-line.ts';
import { addWarnings } from './warnings-header.ts';

/** One attempt that is over: its row, and the answer or why there is none. */
export interface FinishedAttempt {
  readonly end: AttemptEnd;
  /** What it cost, to the last part of a micro-USD. */
  readonly costPicoUsd: number;
  readonly answer: UpstreamAnswer | undefined;
  readonly error: GatewayError | undefined;
  /** Who may be tried after a failure. */
  readonly next: EndingRule['next'];
  readonly progress: CallProgress;
  readonly line: StreamLine | undefined;
  /** As it was at the endpoint. */
  readonly operation: Operation;
  /** Where the answer goes. */
  readonly client: ClientLine;
  /** Milliseconds in all, waiting for a connection included. */
  readonly tookMs: number;
}

/**
 * One call to one endpoint: written down before its first byte goes out, and ended exactly once on every way out.
 *
 * @param live the settings of this request, whatever is in force by now.
 * @param options.isFailureSeen whether the client will see this failure, before any byte has gone to it.
 * @param options.onSent told when the call begins, in monotonic milliseconds; not called if it never does.
 * @throws GatewayError `budget_exceeded` when no budget has room for it, `storage_unavailable` when it could not be
 *   written down; nothing has been sent then.
 */
export async function runAttempt(
  deps: GatewayDeps,
  live: LiveSettings,
  options: {
    readonly job: Job;
    readonly decision: Decision;
    readonly candidate: Candidate;
    readonly ranked: RankedCandidate;
    readonly permit: Permit;
    readonly number: number;
    readonly isFailureSeen: (error: GatewayError, mayFollow: EndingRule['next']) => boolean;
    readonly totalMs: number;
    readonly client: ClientLine;
    readonly onSent: (sentMs: number) => void;
    readonly headers: () => Record<string, string>;
  },
): Promise<FinishedAttempt> {
  const { job, candidate, permit } = options;
  const hold = { microUsd: reserve(deps, options) };
  const { provider, id: endpointId } = candidate.endpoint;
  const beginning = begin(deps, options);
  const start = await (hold.microUsd === 0
    ? beginning
    : beginning.catch((error: unknown) => {
        deps.spending.release(job, hold.microUsd);
        throw error;
      }));

  let operation = job.operation;
  let { client } = options;
  let isStream = false;
  let line: StreamLine | undefined;
  let handle: UpstreamHandle | undefined;
  const sentMs = deps.monotonicMs();
  options.onSent(sentMs);
  const span = job.trace?.attempt(candidate, options.ranked, options.number);
  let answer: UpstreamAnswer | undefined;
  let error: GatewayError | undefined;
  // From here to the settling nothing may throw past: the row would stay pending and the endpoint's probe taken.
  try {
    operation = job.operation.at?.(job, candidate) ?? operation;
    client = operation.clientLine?.() ?? client;
    isStream = operation.isStream(job);
    const form = operation.answerForm(job, candidate);
    const isFile = typeof form !== 'string' && form.stream === 'bytes';
    line = isStream
      ? createStreamLine({
          client,
          holdBack: job.body.route?.hold_back ?? job.holdsBack,
          headers:
            candidate.endpoint.tongue === undefined && !isFile
              ? options.headers
              : () => {
                  const headers = options.headers();
                  addWarnings(headers, handle?.progress.warnings ?? []);
                  // A file goes out under its own type.
                  if (isFile)
                    headers['content-type'] = handle?.progress.contentType || 'application/octet-stream';
                  return headers;
                },
          // A name of the model stands in events only; in a file its letters are something else.
          rename: isFile ? undefined : renameOf(candidate),
        })
      : undefined;
    if (client.hasLeft) throw endedBy('client_left', 'The client left before anything was sent.');
    const running = upstreamOf(live, provider).call({
      endpoint: candidate.endpoint,
      path: operation.upstreamPath,
      body: operation.encode(job, candidate, live.routing.streamUsageProviders.has(provider)),
      form,
      isStream,
      choices: options.decision.profile.choices,
      totalMs: options.totalMs,
      keepsWholeText: operation.keepsWholeText(job),
      clearsUsage: operation.clearsUsage(job),
      sink: line,
      traceHeaders: span?.headers,
      session:
        operation.sessionHeaders === undefined || line === undefined
          ? undefined
          : sessionOf(deps, live, {
              job,
              operation,
              candidate,
              profile: options.decision.profile,
              expectedCostMicroUsd: options.ranked.expectedCostMicroUsd,
              client,
              line,
              hold,
              progressOf: () => handle?.progress,
              // It may last an hour: that long nobody waits for the word of a probe.
              onAccepted: () => permit.settle('success'),
            }),
    });
    handle = running;
    deps.inFlight.add(running);
    client.onLeft(() => running.abort('client_left'));
    answer = await running.done;
  } catch (failure) {
    error = failure instanceof GatewayError ? failure : unforeseen(failure, provider, handle !== undefined);
    line?.discard();
  } finally {
    if (handle) deps.inFlight.delete(handle);
  }
  const tookMs = deps.monotonicMs() - sentMs;
  if (answer !== undefined) await deps.cohort();

  const progress = handle?.progress ?? NOT_SENT;
  const next = nextAfter(error, line);
  const outcome: AttemptOutcome = {
    answer,
    error,
    progress,
    latencyMs: progress.workedMs ?? tookMs - progress.queueMs,
    isFailureSeen: error !== undefined && (line?.hasBegun() === true || options.isFailureSeen(error, next)),
  };
  const { end, costPicoUsd } = settleAttempt(deps, {
    job,
    operation,
    decision: options.decision,
    candidate,
    start,
    reservedMicroUsd: hold.microUsd,
    outcome,
  });
  span?.end(end, costPicoUsd, error);
  const ruling = ruleOf(end.ending).breaker;
  // A session's permit was given back when it began. How it fails later is a word of its own.
  const leave =
    operation.sessionHeaders !== undefined && line?.hasBegun() === true && ruling === 'failure'
      ? deps.guard.enter(endpointId)
      : permit;
  leave?.settle(
    ruling,
    ruling === 'cool_down'
      ? { coolDownMs: millisecondsOf(error?.retryAfterSeconds), isWaking: end.ending === 'waking' }
      : undefined,
  );
  deps.watch.record(endpointId, {
    ending: end.ending,
    ttftMs: isStream ? end.ttftMs : 0,
    latencyMs: end.latencyMs,
  });
  return { end, costPicoUsd, answer, error, next, progress, line, operation, client, tookMs };
}

/** Before a call it is our own mistake about this request, and says nothing about a provider that never heard of it. */
function unforeseen(cause: unknown, provider: string, isCalled: boolean): GatewayError {
  if (isCalled) return endedBy('bad_answer', `Provider '${provider}' could not be understood.`, { cause });
  return endedBy('client_fault', `This request could not be put into words for provider '${provider}'.`, {
    status: 500,
    code: 'internal_error',
    cause,
  });
}

function millisecondsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Of a call that nothing went out for. */
const NOT_SENT: CallProgress = Object.freeze({
  queueMs: 0,
  isSent: false,
  httpStatus: 0,
  contentType: '',
  ttftMs: 0,
  usage: undefined,
  tokenEvents: 0,
  textBytes: 0,
  lastChunk: undefined,
  warnings: [],
});

/** Catalogue and ways are of one configuration, so the way is there. */
function upstreamOf(live: LiveSettings, provider: string): Upstream {
  const upstream = live.upstreams.get(provider);
  if (upstream === undefined) throw new Error(`no way to provider ${provider}`);
  return upstream;
}

/** Of a stream that was held back the client has seen nothing: its death in the middle is like one before. */
function nextAfter(error: GatewayError | undefined, line: StreamLine | undefined): EndingRule['next'] {
  if (error?.ending === undefined) return 'any';
  if (error.ending === 'stream_after_token' && line?.hasBegun() === false) return 'any';
  return ruleOf(error.ending).next;
}

interface Beginning {
  readonly job: Job;
  readonly decision: Decision;
  readonly candidate: Candidate;
  readonly ranked: RankedCandidate;
  readonly permit: Permit;
  readonly number: number;
}

/** @throws GatewayError 402, with the endpoint free again */
function reserve(deps: GatewayDeps, { job, decision, candidate, ranked, permit }: Beginning): number {
  try {
    const most = deps.spending.stops(job)
      ? mostCostMicroUsd(deps.learner, decision.profile, candidate)
      : undefined;
    return deps.spending.reserve(job, ranked.expectedCostMicroUsd, most);
  } catch (error) {
    permit.settle('neither');
    throw error;
  }
}

/**
 * Writes the attempt down, with its request if it is the first. Frees the endpoint again if that fails. No async
 * function: its frame would be the largest thing that waits for each write.
 */
function begin(deps: GatewayDeps, options: Beginning): Promise<AttemptStart> {
  const { job, decision, number } = options;
  try {
    const start = startOf(deps, options);
    const request = number === 0 ? requestRecord(deps, job, decision) : undefined;
    return deps.store.journal.begin(request, start, job.isOwnRequestId).then(
      () => start,
      (error: unknown) => beginAgain(deps, options, error),
    );
  } catch (error) {
    return beginAgain(deps, options, error);
  }
}

/** A client that sends the same x-request-id twice, or somebody else's: it gets one of its own. */
async function beginAgain(deps: GatewayDeps, options: Beginning, error: unknown): Promise<AttemptStart> {
  const { job, decision, permit, number } = options;
  try {
    const isUsed = error instanceof GatewayError && error.code === 'duplicate_request_id';
    if (!isUsed || number > 0) throw error;
    job.requestId = deps.newRequestId();
    const renamed = startOf(deps, options);
    await deps.store.journal.begin(requestRecord(deps, job, decision), renamed);
    return renamed;
  } catch (final) {
    permit.settle('neither');
    throw final;
  }
}

function startOf(deps: GatewayDeps, { job, decision, candidate, ranked, number }: Beginning): AttemptStart {
  return {
    requestId: job.requestId,
    number,
    keyId: job.keyId,
    task: decision.profile.task,
    modelId: candidate.model.id,
    endpointId: candidate.endpoint.id,
    provider: candidate.endpoint.provider,
    epoch: deps.learner.epochOf(candidate.model.id),
    endpointEpoch: deps.learner.endpointEpochOf(candidate.endpoint.id),
    startedAtMs: deps.nowMs(),
    propensity: ranked.propensity,
    estimatedCostMicroUsd: Math.ceil(ranked.expectedCostMicroUsd),
    shape: shapeOf(decision),
  };
}

function requestRecord(deps: GatewayDeps, job: Job, decision: Decision): RequestRecord {
  const { profile } = decision;
  return {
    requestId: job.requestId,
    keyId: job.keyId,
    createdAtMs: deps.nowMs(),
    requestedModel: job.body.model,
    operation: job.operation.name,
    task: profile.task,
    taskConfidence: profile.confidence,
    complexity: profile.complexity,
    language: profile.language,
    inputTokens: profile.inputTokens,
    isStream: job.operation.isStream(job),
    strategy: decision.strategy,
    reason: decision.reason,
    shape: shapeOf(decision),
    decision: writeDecision(decision),
  };
}

/** What a judge asks is nobody's traffic. */
function shapeOf({ profile, reason }: Decision): string {
  return reason === 'judge' ? '' : shapeNameOf(profile);
}
