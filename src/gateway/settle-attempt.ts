import type { Candidate } from '../core/choice/choice-input.ts';
import type { Decision } from '../core/choice/decision.ts';
import { costMicroUsd } from '../core/money/cost.ts';
import { estimateUsage, readUsage, type Usage } from '../core/money/usage.ts';
import type { Ending } from '../core/outcome/endings.ts';
import type { GatewayError } from '../core/outcome/gateway-error.ts';
import { expectationOf } from '../core/reward/answer-expectation.ts';
import { deltasOfEnding } from '../core/reward/attempt-deltas.ts';
import { checkAnswer } from '../core/reward/check-answer.ts';
import { verdictOfSeenFailure } from '../core/reward/verdict.ts';
import type { CallProgress, UpstreamAnswer } from '../providers/upstream.ts';
import type { AttemptEnd, AttemptStart } from '../store/contract.ts';
import { chargeBudget } from './charge-budget.ts';
import type { ChatJob } from './chat-job.ts';
import type { GatewayDeps } from './deps.ts';
import { learn } from './learn.ts';
import { noteConversation } from './stay.ts';

export interface AttemptOutcome {
  readonly answer: UpstreamAnswer | undefined;
  readonly error: GatewayError | undefined;
  readonly progress: CallProgress;
  readonly latencyMs: number;
  /** Whether the client gets to see this failure, rather than another model's answer. */
  readonly isFailureSeen: boolean;
}

/** The one ending of an attempt: cost settled, belief updated, journal, metrics and one log line. */
export function settleAttempt(
  deps: GatewayDeps,
  attempt: {
    readonly job: ChatJob;
    readonly decision: Decision;
    readonly candidate: Candidate;
    readonly start: AttemptStart;
    readonly outcome: AttemptOutcome;
  },
): AttemptEnd {
  const { job, decision, candidate, start, outcome } = attempt;
  const { answer, error, progress } = outcome;
  const ending = endingOf(error);
  const usage = usageOf(attempt);
  const automatic = answer
    ? checkAnswer(expectationOf(job.body), answer.facts)
    : outcome.isFailureSeen
      ? verdictOfSeenFailure(ending)
      : undefined;
  const isStream = job.body.stream === true;
  const outputTokens = usage?.outputTokens ?? 0;
  const ttftMs = round(progress.ttftMs);
  const latencyMs = round(outcome.latencyMs);
  // Field by field: with spreads these two objects alone took 33 µs of each request.
  const end: AttemptEnd = {
    requestId: job.requestId,
    number: start.number,
    ending,
    endedAtMs: Math.max(deps.nowMs(), start.startedAtMs),
    httpStatus: progress.httpStatus,
    finishReason: answer?.facts.finishReason ?? '',
    inputTokens: usage?.inputTokens ?? 0,
    outputTokens,
    cachedInputTokens: usage?.cachedInputTokens ?? 0,
    costMicroUsd: usage ? costMicroUsd(usage, candidate.endpoint.price) : 0,
    isCostEstimated: usage?.isEstimated ?? false,
    ttftMs,
    latencyMs,
    errorCode: error?.code ?? '',
    automatic,
    deltas: deltasOfEnding({
      modelId: start.modelId,
      endpointId: start.endpointId,
      task: start.task,
      epoch: start.epoch,
      endpointEpoch: start.endpointEpoch,
      reason: decision.reason,
      isStream,
      ending,
      outputTokens,
      choices: decision.profile.choices,
      ttftMs,
      latencyMs,
      automatic,
    }),
  };
  deps.store.journal.end(end);
  learn(deps, start, end, decision.reason);
  noteConversation(deps, job, candidate, end);
  chargeBudget(deps.budgets, decision, end, error === undefined || outcome.isFailureSeen);
  deps.metrics.attemptEnded(start, end, isStream);
  deps.log.attempt(start, end, decision.reason);
  return end;
}

/** A call that was cut short or given up after it went out: the provider has read the prompt, and charges for it. */
const CUT_SHORT = new Set<Ending>(['client_left', 'timeout', 'shutdown']);

/** The provider's own usage; by bytes where that is missing or absurd; none for what was refused or never sent. */
function usageOf(attempt: {
  readonly job: ChatJob;
  readonly decision: Decision;
  readonly outcome: AttemptOutcome;
}): Usage | undefined {
  const { answer, error, progress } = attempt.outcome;
  const said = readUsage(progress.usage);
  if (said) return said;
  // A refusal by status (408 is a timeout too) is free.
  const mayBeCharged = progress.isSent && (progress.httpStatus === 0 || progress.httpStatus === 200);
  const isCutShort = mayBeCharged && CUT_SHORT.has(endingOf(error));
  if (!answer && progress.tokenEvents === 0 && !isCutShort) return undefined;
  const { facts } = answer ?? {};
  // By bytes, not by characters: a Chinese one has three, and is about a token by itself.
  const outputBytes = facts
    ? Buffer.byteLength(facts.text + facts.toolCalls.map((called) => called.name + called.arguments).join(''))
    : 0;
  return estimateUsage({
    inputTokens: attempt.decision.profile.inputTokens,
    outputBytes: Math.max(outputBytes, progress.textBytes),
    tokenEvents: progress.tokenEvents,
  });
}

function endingOf(error: GatewayError | undefined): Exclude<Ending, 'unknown'> {
  if (error === undefined) return 'completed';
  const { ending } = error;
  return ending === undefined || ending === 'unknown' ? 'bad_answer' : ending;
}

/** Tenths of a millisecond: what is stored and what is learnt from are the same number. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
