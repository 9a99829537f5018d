import type { CarriedRequest } from '../../core/wire/cannot-carry.ts';
import { isRecord } from '../openai/read-answer.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A chat request's body, read again from its bytes: `http/` has checked it, so its members are as OpenAI says. */
export type ChatRequest = CarriedRequest & JsonRecord;

/** @throws SyntaxError, TypeError never for a body that this gateway wrote */
export function readChatRequest(body: Buffer): ChatRequest {
  const json: unknown = JSON.parse(body.toString('utf8'));
  if (!isRecord(json) || !isMessageList(json)) throw new TypeError('a chat request without messages');
  return json;
}

function isMessageList(json: JsonRecord): json is ChatRequest {
  return Array.isArray(json.messages);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
