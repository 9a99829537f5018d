import type { Tongue } from '../../core/catalog/model.ts';
import { listOf, recordOf } from './chat-request.ts';

/**
 * Whether this event ends an answer. The packages tell the finish reason of Gemini and of Bedrock only once the
 * connection is closed: a server that breaks it off, or holds it, after the last event would otherwise spoil a whole
 * answer. Anthropic's end is told as it comes.
 */
export function isEndOfAnswer(event: unknown, tongue: Tongue): boolean {
  if (tongue === 'bedrock') return recordOf(event).messageStop !== undefined;
  if (tongue !== 'google') return false;
  const reason = recordOf(listOf(recordOf(event).candidates)[0]).finishReason;
  return typeof reason === 'string' && reason !== 'CONTINUATION';
}
