import type { ChatRequest } from './chat-request.ts';
import { hashOf } from './draw.ts';

/** Shortest prompt that is cached, as at the providers who do this. */
const LEAST_TOKENS = 1024;
const STEP_TOKENS = 128;
/** Conversations remembered. */
const MOST_ENTRIES = 2_000;

/**
 * Remembers beginnings of conversations per model, so that a longer one with the same beginning is partly served
 * "from the cache": what makes it worth while to stay on a model.
 *
 * @returns tokens of this prompt that were seen before, a multiple of 128; it is remembered from now on.
 */
export function createPromptCache(): (request: ChatRequest) => number {
  const prefixToTokens = new Map<number, number>();

  return ({ model, messages, promptTokens }) => {
    if (promptTokens < LEAST_TOKENS) return 0;
    let hash = hashOf(model.id);
    let seenTokens = 0;
    for (const message of messages) {
      hash = hashOf(JSON.stringify(message), hash);
      seenTokens = prefixToTokens.get(hash) ?? seenTokens;
    }
    prefixToTokens.set(hash, promptTokens);
    const oldest = prefixToTokens.keys().next().value;
    if (prefixToTokens.size > MOST_ENTRIES && oldest !== undefined) prefixToTokens.delete(oldest);
    return Math.floor(Math.min(seenTokens, promptTokens) / STEP_TOKENS) * STEP_TOKENS;
  };
}
