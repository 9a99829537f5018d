import type { QualityEvidence } from '../learning/delta.ts';
import type { AnswerFacts } from '../outcome/answer-facts.ts';
import type { AnswerExpectation } from './answer-expectation.ts';
import { isJsonAsAsked, MAX_EXAMINED_CHARACTERS } from './check-json.ts';
import { areToolCallsAsAsked } from './check-tool-calls.ts';
import { EVIDENCE_WEIGHTS, HEURISTIC_PASS_WEIGHT, TRUNCATED_QUALITY } from './evidence-weight.ts';
import { isRefusal } from './refusal.ts';
import { isRepetitive } from './repetition.ts';

const AS_ASKED: QualityEvidence = { source: 'check', quality: 1, weight: EVIDENCE_WEIGHTS.check };
const NOT_AS_ASKED: QualityEvidence = { source: 'check', quality: 0, weight: EVIDENCE_WEIGHTS.check };
const FAULTY: QualityEvidence = { source: 'heuristic', quality: 0, weight: EVIDENCE_WEIGHTS.heuristic };
const TRUNCATED: QualityEvidence = { ...FAULTY, quality: TRUNCATED_QUALITY };
/** An answer in which no fault was found. */
export const PASSED: QualityEvidence = { source: 'heuristic', quality: 1, weight: HEURISTIC_PASS_WEIGHT };

/**
 * The automatic verdict on a completed answer; undefined when it says nothing about the model (cut off at the client's
 * own bound).
 *
 * What the client asked for and a program can decide is a `check` of full weight: JSON, JSON of a schema, tool calls.
 * It holds whatever the cause: a refusal where JSON was asked is no JSON. The rest are heuristics: empty, filtered,
 * cut off, refused, looping. An answer that merely shows no fault counts `HEURISTIC_PASS_WEIGHT`.
 *
 * Looks at 64 KB at most; a plain answer of 1 KB takes about 3 µs.
 */
export function checkAnswer(expectation: AnswerExpectation, facts: AnswerFacts): QualityEvidence | undefined {
  const isCut = facts.finishReason === 'length';
  if (isCut && expectation.maxTokensBound !== undefined) return undefined;
  const isAsAsked =
    areToolCallsAsAsked(expectation, facts) ??
    (facts.toolCalls.length > 0
      ? undefined
      : isJsonAsAsked(expectation.responseFormat, facts.text, facts.isTextWhole));
  if (isAsAsked !== undefined) return isAsAsked ? AS_ASKED : NOT_AS_ASKED;
  if (facts.finishReason === 'content_filter' || hasRefusal(facts) || isEmpty(facts)) return FAULTY;
  if (isRefusal(facts.text) || isRepetitive(facts.text)) return FAULTY;
  return isCut ? TRUNCATED : PASSED;
}

function hasRefusal(facts: AnswerFacts): boolean {
  return facts.refusal !== undefined && facts.refusal !== '';
}

function isEmpty(facts: AnswerFacts): boolean {
  return facts.toolCalls.length === 0 && !/\S/.test(facts.text.slice(0, MAX_EXAMINED_CHARACTERS));
}
