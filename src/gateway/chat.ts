import type { Candidate } from '../core/choice/choice-input.ts';
import type { Decision, RankedCandidate } from '../core/choice/decision.ts';
import { ruleOf } from '../core/outcome/endings.ts';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { usageWithCost, withAdditions } from './answer-body.ts';
import { type FinishedAttempt, runAttempt } from './attempt.ts';
import type { ChatJob, ChatResult, ClientLine } from './chat-job.ts';
import type { GatewayDeps } from './deps.ts';
import { explainDecision } from './explain-decision.ts';
import { nobodyCanServe, planChat } from './plan.ts';

/**
 * One chat request from its checked body to its answer: plan, then attempts in the order of the plan until one
 * completes. A stream has gone out when this resolves; a unary answer is returned.
 *
 * @throws GatewayError while no byte has gone to the client. After that a failure is an event in the stream.
 */
export async function completeChat(deps: GatewayDeps, job: ChatJob, client: ClientLine): Promise<ChatResult> {
  const decision = planChat(deps, job);
  deps.metrics.decided(decision);
  const { routing, catalog } = deps.live;
  const dueMs = job.arrivedMs + routing.totalMs;
  const maxAttempts = job.body.route?.allow_fallback === false ? 1 : 1 + routing.maxExtraAttempts;
  const waiting = [...decision.ranking];
  const failures: GatewayError[] = [];
  let upstreamMs = 0;
  let served: Candidate | undefined;
  // A cascade moves up from an answer that fails its checks, and comes back to it if nobody does better.
  const movesUp = catalog.strategy(decision.strategy).kind === 'cascade';
  let answerInHand: (() => ChatResult) | undefined;

  const headers = (number: number) => {
    const overheadMs = deps.monotonicMs() - job.arrivedMs - upstreamMs;
    return answerHeaders(job, decision, served, number, overheadMs);
  };

  for (let number = 0; number < maxAttempts && !client.hasLeft; number++) {
    const next = takeNext(deps, waiting, failures.at(-1), served);
    if (next === undefined) break;
    const candidate = catalog.endpoint(next.ranked.endpointId);
    const totalMs = dueMs - deps.monotonicMs();
    if (candidate === undefined || totalMs <= 0) {
      next.permit.settle('neither');
      break;
    }
    served = candidate;
    const finished = await runAttempt(deps, {
      job,
      decision,
      candidate,
      ranked: next.ranked,
      permit: next.permit,
      number,
      isLast: (error) =>
        number + 1 === maxAttempts || !waiting.some((ranked) => mayTakeOver(deps, ranked, error, candidate)),
      totalMs,
      client,
      headers: () => headers(number + 1),
    }).catch((error: unknown) => {
      if (number === 0 || !(error instanceof GatewayError)) throw error;
      return undefined;
    });
    // It could not be written down: the client hears what came of the attempts before it.
    if (finished === undefined) break;
    upstreamMs += finished.end.latencyMs;
    if (finished.error === undefined) {
      deps.metrics.overhead(deps.monotonicMs() - job.arrivedMs - upstreamMs);
      const finalHeaders = headers(number + 1);
      answerInHand = () =>
        complete({ deps, job, decision, candidate, finished, client, headers: finalHeaders });
      if (!movesUp || finished.line?.hasBegun || !failsItsChecks(finished.end)) return answerInHand();
      continue;
    }
    if (finished.line?.hasBegun) {
      breakStream(client, finished.error);
      return { headers: {}, body: undefined };
    }
    failures.push(finished.error);
    if (finished.next === 'no') break;
  }
  if (client.hasLeft) return { headers: {}, body: undefined };
  if (answerInHand) return answerInHand();
  throw lastWord(deps, decision, failures, job.body.model);
}

function failsItsChecks({ automatic }: FinishedAttempt['end']): boolean {
  return automatic !== undefined && automatic.quality < 0.5;
}

/** The best candidate left that may still take over after `failure` and that the guard lets through. */
function takeNext(
  deps: GatewayDeps,
  waiting: RankedCandidate[],
  failure: GatewayError | undefined,
  failed: Candidate | undefined,
) {
  for (let ranked = waiting.shift(); ranked; ranked = waiting.shift()) {
    if (!mayTakeOver(deps, ranked, failure, failed)) continue;
    const permit = deps.guard.enter(ranked.endpointId);
    if (permit) return { ranked, permit };
  }
  return undefined;
}

function mayTakeOver(
  deps: GatewayDeps,
  { provider, endpointId, modelId }: RankedCandidate,
  failure: GatewayError | undefined,
  failed: Candidate | undefined,
): boolean {
  if (deps.guard.refusalOf(endpointId) !== undefined) return false;
  if (failure?.ending === undefined) return true;
  if (ruleOf(failure.ending).next === 'other_provider' && provider === failed?.endpoint.provider)
    return false;
  if (failure.ending !== 'context_length') return true;
  const length = deps.live.catalog.model(modelId)?.contextLength ?? 0;
  return length > (failed?.model.contextLength ?? 0);
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
  const waits = failures.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []);
  if (last.retryAfterSeconds === undefined || waits.length < 2) return last;
  return new GatewayError({ ...last, message: last.message, retryAfterSeconds: Math.min(...waits) });
}

function complete(done: {
  deps: GatewayDeps;
  job: ChatJob;
  decision: Decision;
  candidate: Candidate;
  finished: FinishedAttempt;
  client: ClientLine;
  headers: Record<string, string>;
}): ChatResult {
  const { job, candidate, finished, client } = done;
  const { end, answer, progress, line } = finished;
  const usage = usageShown(end, progress.usage);
  const metadata = job.wantsMetadata ? metadataOf(done) : undefined;

  if (line === undefined) {
    const { upstreamModel } = candidate.endpoint;
    const rename =
      upstreamModel === candidate.model.id ? undefined : { from: upstreamModel, to: candidate.model.id };
    const body = withAdditions(answer?.body ?? Buffer.alloc(0), answer?.json ?? {}, usage, {
      costMicroUsd: end.costMicroUsd,
      rename,
      metadata,
    });
    const { headers } = done;
    headers['x-router-cost-usd'] = String(end.costMicroUsd / 1_000_000);
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
      ...(wantsUsage ? { usage: usageWithCost(usage, end.costMicroUsd) } : {}),
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
    ...(typeof said === 'object' ? said : {}),
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
}): object {
  const { job, decision, candidate, finished } = done;
  return {
    request_id: job.requestId,
    model: candidate.model.id,
    provider: candidate.endpoint.provider,
    attempts: finished.end.number + 1,
    cost_usd: finished.end.costMicroUsd / 1_000_000,
    latency_ms: finished.end.latencyMs,
    ...explainDecision(decision, job.allowedModels),
  };
}

function answerHeaders(
  job: ChatJob,
  decision: Decision,
  served: Candidate | undefined,
  attempts: number,
  overheadMs: number,
): Record<string, string> {
  return {
    'x-request-id': job.requestId,
    'x-router-model': served?.model.id ?? '',
    'x-router-provider': served?.endpoint.provider ?? '',
    'x-router-reason': attempts > 1 ? 'fallback' : decision.reason,
    'x-router-task': decision.profile.task,
    'x-router-strategy': decision.strategy,
    'x-router-attempts': String(attempts),
    'x-router-overhead-ms': Math.max(0, overheadMs).toFixed(2),
  };
}
