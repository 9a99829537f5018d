import { isObject, type JsonObject, listOf, textOf } from '../../wire/json-value.ts';
import type { ChatSaying } from '../chat-answer.ts';
import type { ResponseStatus } from './response-object.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** The id of a response, made of the request's: whoever has one has the other. */
export function responseIdOf(requestId: string): string {
  return `resp_${requestId}`;
}

/** @returns undefined for an id that was not made here */
export function requestIdOf(responseId: string): string | undefined {
  return /^resp_([A-Za-z0-9_-]{1,64})$/.exec(responseId)?.[1];
}

const PREFIXES = { message: 'msg', function_call: 'fc', reasoning: 'rs' } as const;

/** The id of an output item: it tells the request and the place, so that a reference to it can be followed. */
export function itemIdOf(type: keyof typeof PREFIXES, requestId: string, outputIndex: number): string {
  return `${PREFIXES[type]}_${requestId}_${outputIndex}`;
}

/** @returns undefined for an id that was not made here */
export function placeOfItem(itemId: string): { requestId: string; outputIndex: number } | undefined {
  const [, requestId, place] = /^(?:msg|fc|rs)_([A-Za-z0-9_-]{1,64})_(\d{1,4})$/.exec(itemId) ?? [];
  return requestId === undefined ? undefined : { requestId, outputIndex: Number(place) };
}

export function reasoningItem(id: string, text: string, status: ItemStatus): object {
  const summary = text === '' ? [] : [{ type: 'summary_text', text }];
  return { id, type: 'reasoning', summary, encrypted_content: null, status };
}

export function messageItem(id: string, content: readonly object[], status: ItemStatus): object {
  return { id, type: 'message', role: 'assistant', status, content };
}

export function functionCallItem(
  id: string,
  call: { readonly callId: string; readonly name: string; readonly arguments: string },
  status: ItemStatus,
): object {
  const { callId, name } = call;
  return { id, type: 'function_call', call_id: callId, name, arguments: call.arguments, status };
}

export function textPart(text: string, logprobs: readonly object[]): object {
  return { type: 'output_text', text, annotations: [], logprobs };
}

export function refusalPart(refusal: string): object {
  return { type: 'refusal', refusal };
}

/** What a finish reason of chat means for a response. */
export function endingOf(finishReason: string): {
  readonly status: ResponseStatus & ItemStatus;
  readonly incompleteReason: 'max_output_tokens' | 'content_filter' | undefined;
} {
  if (finishReason === 'length') return { status: 'incomplete', incompleteReason: 'max_output_tokens' };
  if (finishReason === 'content_filter') return { status: 'incomplete', incompleteReason: 'content_filter' };
  return { status: 'completed', incompleteReason: undefined };
}

/** Log probabilities with the bytes that the document asks for. */
export function logprobsOf(entries: ChatSaying['logprobs']): object[] {
  return entries.map((entry) => ({
    ...tokenOf(entry),
    top_logprobs: listOf(entry.top_logprobs).filter(isObject).map(tokenOf),
  }));
}

function tokenOf(entry: JsonObject): object {
  const token = textOf(entry.token);
  const logprob = typeof entry.logprob === 'number' ? entry.logprob : 0;
  const bytes = listOf(entry.bytes).filter(Number.isInteger);
  return { token, logprob, bytes: bytes.length > 0 ? bytes : [...Buffer.from(token)] };
}
