import type { QualityBelief } from '../../core/learning/contract.ts';
import { byRequestId } from '../../core/outcome/by-request-id.ts';
import { requestNotFound } from '../../core/outcome/request-not-found.ts';
import { type DayAccount, dayOf } from '../../core/reward/daily-cap.ts';
import { showsChange, teachesQuality } from '../../core/reward/evidence-weight.ts';
import {
  changeByFeedback,
  changeByRemoval,
  countedVerdict,
  type VerdictChange,
} from '../../core/reward/feedback-change.ts';
import type { FeedbackVerdict } from '../../core/reward/feedback-quality.ts';
import type { RequestEvidence } from '../../store/contract.ts';
import type { GatewayDeps } from '../deps.ts';
import { watchQuality } from './learn.ts';

/** Whose feedback: `keyId` undefined may judge any request. */
export interface FeedbackCall {
  readonly requestId: string;
  readonly keyId: string | undefined;
  /** The key that speaks, whose weight a day is capped; undefined for what this house finds out by itself. */
  readonly givenBy?: string;
}

/**
 * The one way of every later verdict, whoever gives it: to the rows, the beliefs and the change detector.
 *
 * @throws GatewayError 404 for a request that is not this key's, 410 for one that was removed
 */
export function takeVerdict(
  deps: GatewayDeps,
  call: FeedbackCall,
  given: FeedbackVerdict & { readonly comment: string; readonly signals: string },
): Promise<object> {
  const nowMs = deps.nowMs();
  const account = call.givenBy === undefined ? undefined : { keyId: call.givenBy, day: dayOf(nowMs) };
  const limit = deps.live.routing.keyDayWeight;
  return change(
    deps,
    call,
    given,
    (evidence) =>
      changeByFeedback(
        evidence,
        given,
        nowMs,
        account && { ...account, limit, used: evidence.bookedWeight ?? 0 },
      ),
    account,
  );
}

/** Takes back what `sourceName` said of a request; a source that said nothing changes nothing. */
export function takeBackVerdict(deps: GatewayDeps, call: FeedbackCall, sourceName: string): Promise<object> {
  return change(deps, call, undefined, (evidence) => changeByRemoval(evidence, sourceName));
}

async function change(
  deps: GatewayDeps,
  call: FeedbackCall,
  verdict: FeedbackVerdict | undefined,
  decideChange: (evidence: RequestEvidence) => VerdictChange,
  account?: DayAccount,
): Promise<object> {
  let decided: VerdictChange | undefined;
  const decide = (seen: RequestEvidence) => {
    decided = decideChange(seen);
    return decided;
  };
  const evidence = await byRequestId(call.requestId, (id) =>
    deps.store.changeEvidence(id, call.keyId, decide, account),
  );
  if (evidence === undefined || decided === undefined) {
    throw requestNotFound(call.requestId, await deps.store.purgedBeforeMs());
  }
  const { task, modelId } = evidence;
  const before = deps.learner.qualityOf(task, modelId);
  if (verdict && decided.counted && isFirstSight(deps, evidence, decided)) {
    const judge = decided.counted.source === 'judge' ? verdict.sourceName : undefined;
    watchQuality(deps, evidence, decided.counted.quality, judge);
  }
  for (const delta of decided.deltas) deps.learner.apply(delta);
  return {
    object: 'feedback',
    request_id: evidence.requestId,
    ...(verdict ? { counted: counts(verdict, decided) } : {}),
    ...(verdict && decided.isOverCap ? { capped: true } : {}),
    ...noteOn(deps, evidence, decided),
    moved: {
      task,
      model: modelId,
      before: beliefOf(before),
      after: beliefOf(deps.learner.qualityOf(task, modelId)),
    },
  };
}

function noteOn(
  deps: GatewayDeps,
  { reason, modelId, task }: RequestEvidence,
  { isOverCap }: VerdictChange,
): { readonly note?: string } {
  if (!teachesQuality(reason)) {
    return {
      note: 'The request named its model, so its outcome teaches nothing about which model to choose.',
    };
  }
  if (!isOverCap) return {};
  return {
    note: `Stored, and moves nothing: today this key's verdicts on ${modelId} for ${task} weigh ${deps.live.routing.keyDayWeight}, which is the most they may (evidence.max_weight_per_key_per_day).`,
  };
}

/** Requests remembered as seen: taking a verdict back leaves no row that would tell. */
const MAX_JUDGED_REQUESTS = 10_000;

/**
 * Whether the change detector shall hear of this verdict: once for each request. Corrections, further sources and what
 * is taken back and given again are no second sight of the model, and would open epochs at will.
 */
function isFirstSight(
  deps: GatewayDeps,
  evidence: RequestEvidence,
  { counted, deltas }: VerdictChange,
): boolean {
  if (
    deltas.length === 0 ||
    !showsChange(evidence.reason) ||
    counted === undefined ||
    counted.source === 'heuristic'
  )
    return false;
  const before = countedVerdict(evidence);
  const isLabelled = evidence.feedback.some(({ source }) => source !== 'heuristic');
  if (isLabelled || (before !== undefined && before.source !== 'heuristic')) return false;
  const { judgedRequests } = deps;
  if (judgedRequests.has(evidence.requestId)) return false;
  judgedRequests.add(evidence.requestId);
  if (judgedRequests.size > MAX_JUDGED_REQUESTS) {
    for (const oldest of judgedRequests) {
      judgedRequests.delete(oldest);
      break;
    }
  }
  return true;
}

/** Whether this verdict is the one that counts now, rather than a stronger source's or the automatic one. */
function counts(verdict: FeedbackVerdict, { counted, automaticCounts }: VerdictChange): boolean {
  return !automaticCounts && counted?.source === verdict.source && counted.quality === verdict.quality;
}

function beliefOf(belief: QualityBelief): object {
  return {
    quality: belief.mean,
    low_90: belief.low90,
    high_90: belief.high90,
    samples: belief.samples,
    evidence: belief.evidence,
  };
}
