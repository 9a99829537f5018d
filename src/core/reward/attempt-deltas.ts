import type { BeliefDelta, QualityEvidence } from '../learning/delta.ts';
import { ENDINGS, type Ending } from '../outcome/endings.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { teachesQuality } from './evidence-weight.ts';
import { qualityDelta } from './verdict.ts';

/** What the row of an ended attempt and its request hold, as far as learning reads it. */
export interface AttemptOutcome {
  readonly modelId: string;
  readonly endpointId: string;
  readonly task: AnyTask;
  /** Epoch of the model's belief at decision time. */
  readonly epoch: number;
  /** Epoch of the endpoint's speed at decision time. */
  readonly endpointEpoch: number;
  /** Of the request: `explicit`, `auto`, `explore`, … */
  readonly reason: string;
  readonly isStream: boolean;
  /** It came in one piece, and its whole time counts as that to its first byte (`RequestProfile.isTimedWhole`). */
  readonly isTimedWhole?: boolean;
  readonly ending: Ending;
  /** Of all choices together. */
  readonly outputTokens: number;
  /** Choices asked for (`n`), at least 1. */
  readonly choices: number;
  readonly ttftMs: number;
  readonly latencyMs: number;
  readonly automatic: QualityEvidence | undefined;
}

/** Shorter unary answers are mostly waiting for the first token: divided by their tokens they say nothing. */
const MIN_UNARY_TOKENS = 16;

/** 20,000 tokens a second: beyond any model, so the "stream" was held back somewhere and came in one piece. */
const MIN_MS_PER_TOKEN = 0.05;

/**
 * What one ended attempt adds to the beliefs: a pure function of its row, so the beliefs can be rebuilt from the rows.
 *
 * Quality counts the automatic verdict, unless the client forced the model. Cost (tokens) and latency are learnt from
 * every completed answer, availability from every ending that speaks about the endpoint. Endings that teach nothing
 * give an empty list, whatever else the row says.
 */
export function deltasOfEnding(attempt: AttemptOutcome): BeliefDelta[] {
  const { learnt } = ENDINGS[attempt.ending];
  if (learnt === 'nothing') return [];
  const deltas: BeliefDelta[] = [];
  if (attempt.automatic !== undefined && teachesQuality(attempt.reason)) {
    deltas.push(qualityDelta(attempt, attempt.automatic));
  }
  // What a judge says is short by order: as sizes and paces of answers it would mislead.
  if (learnt === 'completed' && attempt.reason !== 'judge') addMeasured(deltas, attempt);
  const hasAnswered = learnt === 'completed';
  deltas.push(endpointDelta(attempt, 'availability', hasAnswered ? 1 : 0, hasAnswered ? 0 : 1, 0));
  return deltas;
}

function addMeasured(deltas: BeliefDelta[], attempt: AttemptOutcome): void {
  const { task, epoch, modelId } = attempt;
  const outputTokens = tokensOfOneChoice(attempt);
  if (outputTokens >= 1 && Number.isFinite(outputTokens)) {
    const log = Math.log(outputTokens);
    deltas.push({ kind: 'tokens', subject: modelId, task, source: '', epoch, a: 1, b: log, c: log * log });
  }
  const { ttftMs, msPerToken } = timesOf(attempt);
  if (ttftMs > 0) deltas.push(logDelta(attempt, 'ttft', ttftMs));
  if (msPerToken > 0) deltas.push(logDelta(attempt, 'token_time', msPerToken));
}

/** What is expected of a request is the expectation of one choice times their number; choices are written side by side. */
function tokensOfOneChoice({ outputTokens, choices }: AttemptOutcome): number {
  return choices > 1 ? outputTokens / choices : outputTokens;
}

/**
 * A stream shows its first token and the pace after it. A unary answer's headers come when it is whole: taken as time
 * to first token they would poison it by a factor of ten and more, so it teaches only the pace, slightly too slow by
 * the wait it contains. 0 = nothing to be learnt.
 */
function timesOf(attempt: AttemptOutcome): { ttftMs: number; msPerToken: number } {
  const { ttftMs, latencyMs } = attempt;
  if (attempt.isTimedWhole) {
    return { ttftMs: latencyMs > 0 && Number.isFinite(latencyMs) ? latencyMs : 0, msPerToken: 0 };
  }
  const outputTokens = tokensOfOneChoice(attempt);
  const isTimed = latencyMs > 0 && Number.isFinite(latencyMs) && Number.isFinite(outputTokens);
  if (attempt.isStream && isTimed && ttftMs > 0 && ttftMs <= latencyMs) {
    if (outputTokens < 2) return { ttftMs, msPerToken: 0 };
    const msPerToken = (latencyMs - ttftMs) / (outputTokens - 1);
    if (msPerToken >= MIN_MS_PER_TOKEN) return { ttftMs, msPerToken };
  }
  const isLongEnough = isTimed && outputTokens >= MIN_UNARY_TOKENS;
  return { ttftMs: 0, msPerToken: isLongEnough ? latencyMs / outputTokens : 0 };
}

function logDelta(attempt: AttemptOutcome, kind: 'ttft' | 'token_time', value: number): BeliefDelta {
  const log = Math.log(value);
  return endpointDelta(attempt, kind, 1, log, log * log);
}

/** Written out: putting a delta together from two spread objects takes V8 4 µs. */
function endpointDelta(
  attempt: AttemptOutcome,
  kind: 'ttft' | 'token_time' | 'availability',
  a: number,
  b: number,
  c: number,
): BeliefDelta {
  const { endpointId: subject, task, endpointEpoch: epoch } = attempt;
  return { kind, subject, task, source: '', epoch, a, b, c };
}
