import type { Candidate, Refusal } from '../../core/choice/choice-input.ts';
import type { Decision, ExcludedCandidate, RankedCandidate } from '../../core/choice/decision.ts';
import { explainDecision } from '../../core/choice/explain-decision.ts';
import { PICO_USD_PER_MICRO_USD, usdOf } from '../../core/money/cost.ts';
import { answeringAttempt } from '../../core/outcome/answering-attempt.ts';
import { ruleOf } from '../../core/outcome/endings.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import { secondsUntil } from '../../core/outcome/seconds-until.ts';
import { reserveTokens } from '../admission/reserve-tokens.ts';
import type { Catalog } from '../catalog.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { renameOf } from './answer-body.ts';
import { answerHeaders, costHeader, withAccount } from './answer-headers.ts';
import { type FinishedAttempt, runAttempt } from './attempt.ts';
import { answerFromCache, type CachePlace, keepAnswer, placeInCache } from './cached-answers.ts';
import { decisionToCarryOut } from './carry-out.ts';
import type { ChatJob, ClientLine, Job, JobResult } from './job.ts';
import { nobodyCanServe } from './nobody-can-serve.ts';
import { noteObserved } from './observe.ts';
import { planPinned } from './pinned-models.ts';
import { planJob } from './plan.ts';
import { type Policy, policyOf } from './policy.ts';
import { noteAsk } from './re-ask.ts';
import { addWarnings } from './warnings-header.ts';

/** What a client is told to wait at most, in seconds, and after a refusal that named no time. */
const MAX_WAIT_SECONDS = 60;
const DEFAULT_WAIT_SECONDS = 5;

/** What a request has come to so far, over all its attempts. */
interface Spent {
  attempts: number;
  costPicoUsd: number;
  /** Prompts and answers together. */
  tokens: number;
  /** Of the attempts that are over. */
  upstreamMs: number;
  /** Monotonic time at which the attempt under way was sent. */
  runningSinceMs: number | undefined;
  /** Who was asked last. */
  asked: Candidate | undefined;
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
 * One request, whatever it asks for, from its checked body to its answer: plan, then attempts in the order of the plan until one
 * completes. A stream has gone out when this resolves; a unary answer is returned. The settings are those of its
 * beginning until its end, also when the configuration is read again meanwhile.
 *
 * @throws GatewayError while no byte has gone to the client. After that a failure is an event in the stream.
 */
export async function runJob(deps: GatewayDeps, job: Job, client: ClientLine): Promise<JobResult> {
  const { live } = deps;
  const spent: Spent = {
    attempts: 0,
    costPicoUsd: 0,
    tokens: 0,
    upstreamMs: 0,
    runningSinceMs: undefined,
    asked: undefined,
  };
  let policy: Policy | undefined;
  let place: CachePlace | undefined;
  live.users.hold();
  job.trace = deps.tracing.begin(job, live.places);
  try {
    if (live.cache !== undefined) {
      policy = policyOf(live, job);
      place = placeInCache(live.cache, job, policy, client);
      const again = place && (await answerFromCache(deps, place, job, policy, client));
      if (again !== undefined) {
        job.trace?.remembered();
        return again;
      }
    }
    if (job.operation.isConversation) job.ask = noteAsk(deps, job as ChatJob);
    return await answerJob(deps, live, job, place?.line ?? client, spent, policy, place);
  } catch (error) {
    job.trace?.failed(error);
    throw error;
  } finally {
    job.trace?.end(spent);
    job.allowance?.settleTokens(spent.tokens);
    deps.reAsks.ended(job.ask);
    live.users.release();
  }
}

async function answerJob(
  deps: GatewayDeps,
  live: LiveSettings,
  job: Job,
  client: ClientLine,
  spent: Spent,
  knownPolicy: Policy | undefined,
  place: CachePlace | undefined,
): Promise<JobResult> {
  const knowingSpent = deps.spending.ready(job);
  if (knowingSpent !== undefined) await knowingSpent;
  await deps.cohort();
  const policy = knownPolicy ?? policyOf(live, job);
  const decisionId = job.body.route?.decision_id;
  const decision =
    decisionId !== undefined
      ? decisionToCarryOut(deps, live, job, policy, decisionId)
      : job.operation.isPinned
        ? await planPinned(deps, live, job, policy)
        : planJob(deps, live, job, policy);
  try {
    const reserving = reserveTokens(job.allowance, decision);
    if (reserving !== undefined) await reserving;
  } catch (error) {
    throw toldOf(deps, error, job, decision, spent);
  }
  // Not before: whoever is told to come again later comes with the same decision.
  if (decisionId !== undefined) deps.decisions.take(decisionId);
  if (decision.circumstances !== undefined) {
    if (decision.circumstances.trials !== undefined) {
      deps.trials.chosen(decision.ranking[0]?.modelId ?? '');
    }
    noteObserved(deps, decision);
  }
  deps.metrics.decided(decision);
  job.trace?.decided(decision);
  deps.feed.decided(job, decision);
  job.judgedWith = decision.judgedWith ?? 0;
  const { routing, catalog } = live;
  const dueMs = job.arrivedMs + routing.totalMs;
  const { maxAttempts } = policy;
  const waiting = [...decision.ranking];
  const failures: GatewayError[] = [];
  let ruledOut = NOBODY;
  // A cascade moves up from an answer that fails its checks, and comes back to it if nobody does better.
  const movesUp = decision.reason !== 'dry-run' && catalog.strategy(decision.strategy).kind === 'cascade';
  let inHand: Answered | undefined;
  const overheadMs = () => overheadOf(job, spent, deps.monotonicMs());

  for (let number = 0; number < maxAttempts && !client.hasLeft; number++) {
    const next = takeNext(deps, catalog, job, waiting, ruledOut, number === 0);
    if (next === undefined) break;
    const candidate = catalog.endpoint(next.ranked.endpointId);
    const totalMs = dueMs - deps.monotonicMs();
    if (candidate === undefined || totalMs <= 0) {
      next.permit.settle('neither');
      break;
    }
    const isLast = (without: RuledOut) =>
      number + 1 === maxAttempts ||
      deps.monotonicMs() >= dueMs ||
      !waiting.some((ranked) => mayTakeOver(deps, catalog, job, ranked, without, false));
    if (job.operation.onLastAttempt !== undefined && isLast(ruledOut)) {
      job.operation.onLastAttempt(job);
      waiting.length = 0;
    }
    const finished = await runAttempt(deps, live, {
      job,
      decision,
      candidate,
      ranked: next.ranked,
      permit: next.permit,
      number,
      isFailureSeen: (error, mayFollow) =>
        inHand === undefined && (mayFollow === 'no' || isLast(ruleOut(ruledOut, error, candidate))),
      totalMs,
      client,
      onSent(sentMs) {
        spent.asked = candidate;
        spent.attempts += 1;
        spent.runningSinceMs = sentMs;
      },
      headers: () =>
        answerHeaders(job, decision, candidate, {
          attempts: spent.attempts,
          overheadMs: overheadMs(),
          budgetWarning: deps.spending.warningFor(job),
        }),
    }).catch((error: unknown) => {
      if (number === 0 || !(error instanceof GatewayError)) throw toldOf(deps, error, job, decision, spent);
      return undefined;
    });
    // It could not be written down, or no budget has room for it: the client hears what came of the attempts before it.
    if (finished === undefined) break;
    spent.upstreamMs += finished.tookMs;
    spent.runningSinceMs = undefined;
    spent.costPicoUsd += finished.costPicoUsd;
    spent.tokens += finished.end.inputTokens + finished.end.outputTokens;
    if (finished.error === undefined) {
      const answers = inHand ? [inHand.finished.end, finished.end] : [finished.end];
      if (answeringAttempt(answers) === finished.end) inHand = { candidate, finished };
      if (!movesUp || finished.line?.hasBegun() || !failsItsChecks(finished.end)) break;
      continue;
    }
    if (finished.line?.hasBegun()) {
      job.trace?.failed(finished.error);
      breakStream(finished, finished.error);
      return { headers: {}, body: undefined };
    }
    failures.push(finished.error);
    ruledOut = ruleOut(ruledOut, finished.error, candidate);
    if (finished.next === 'no') break;
  }
  if (client.hasLeft) return { headers: {}, body: undefined };
  if (inHand === undefined) throw toldOf(deps, lastWord(deps, decision, failures, job), job, decision, spent);
  deps.metrics.overhead(overheadMs());
  deps.reAsks.answered(job.ask, job.requestId, deps.monotonicMs());
  if (job.judgedWith > 0) deps.judge.take(deps, live, { job: job as ChatJob, decision, ...inHand });
  job.trace?.answered(inHand.candidate, inHand.finished.end);
  const headers = answerHeaders(job, decision, inHand.candidate, {
    attempts: spent.attempts,
    overheadMs: overheadMs(),
    budgetWarning: deps.spending.warningFor(job),
  });
  addWarnings(headers, inHand.finished.progress.warnings);
  return complete({ job, decision, ...inHand, spent, headers, place, nowMs: deps.monotonicMs() });
}

/** Milliseconds that this gateway itself has taken by now. */
function overheadOf(job: Job, { upstreamMs, runningSinceMs }: Readonly<Spent>, nowMs: number): number {
  return nowMs - job.arrivedMs - upstreamMs - (nowMs - (runningSinceMs ?? nowMs));
}

/** An error with the account of who was chosen and asked. */
function toldOf(
  deps: GatewayDeps,
  error: unknown,
  job: Job,
  decision: Decision,
  spent: Readonly<Spent>,
): unknown {
  return withAccount(error, job, decision, {
    ...spent,
    overheadMs: overheadOf(job, spent, deps.monotonicMs()),
    budgetWarning: deps.spending.warningFor(job),
  });
}

function failsItsChecks({ automatic }: FinishedAttempt['end']): boolean {
  return automatic !== undefined && automatic.quality < 0.5;
}

/** The best candidate left that the failures before have not ruled out and that the guard lets through. */
function takeNext(
  deps: GatewayDeps,
  catalog: Catalog,
  job: Job,
  waiting: RankedCandidate[],
  ruledOut: RuledOut,
  isFirst: boolean,
) {
  for (let ranked = waiting.shift(); ranked; ranked = waiting.shift()) {
    if (!mayTakeOver(deps, catalog, job, ranked, ruledOut, isFirst)) continue;
    const permit = deps.guard.enter(ranked.endpointId);
    if (permit) return { ranked, permit };
  }
  return undefined;
}

function mayTakeOver(
  deps: GatewayDeps,
  catalog: Catalog,
  job: Job,
  { provider, endpointId, modelId, expectedCostMicroUsd }: RankedCandidate,
  ruledOut: RuledOut,
  isFirst: boolean,
): boolean {
  if (refusalOf(deps, endpointId, modelId) !== undefined || ruledOut.providers.has(provider)) return false;
  if (!deps.spending.fits(job, expectedCostMicroUsd, isFirst)) return false;
  if (ruledOut.contextLength === 0) return true;
  return (catalog.model(modelId)?.contextLength ?? 0) > ruledOut.contextLength;
}

/** What has come between since the request was planned. */
function refusalOf({ pauses, guard }: GatewayDeps, endpointId: string, modelId: string): Refusal | undefined {
  return pauses.refusalOf(modelId) ?? guard.refusalOf(endpointId);
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
  job: Job,
): GatewayError {
  const last = failures.at(-1);
  if (last === undefined) {
    const refused = decision.ranking.flatMap(
      ({ endpointId, modelId, expectedCostMicroUsd }): ExcludedCandidate[] => {
        const refusal = refusalOf(deps, endpointId, modelId);
        if (refusal) return [{ endpointId, modelId, ...refusal }];
        const isTooDear = !deps.spending.fits(job, expectedCostMicroUsd, true);
        return isTooDear ? [{ endpointId, modelId, reason: 'budget' }] : [];
      },
    );
    const excluded = [...decision.excluded, ...refused];
    return nobodyCanServe(job.body.model, { ...decision, excluded }, deps.nowMs(), undefined, () =>
      deps.spending.exceeded(job),
    );
  }
  if (waitOf(last) === undefined) return last;
  const nowMs = deps.nowMs();
  // Who was resting already may be back before those that were tried.
  const waits = [
    ...failures.flatMap((failure) => waitOf(failure) ?? []),
    ...decision.excluded.flatMap(({ retryAtMs }) =>
      retryAtMs === undefined ? [] : [secondsUntil(retryAtMs, nowMs)],
    ),
  ];
  const retryAfterSeconds = Math.min(MAX_WAIT_SECONDS, ...waits);
  return new GatewayError({ ...last, message: last.message, retryAfterSeconds });
}

/** Seconds; undefined where waiting is not what helps. */
function waitOf({ ending, retryAfterSeconds }: GatewayError): number | undefined {
  const isRest = ending !== undefined && ruleOf(ending).breaker === 'cool_down';
  return retryAfterSeconds ?? (isRest ? DEFAULT_WAIT_SECONDS : undefined);
}

function complete(done: {
  job: Job;
  decision: Decision;
  candidate: Candidate;
  finished: FinishedAttempt;
  spent: Readonly<Spent>;
  headers: Record<string, string>;
  place: CachePlace | undefined;
  nowMs: number;
}): JobResult {
  const { job, candidate, finished, place } = done;
  const costMicroUsd = done.spent.costPicoUsd / PICO_USD_PER_MICRO_USD;
  const { end, answer, progress, line, operation, client } = finished;
  const metadata = job.wantsMetadata ? metadataOf(done) : undefined;

  if (line === undefined) {
    const { headers } = done;
    if (place !== undefined) keepAnswer(place, { ...done, costMicroUsd });
    const rename = renameOf(candidate);
    const body =
      answer && operation.answerBody(answer, end, progress.usage, { costMicroUsd, rename, metadata }, job);
    if (answer !== undefined && answer.json === undefined) headers['content-type'] = progress.contentType;
    const ownType = operation.answerType?.(job);
    if (ownType !== undefined) headers['content-type'] = ownType;
    headers['x-router-cost-usd'] = costHeader(done.spent.costPicoUsd);
    return { headers, body };
  }

  line.release();
  if (place !== undefined) keepAnswer(place, { ...done, costMicroUsd });
  const last = operation.lastEvents({ job, candidate, end, progress, costMicroUsd, metadata });
  if (last !== '') client.write(last);
  client.end();
  return { headers: {}, body: undefined };
}

/** Says so in the stream itself if that can be said there; a client that only sees it end would take it for whole. */
function breakStream({ client, operation }: FinishedAttempt, error: GatewayError): void {
  if (client.hasLeft) return;
  const events = error.ending === 'client_left' ? undefined : operation.brokenEvents(error);
  if (events === undefined) {
    client.cut();
    return;
  }
  client.write(events);
  client.end();
}

function metadataOf(done: {
  job: Job;
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
    cost_usd: usdOf(spent.costPicoUsd / PICO_USD_PER_MICRO_USD),
    latency_ms: finished.end.latencyMs,
    ...explainDecision(decision, job.allowedModels),
  };
}
