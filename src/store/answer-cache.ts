import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** An answer as it is given again. */
export interface CachedAnswer {
  /** Of a unary answer the body, of a stream its events; with costs of 0. */
  readonly bytes: Buffer;
  /** The short account of who answered, by header. */
  readonly headers: Readonly<Record<string, string>>;
  readonly modelId: string;
  readonly provider: string;
  /** The request that it was given to first: what can be explained and rated. */
  readonly requestId: string;
  /** What it cost then, and is not paid again. */
  readonly costMicroUsd: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/**
 * Answers that are given again to the very same request, in memory only and within bounds: the least recently asked for
 * leave first. What was asked is kept as a hash alone.
 */
export interface AnswerCache {
  /** A hash over all parts, in their order. */
  keyOf(parts: Iterable<string | Buffer>): string;
  get(key: string): CachedAnswer | undefined;
  /** An answer larger than `maxAnswerBytes` is not kept. */
  set(key: string, answer: CachedAnswer): void;
  readonly maxAnswerBytes: number;
  standing(): { readonly answers: number; readonly bytes: number };
}

/** Headers, key and bookkeeping of one answer, bytes. */
const ENTRY_BYTES = 1_024;
/** One answer gets at most this share of the bound, so that it does not push out all others. */
const LARGEST_SHARE = 1 / 8;

export function createAnswerCache(options: {
  readonly ttlMs: number;
  readonly maxBytes: number;
  readonly monotonicMs: () => number;
}): AnswerCache {
  const maxAnswerBytes = Math.floor(options.maxBytes * LARGEST_SHARE);
  const keyToAnswer = new LRUCache<string, CachedAnswer>({
    maxSize: options.maxBytes,
    sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
    ttl: options.ttlMs,
    ttlResolution: 0,
    perf: { now: options.monotonicMs },
  });
  return {
    keyOf(parts) {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part).update('\0');
      return hash.digest('base64');
    },
    get: (key) => keyToAnswer.get(key),
    set(key, answer) {
      if (answer.bytes.length > maxAnswerBytes) return;
      // Of memory of its own: a slice would keep the whole buffer that it was cut from.
      const bytes = Buffer.alloc(answer.bytes.length);
      answer.bytes.copy(bytes);
      keyToAnswer.set(key, { ...answer, bytes });
    },
    maxAnswerBytes,
    standing: () => ({ answers: keyToAnswer.size, bytes: keyToAnswer.calculatedSize }),
  };
}
