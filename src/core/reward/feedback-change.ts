import { type BeliefDelta, EVIDENCE_SOURCES, negated, type QualityEvidence } from '../learning/delta.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { agreementDeltas } from './agreement.ts';
import { type Booking, bookVerdict, type DailyCap, type DayAccount, unbookVerdict } from './daily-cap.ts';
import { EVIDENCE_WEIGHTS, teachesQuality } from './evidence-weight.ts';
import type { FeedbackVerdict } from './feedback-quality.ts';
import { type NamedVerdict, qualityDelta } from './verdict.ts';

/** A verdict from outside, as it is remembered. One per source name. */
export interface RememberedVerdict extends QualityEvidence {
  readonly requestId: string;
  readonly sourceName: string;
  readonly comment: string;
  /** The body as JSON. */
  readonly signals: string;
  /** Strictly rising over the verdicts of one request, whatever the clock does. */
  readonly updatedAtMs: number;
  /** The account its weight is booked on; undefined where none is, as for one over the daily cap, whose weight is 0. */
  readonly chargedTo?: DayAccount;
}

/** Every verdict on the answer that one request got. */
export interface AnswerEvidence {
  readonly requestId: string;
  readonly modelId: string;
  readonly task: AnyTask;
  readonly epoch: number;
  readonly reason: string;
  readonly automatic: QualityEvidence | undefined;
  readonly feedback: readonly RememberedVerdict[];
}

/** What one feedback call does to the rows and to the beliefs; to be written in one transaction. */
export interface VerdictChange {
  readonly upsert?: RememberedVerdict;
  readonly removeSourceName?: string;
  /** The verdict that counts from now on; undefined when none does. */
  readonly counted: QualityEvidence | undefined;
  /** Whether `counted` is the automatic one. */
  readonly automaticCounts: boolean;
  /** Empty when nothing that counts has changed. */
  readonly deltas: readonly BeliefDelta[];
  /** What changes on the accounts of the daily cap. */
  readonly bookings: readonly Booking[];
  /** The verdict is remembered and moves nothing: its key has moved this belief enough today. */
  readonly isOverCap: boolean;
}

/**
 * Takes in a verdict from outside: replaces the one of the same source name. The same verdict again changes nothing at
 * all, not even its age, so a retried call cannot move the beliefs.
 *
 * @param cap what the key that speaks may still move today; undefined for verdicts that no key gave
 */
export function changeByFeedback(
  evidence: AnswerEvidence,
  feedback: FeedbackVerdict & { readonly comment: string; readonly signals: string },
  nowMs: number,
  cap?: DailyCap,
): VerdictChange {
  const latestMs = evidence.feedback.reduce((latest, { updatedAtMs }) => Math.max(latest, updatedAtMs), 0);
  const known = evidence.feedback.find(({ sourceName }) => sourceName === feedback.sourceName);
  if (known !== undefined && saysTheSame(known, feedback)) {
    return { ...changeTo(evidence, evidence.feedback), isOverCap: known.weight === 0 };
  }
  // A forced choice teaches nothing: what is said of it takes no room.
  const booked = bookVerdict(
    known,
    EVIDENCE_WEIGHTS[feedback.source],
    teachesQuality(evidence.reason) ? cap : undefined,
  );
  const verdict: RememberedVerdict = {
    requestId: evidence.requestId,
    ...feedback,
    weight: booked.weight,
    updatedAtMs: Math.max(nowMs, latestMs + 1),
    chargedTo: booked.chargedTo,
  };
  const others = evidence.feedback.filter((other) => other !== known);
  return {
    ...changeTo(evidence, [...others, verdict]),
    upsert: verdict,
    bookings: booked.bookings,
    isOverCap: booked.weight === 0,
  };
}

/** Takes back what a source said. A source that said nothing changes nothing. */
export function changeByRemoval(evidence: AnswerEvidence, sourceName: string): VerdictChange {
  const others = evidence.feedback.filter((verdict) => verdict.sourceName !== sourceName);
  if (others.length === evidence.feedback.length) return changeTo(evidence, evidence.feedback);
  const removed = evidence.feedback.find((verdict) => verdict.sourceName === sourceName);
  return {
    ...changeTo(evidence, others),
    removeSourceName: sourceName,
    bookings: unbookVerdict(removed),
  };
}

/**
 * The one verdict that counts: the strongest source, the most recent among equals, the automatic one where nothing
 * as strong came from outside; one over the daily cap counts for nothing. Undefined for forced choices, which teach nothing about quality.
 */
export function countedVerdict(
  evidence: Pick<AnswerEvidence, 'reason' | 'automatic' | 'feedback'>,
): NamedVerdict | undefined {
  if (!teachesQuality(evidence.reason)) return undefined;
  let counted: NamedVerdict | undefined = evidence.automatic;
  let countedAtMs = Number.NEGATIVE_INFINITY;
  for (const verdict of evidence.feedback) {
    if (verdict.weight === 0) continue;
    const isStronger = counted === undefined || strengthOf(verdict) > strengthOf(counted);
    const isNewer =
      counted !== undefined &&
      strengthOf(verdict) === strengthOf(counted) &&
      verdict.updatedAtMs >= countedAtMs;
    if (!isStronger && !isNewer) continue;
    counted = verdict;
    countedAtMs = verdict.updatedAtMs;
  }
  return counted;
}

function changeTo(evidence: AnswerEvidence, feedback: readonly RememberedVerdict[]): VerdictChange {
  const before = countedVerdict(evidence);
  const after = countedVerdict({ ...evidence, feedback });
  const deltas: BeliefDelta[] = [];
  if (!countsTheSame(before, after)) {
    if (before !== undefined) deltas.push(negated(qualityDelta(evidence, before)));
    if (after !== undefined) deltas.push(qualityDelta(evidence, after));
  }
  const pairsBefore = agreementDeltas(evidence, before);
  const pairsAfter = agreementDeltas({ ...evidence, feedback }, after);
  deltas.push(
    ...pairsBefore.filter((pair) => !pairsAfter.some((other) => isSamePair(pair, other))).map(negated),
  );
  deltas.push(...pairsAfter.filter((pair) => !pairsBefore.some((other) => isSamePair(pair, other))));
  return {
    counted: after && { source: after.source, quality: after.quality, weight: after.weight },
    automaticCounts: after !== undefined && after === evidence.automatic,
    deltas,
    bookings: [],
    isOverCap: false,
  };
}

function isSamePair(one: BeliefDelta, other: BeliefDelta): boolean {
  return (
    one.kind === other.kind &&
    one.subject === other.subject &&
    one.a === other.a &&
    one.b === other.b &&
    one.c === other.c
  );
}

function strengthOf(verdict: QualityEvidence): number {
  return EVIDENCE_SOURCES.indexOf(verdict.source);
}

function countsTheSame(one: NamedVerdict | undefined, other: NamedVerdict | undefined): boolean {
  if (one?.source === 'judge' && one.sourceName !== other?.sourceName) return false;
  return one?.source === other?.source && one?.quality === other?.quality && one?.weight === other?.weight;
}

function saysTheSame(
  one: RememberedVerdict,
  other: Pick<RememberedVerdict, 'source' | 'quality' | 'comment' | 'signals'>,
): boolean {
  return (
    one.source === other.source &&
    one.quality === other.quality &&
    one.comment === other.comment &&
    one.signals === other.signals
  );
}
