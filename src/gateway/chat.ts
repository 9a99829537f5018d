import type { Candidate } from '../core/choice/choice-input.ts';
import type { Decision, RankedCandidate } from '../core/choice/decision.ts';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { ruleOf } from '../core/outcome/endings.ts';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { renameOf, usageWithCost, withAdditions } from './answer-body.ts';
import { answerHeaders } from './answer-headers.ts';
import { type FinishedAttempt, runAttempt } from './attempt.ts';
import type { Catalog } from './catalog.ts';
import type { ChatJob, ChatResult, ClientLine } from './chat-job.ts';
import type { GatewayDeps, LiveSettings } from './deps.ts';
import { explainDecision } from './explain-decision.ts';
import { nobodyCanServe } from './nobody-can-serve.ts';
import { planChat } from './plan.ts';
import { policyOf } from './policy.ts';
import { noteAsk } from './re-ask.ts';

/** What a client is told to wait at most, in seconds, and after a refusal that named no time. */
const MAX_WAIT_SECONDS = 60;
const DEFAULT_WAIT_SECONDS = 5;

/** What a request has come to so far, over all its attempts. */
interface Spent {
  attempts: number;
  costMicroUsd: number;
  /** Of the attempts that are over. */
  upstreamMs: number;
  /** Monotonic time at which the attempt under way was sent. */
  runningSinceMs: number | undefined;
}

/** Whom the failures so far rule out. */
interface RuledOut {
  readonly providers: ReadonlySet<string>;
  /** Windows of this many tokens were too short. */
  readonly contextLength: number;
}

const NOBODY: RuledOut = Object.freeze({ providers: new Set<string>(), contextLength: 0 });

/** An answer, and whose it is. */
interface Answered {
  readonly candidate: Candidate;
  readonly finished: FinishedAttempt;
}

/**
 * One chat request from its checked body to its answer: plan, then attempts in the order of the plan until one
 * completes. A stream has gone out when this resolves; a unary answer is returned. The settings are those of its
 * beginning until its end, also when the configuration is read again meanwhile.
 *
 * @throws GatewayError while no byte has gone to the client. After that a failure is an event in the stream.
 */
export async function completeChat(deps: GatewayDeps, job: ChatJob, client: ClientLine): Promise<ChatResult> {
  const { live } = deps;
  live.users.hold();
  job.ask = noteAsk(deps, job);
  try {
    return await answerChat(deps, live, job, client);
  } finally {
    deps.reAsks.ended(job.ask);
    live.users.release();
  }
}

async function answerChat(
  deps: GatewayDeps,
  live: LiveSettings,
  job: ChatJob,
  client: ClientLine,
): Promise<ChatResult> {
  await deps.cohort();
  const policy = policyOf(live, job);
  const decision = planChat(deps, live, job, policy);
  deps.metrics.decided(decision);
  job.judgedWith = deps.judge.samples(deps, live, decision);
  const { routing, catalog } = live;
  const dueMs = job.arrivedMs + routing.totalMs;
  const { maxAttempts } = policy;
  const waiting = [...decision.ranking];
  const failures: GatewayError[] = [];
  const spent: Spent = { attempts: 0, costMicroUsd: 0, upstreamMs: 0, runningSinceMs: undefined };
  let ruledOut = NOBODY;
  // A cascade moves up from an answer that fails its checks, and comes back to it if nobody does better.
  const movesUp = decision.reason !== 'dry-run' && catalog.strategy(decision.strategy).kind === 'cascade';
  let inHand: Answered | undefined;

  const overheadMs = () => {
    const nowMs = deps.monotonicMs();
    return nowMs - job.arrivedMs - spent.upstreamMs - (nowMs - (spent.runningSinceMs ?? nowMs));
  };

  for (let number = 0; number < maxAttempts && !client.hasLeft; number++) {
    const next = takeNext(deps, catalog, waiting, ruledOut);
    if (next === undefined) break;
    const candidate = catalog.endpoint(next.ranked.endpointId);
    const totalMs = dueMs - deps.monotonicMs();
    if (candidate === undefined || totalMs <= 0) {
      next.permit.settle('neither');
      break;
    }
    const isLast = (error: GatewayError) => {
      if (number + 1 === maxAttempts || deps.monotonicMs() >= dueMs) return true;
      const without = ruleOut(ruledOut, error, candidate);
      return !waiting.some((ranked) => mayTakeOver(deps, catalog, ranked, without));
    };
    const finished = await runAttempt(deps, live, {
      job,
      decision,
      candidate,
      ranked: next.ranked,
      permit: next.permit,
      number,
      isFailureSeen: (error, mayFollow) => inHand === undefined && (mayFollow === 'no' || isLast(error)),
      totalMs,
      client,
      onSent(sentMs) {
        spent.attempts += 1;
        spent.runningSinceMs = sentMs;
      },
      headers: () => answerHeaders(job, decision, candidate, spent.attempts, overheadMs()),
    }).catch((error: unknown) => {
      if (number === 0 || !(error instanceof GatewayError)) throw error;
      return undefined;
    });
    // It could not be written down: the client hears what came of the attempts before it.
    if (finished === undefined) break;
    spent.upstreamMs += finished.tookMs;
    spent.runningSinceMs = undefined;
    spent.costMicroUsd += finished.end.costMicroUsd;
    if (finished.error === undefined) {
      const answers = inHand ? [inHand.finished.end, finished.end] : [finished.end];
      if (answeringAttempt(answers) === finished.end) inHand = { candidate, finished };
      if (!movesUp || finished.line?.hasBegun() || !failsItsChecks(finished.end)) break;
      continue;
    }
    if (finished.line?.hasBegun()) {
      breakStream(client, finished.error);
      return { headers: {}, body: undefined };
    }
    failures.push(finished.error);
    ruledOut = ruleOut(ruledOut, finished.error, candidate);
    if (finished.next === 'no') break;
  }
  if (client.hasLeft) return { headers: {}, body: undefined };
  if (inHand === undefined) throw lastWord(deps, decision, failures, job.body.model);
  deps.metrics.overhead(overheadMs());
  deps.reAsks.answered(job.ask, job.requestId, deps.monotonicMs());
  if (job.judgedWith > 0) deps.judge.take(deps, live, { job, decision, ...inHand });
  const headers = answerHeaders(job, decision, inHand.candidate, spent.attempts, overheadMs());
  return complete({ job, decision, ...inHand, spent, client, headers });
}

function failsItsChecks({ automatic }: FinishedAttempt['end']): boolean {
  return automatic !== undefined && automatic.quality < 0.5;
}

/** The best candidate left that the failures before have not ruled out and that the guard lets through. */
function takeNext(deps: GatewayDeps, catalog: Catalog, waiting: RankedCandidate[], ruledOut: RuledOut) {
  for (let ranked = waiting.shift(); ranked; ranked = waiting.shift()) {
    if (!mayTakeOver(deps, catalog, ranked, ruledOut)) continue;
    const permit = deps.guard.enter(ranked.endpointId);
    if (permit) return { ranked, permit };
  }
  return undefined;
}

function mayTakeOver(
  deps: GatewayDeps,
  catalog: Catalog,
  { provider, endpointId, modelId }: RankedCandidate,
  ruledOut: RuledOut,
): boolean {
  if (deps.guard.refusalOf(endpointId) !== undefined || ruledOut.providers.has(provider)) return false;
  if (ruledOut.contextLength === 0) return true;
  return (catalog.model(modelId)?.contextLength ?? 0) > ruledOut.contextLength;
}

/** What one failure adds: it holds for all attempts after it, not only for the next. */
function ruleOut(before: RuledOut, { ending }: GatewayError, { endpoint, model }: Candidate): RuledOut {
  if (ending === 'context_length') {
    return { ...before, contextLength: Math.max(before.contextLength, model.contextLength) };
  }
  if (ending === undefined || ruleOf(ending).next !== 'other_provider') return before;
  return { ...before, providers: new Set([...before.providers, endpoint.provider]) };
}

/** What the client is told when nobody could answer: of several refusals the one with the shortest wait. */
function lastWord(
  deps: GatewayDeps,
  decision: Decision,
  failures: readonly GatewayError[],
  requested: string,
): GatewayError {
  const last = failures.at(-1);
  if (last === undefined) {
    const refused = decision.ranking.flatMap(({ endpointId, modelId }) => {
      const refusal = deps.guard.refusalOf(endpointId);
      return refusal ? [{ endpointId, modelId, ...refusal }] : [];
    });
    const excluded = [...decision.excluded, ...refused];
    return nobodyCanServe(requested, { ...decision, excluded }, deps.nowMs());
  }
  if (waitOf(last) === undefined) return last;
  const waits = failures.flatMap((failure) => waitOf(failure) ?? []);
  const retryAfterSeconds = Math.min(MAX_WAIT_SECONDS, ...waits);
  return new GatewayError({ ...last, message: last.message, retryAfterSeconds });
}

/** Seconds; undefined where waiting is not what helps. */
function waitOf({ ending, retryAfterSeconds }: GatewayError): number | undefined {
  const isRest = ending !== undefined && ruleOf(ending).breaker === 'cool_down';
  return retryAfterSeconds ?? (isRest ? DEFAULT_WAIT_SECONDS : undefined);
}

function complete(done: {
  job: ChatJob;
  decision: Decision;
  candidate: Candidate;
  finished: FinishedAttempt;
  spent: Readonly<Spent>;
  client: ClientLine;
  headers: Record<string, string>;
}): ChatResult {
  const { job, candidate, finished, client } = done;
  const { costMicroUsd } = done.spent;
  const { end, answer, progress, line } = finished;
  const usage = usageShown(end, progress.usage);
  const metadata = job.wantsMetadata ? metadataOf(done) : undefined;

  if (line === undefined) {
    const body = withAdditions(answer?.body ?? Buffer.alloc(0), answer?.json ?? {}, usage, {
      costMicroUsd,
      rename: renameOf(candidate),
      metadata,
    });
    const { headers } = done;
    headers['x-router-cost-usd'] = String(costMicroUsd / 1_000_000);
    return { headers, body };
  }

  line.release();
  const wantsUsage = job.body.stream_options?.include_usage === true;
  if (wantsUsage || metadata) {
    const { id, created, model } = progress.lastChunk ?? {};
    const chunk = {
      id: id ?? `chatcmpl-${job.requestId}`,
      object: 'chat.completion.chunk',
      created: created ?? Math.floor(end.endedAtMs / 1000),
      model: model === candidate.endpoint.upstreamModel ? candidate.model.id : (model ?? candidate.model.id),
      choices: [],
      ...(wantsUsage ? { usage: usageWithCost(usage, costMicroUsd) } : {}),
      ...(metadata ? { router_metadata: metadata } : {}),
    };
    client.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  client.write('data: [DONE]\n\n');
  client.end();
  return { headers: {}, body: undefined };
}

/** What the provider said, with our own counts in the place of those that were missing or absurd. */
function usageShown(end: FinishedAttempt['end'], said: unknown): unknown {
  if (!end.isCostEstimated) return said;
  return {
    ...(typeof said === 'object' && !Array.isArray(said) ? said : {}),
    prompt_tokens: end.inputTokens,
    completion_tokens: end.outputTokens,
    total_tokens: end.inputTokens + end.outputTokens,
  };
}

/** An error in the middle of a stream: one event, and no `[DONE]`. */
function breakStream(client: ClientLine, error: GatewayError): void {
  if (client.hasLeft) return;
  if (error.ending === 'client_left') {
    client.cut();
    return;
  }
  const body = error.toBody();
  const code = error.ending === 'shutdown' ? body.error.code : 'upstream_error';
  client.write(`data: ${JSON.stringify({ error: { ...body.error, code } })}\n\n`);
  client.end();
}

function metadataOf(done: {
  job: ChatJob;
  decision: Decision;
  candidate: Candidate;
  finished: FinishedAttempt;
  spent: Readonly<Spent>;
}): object {
  const { job, decision, candidate, finished, spent } = done;
  return {
    request_id: job.requestId,
    model: candidate.model.id,
    provider: candidate.endpoint.provider,
    attempts: spent.attempts,
    cost_usd: spent.costMicroUsd / 1_000_000,
    latency_ms: finished.end.latencyMs,
    ...explainDecision(decision, job.allowedModels),
  };
}
