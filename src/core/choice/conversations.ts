import type { Price } from '../catalog/model.ts';

/** Follow-ups that "half of the former prompt is still cached" is worth, before an endpoint has shown its share. */
const FIRST_SHARE = 0.5;
const FIRST_STRENGTH = 2;
/** So that a share can still move after months. */
const STRENGTH_LIMIT = 200;

/** Where the last answer of a conversation came from. */
export interface ConversationPlace {
  readonly endpointId: string;
  /** Tokens of its last prompt: what may still be cached. */
  readonly inputTokens: number;
  readonly answeredAtMs: number;
}

/**
 * Where conversations are while their prompts may be cached: in memory, the latest ones, each for a time. Forgotten at
 * a restart, which costs a cold cache at most.
 */
export interface Conversations {
  /** Undefined when nothing is known of it, or too long ago. */
  readonly placeOf: (conversation: string, nowMs: number) => ConversationPlace | undefined;
  /** An answer came: the conversation is there now. */
  readonly answered: (
    conversation: string,
    answer: {
      readonly endpointId: string;
      readonly inputTokens: number;
      readonly cachedInputTokens: number;
      readonly nowMs: number;
    },
  ) => void;
  /** What the cache saves there, USD, if the next prompt has so many tokens; 0 where cached tokens cost the same. */
  readonly warmCacheUsd: (place: ConversationPlace, inputTokens: number, price: Price) => number;
  readonly count: () => number;
}

interface WarmShare {
  sum: number;
  count: number;
}

/** @param limits read at each use, as they may change with the configuration */
export function createConversations(limits: {
  /** How long after its last answer a cache counts as warm; 0: never. */
  readonly ttlMs: () => number;
  readonly maxCount: () => number;
}): Conversations {
  /** The longest unheard of comes first. */
  const keyToPlace = new Map<string, ConversationPlace>();
  const endpointToShare = new Map<string, WarmShare>();

  function placeOf(conversation: string, nowMs: number): ConversationPlace | undefined {
    const place = keyToPlace.get(conversation);
    if (place === undefined) return undefined;
    if (nowMs - place.answeredAtMs < limits.ttlMs()) return place;
    keyToPlace.delete(conversation);
    return undefined;
  }

  /** Share of the former prompt that its follow-up found cached. */
  function learnShare(endpointId: string, share: number): void {
    let known = endpointToShare.get(endpointId);
    if (known === undefined) {
      known = { sum: FIRST_SHARE * FIRST_STRENGTH, count: FIRST_STRENGTH };
      endpointToShare.set(endpointId, known);
    }
    if (known.count >= STRENGTH_LIMIT) {
      known.sum *= 1 - 1 / STRENGTH_LIMIT;
      known.count *= 1 - 1 / STRENGTH_LIMIT;
    }
    known.sum += share;
    known.count += 1;
  }

  function forgetSome(nowMs: number): void {
    for (const [conversation, place] of keyToPlace) {
      const isOver = nowMs - place.answeredAtMs >= limits.ttlMs();
      if (!isOver && keyToPlace.size <= limits.maxCount()) return;
      keyToPlace.delete(conversation);
    }
  }

  return {
    placeOf,
    answered: (conversation, { endpointId, inputTokens, cachedInputTokens, nowMs }) => {
      if (!(limits.ttlMs() > 0) || !(inputTokens > 0)) return;
      const before = placeOf(conversation, nowMs);
      if (before?.endpointId === endpointId) {
        learnShare(endpointId, Math.min(1, cachedInputTokens / Math.min(before.inputTokens, inputTokens)));
      }
      keyToPlace.delete(conversation);
      keyToPlace.set(conversation, { endpointId, inputTokens, answeredAtMs: nowMs });
      forgetSome(nowMs);
    },
    warmCacheUsd: ({ endpointId, inputTokens: formerTokens }, inputTokens, price) => {
      const known = endpointToShare.get(endpointId);
      const share = known === undefined ? FIRST_SHARE : known.sum / known.count;
      const discount = price.inputUsdPerMillion - price.cachedInputUsdPerMillion;
      return discount > 0 ? share * Math.min(formerTokens, inputTokens) * discount * 1e-6 : 0;
    },
    count: () => keyToPlace.size,
  };
}
