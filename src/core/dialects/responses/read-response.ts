import type { AnswerFacts } from '../../outcome/answer-facts.ts';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../../wire/json-value.ts';

/** What the checks look at in a response that a provider gave itself. */
export function factsOfResponse(response: JsonObject): AnswerFacts {
  const items = listOf(response.output).filter(isObject);
  const parts = items
    .filter(({ type }) => type === 'message')
    .flatMap(({ content }) => listOf(content).filter(isObject));
  const toolCalls = items
    .filter(({ type }) => type === 'function_call')
    .map((call) => ({ name: textOf(call.name), arguments: textOf(call.arguments) }));
  const refusal = parts.map((part) => textOf(part.refusal)).join('');
  return {
    finishReason: finishReasonOf(response, toolCalls.length > 0),
    text: parts.map((part) => textOf(part.text)).join(''),
    isTextWhole: true,
    toolCalls,
    ...(refusal === '' ? {} : { refusal }),
  };
}

function finishReasonOf(response: JsonObject, hasCalls: boolean): string {
  if (response.status !== 'incomplete') return hasCalls ? 'tool_calls' : 'stop';
  const { reason } = objectOf(response.incomplete_details);
  return reason === 'content_filter' ? 'content_filter' : 'length';
}

/** @returns what is wrong with a whole response, in words that follow "answered with" */
export function flawOfResponse(json: unknown): string | undefined {
  if (!isObject(json)) return 'JSON that is no object';
  if (json.object !== 'response' || !Array.isArray(json.output)) return 'no response';
  if (json.status !== 'completed' && json.status !== 'incomplete') return 'a response that failed';
  return undefined;
}

/** An event that carries a piece of the answer. Those before only announce one. */
export function carriesPiece(type: string): boolean {
  return type.endsWith('.delta') || type === 'response.output_item.done';
}
