import type { AnswerFacts } from '../../../core/outcome/answer-facts.ts';
import { isObject } from '../../../core/wire/json-value.ts';

/** Of an answer that holds no text to be checked. */
export const NO_FACTS: AnswerFacts = Object.freeze({
  finishReason: '',
  text: '',
  isTextWhole: true,
  toolCalls: Object.freeze([]) as readonly never[],
});

/** An answer's body as a JSON object, or what is wrong with it, in words that follow "answered with". */
export function readJsonAnswer(body: Buffer): Readonly<Record<string, unknown>> | string {
  if (body.length === 0) return 'an empty body';
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return 'something that is not JSON';
  }
  if (!isObject(json)) return 'JSON that is no object';
  const { error } = json;
  // Some servers send it empty in every answer.
  const isError = isObject(error) || (typeof error === 'string' && error !== '');
  return isError ? 'an error under a status of success' : json;
}
