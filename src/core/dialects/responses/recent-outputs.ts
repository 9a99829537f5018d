import { listOf, objectOf } from '../../wire/json-value.ts';
import { requestIdOf } from './output-items.ts';

/** Characters of all outputs together; a character is one or two bytes. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

interface Kept {
  readonly keyId: string;
  /** JSON of the output: a tenth of the objects' size. */
  readonly output: string;
  readonly keptAtMs: number;
}

/**
 * The output of the latest responses, in memory only, so that a client may send a reference to an item instead of the
 * item, as some do unless told otherwise. Oldest first out, by age and by size.
 */
export interface RecentOutputs {
  put(response: object, keyId: string, nowMs: number): void;
  /** @returns undefined when it is not kept (any more), or belongs to another key */
  outputOf(requestId: string, keyId: string, nowMs: number): readonly unknown[] | undefined;
}

/** @param keptMs how long; 0 keeps nothing */
export function createRecentOutputs(
  keptMs: () => number,
  maxCharacters: number = MAX_CHARACTERS,
): RecentOutputs {
  const byRequestId = new Map<string, Kept>();
  let characters = 0;

  function dropOldest(nowMs: number): void {
    for (const [requestId, { output, keptAtMs }] of byRequestId) {
      if (characters <= maxCharacters && nowMs - keptAtMs < keptMs()) return;
      byRequestId.delete(requestId);
      characters -= output.length;
    }
  }

  return {
    put(response, keyId, nowMs) {
      const { id, output } = objectOf(response);
      const requestId = requestIdOf(String(id));
      if (keptMs() <= 0 || requestId === undefined) return;
      const former = byRequestId.get(requestId);
      // An answer out of the cache bears the id that its client chose, and that may be another key's.
      if (former !== undefined && former.keyId !== keyId) return;
      if (former !== undefined) characters -= former.output.length;
      byRequestId.delete(requestId);
      const kept: Kept = { keyId, output: JSON.stringify(output), keptAtMs: nowMs };
      byRequestId.set(requestId, kept);
      characters += kept.output.length;
      dropOldest(nowMs);
    },
    outputOf(requestId, keyId, nowMs) {
      dropOldest(nowMs);
      const kept = byRequestId.get(requestId);
      return kept?.keyId === keyId ? listOf(JSON.parse(kept.output)) : undefined;
    },
  };
}
