import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision } from '../../core/choice/decision.ts';
import { isFreeChoice } from '../../core/choice/free-choice.ts';
import type { QualityEvidence } from '../../core/learning/delta.ts';
import { costPicoUsd as costOf, PICO_USD_PER_MICRO_USD } from '../../core/money/cost.ts';
import type { Usage } from '../../core/money/usage.ts';
import type { Ending } from '../../core/outcome/endings.ts';
import type { GatewayError } from '../../core/outcome/gateway-error.ts';
import { deltasOfEnding } from '../../core/reward/attempt-deltas.ts';
import { verdictOfSeenFailure } from '../../core/reward/verdict.ts';
import type { CallProgress, UpstreamAnswer } from '../../providers/upstream.ts';
import type { AttemptEnd, AttemptStart } from '../../store/contract.ts';
import { chargeBudget } from '../admission/charge-budget.ts';
import type { GatewayDeps } from '../deps.ts';
import { learn } from '../learning/learn.ts';
import type { Job } from './job.ts';
import type { Operation } from './operation.ts';
import { noteConversation } from './stay.ts';

export interface AttemptOutcome {
  readonly answer: UpstreamAnswer | undefined;
  readonly error: GatewayError | undefined;
  readonly progress: CallProgress;
  readonly latencyMs: number;
  /** Whether the client gets to see this failure, rather than another model's answer. */
  readonly isFailureSeen: boolean;
}

/** What is written down of an attempt, and what its client is told of its price. */
export interface SettledAttempt {
  readonly end: AttemptEnd;
  /** To the last part of a micro-USD; the row is charged whole ones, with what earlier answers left. */
  readonly costPicoUsd: number;
}

/** The one ending of an attempt: cost settled, belief updated, journal, metrics and one log line. */
export function settleAttempt(
  deps: GatewayDeps,
  attempt: {
    readonly job: Job;
    readonly operation: Operation;
    readonly decision: Decision;
    readonly candidate: Candidate;
    readonly start: AttemptStart;
    readonly reservedMicroUsd: number;
    readonly outcome: AttemptOutcome;
  },
): SettledAttempt {
  const { job, operation, decision, candidate, start, outcome } = attempt;
  const { answer, error, progress } = outcome;
  const ending = endingOf(error);
  const { profile } = decision;
  const { price } = candidate.endpoint;
  let usage: Usage | undefined;
  let automatic: QualityEvidence | undefined;
  let costPicoUsd = 0;
  // An answer that cannot be read in some way must not leave its row pending and what it reserved taken.
  try {
    usage = operation.meter({ job, profile, price, answer, error, progress });
    costPicoUsd = usage ? costOf(usage, price) : 0;
    automatic = answer
      ? operation.check(job, answer)
      : outcome.isFailureSeen
        ? verdictOfSeenFailure(ending)
        : undefined;
  } catch (failure) {
    if (usage === undefined && progress.isSent) {
      costPicoUsd = start.estimatedCostMicroUsd * PICO_USD_PER_MICRO_USD;
    }
    deps.log.error({ request_id: job.requestId, err: failure }, 'an answer could not be metered or checked');
  }
  const costMicroUsd = deps.remainders.whole(`${start.keyId} ${start.modelId}`, costPicoUsd);
  const isStream = operation.isStream(job);
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
    units: usage?.units ?? 0,
    costMicroUsd,
    isCostEstimated: usage?.isEstimated ?? costPicoUsd > 0,
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
      isTimedWhole: profile.isTimedWhole,
      ending,
      outputTokens,
      choices: profile.choices,
      ttftMs,
      latencyMs,
      automatic,
    }),
    freeChoice: wasDrawn(decision, start) ? decision : undefined,
  };
  deps.store.journal.end(end);
  // In the same breath: what the budgets say is what the rows say.
  const isLast = error === undefined || outcome.isFailureSeen;
  deps.spending.settle(job, attempt.reservedMicroUsd, end, isLast, isChoice(decision));
  try {
    learn(deps, start, end, decision.reason);
    if (operation.isConversation) {
      noteConversation(deps, job, candidate, end);
      chargeBudget(deps.budgets, decision, end, isLast);
    }
  } catch (failure) {
    deps.log.error({ request_id: job.requestId, err: failure }, 'nothing was learnt from an answer');
  }
  deps.metrics.attemptEnded(start, end, isStream, operation.name);
  deps.log.attempt(start, end, decision.reason);
  return { end, costPicoUsd };
}

/** Whether this attempt is what a free choice came to. */
function wasDrawn(decision: Decision, { number, modelId }: AttemptStart): boolean {
  return number === 0 && decision.ranking[0]?.modelId === modelId && isFreeChoice(decision);
}

/** Rather than the client, or the judge. */
function isChoice({ reason }: Decision): boolean {
  return reason === 'auto' || reason === 'explore' || reason === 'sticky';
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
