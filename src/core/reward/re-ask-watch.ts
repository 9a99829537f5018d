import { isNearlyTheSame, SKETCH_STRIDE, sketchAsk } from './ask-sketch.ts';

/** Asks remembered, the latest: 2 MB in all. At 270 requests a second they reach back a minute. */
const MAX_ASKS = 16_384;
/** Nobody reads an answer and asks again within a second: what does is a program. */
const LEAST_WAIT_MS = 1_000;
/** A program goes on for ever; a person gives up. */
const MAX_REPEATS = 3;

/** The ask of a request that is not watched. */
export const NOT_WATCHED = 0;

export interface Ask {
  /** Hash of what this ask is found by: its session, or all that was said up to and with it. */
  readonly thread: number;
  /** Hash of what the ask before it was found by; undefined when this one opens its conversation. */
  readonly former: number | undefined;
  /** What the user says now. Nothing of it is kept but a sketch. */
  readonly text: string;
}

/**
 * Notices when somebody asks nearly the same again soon after an answer: a hint that the answer was of no use. Keeps
 * sketches and hashes, in bounded memory. Never throws.
 */
export interface ReAskWatch {
  /** Of all its hashes. */
  readonly seed: number;
  /** Remembers an ask. The number stands for it in the other calls. */
  ask(ask: Ask, nowMs: number): number;
  /** The request whose answer this ask rejects, if it does. */
  rejectedBy(ask: number): string | undefined;
  /** The ask got its whole answer. */
  answered(ask: number, requestId: string, nowMs: number): void;
  /** The request is over. An ask without an answer is forgotten: whoever tries again then, retries. */
  ended(ask: number): void;
}

/**
 * @param options.seed      of the hashes
 * @param options.windowMs  how soon after the answer an ask counts as one again; 0: nothing is watched
 */
export function createReAskWatch(options: {
  readonly seed: number;
  readonly windowMs: () => number;
}): ReAskWatch {
  const { seed, windowMs } = options;
  const threadToAsk = new Map<number, number>();
  const sketches = new Int32Array(MAX_ASKS * SKETCH_STRIDE);
  const asks = new Float64Array(MAX_ASKS);
  const threads = new Float64Array(MAX_ASKS);
  /** 0 while there is no answer. */
  const answeredAtMs = new Float64Array(MAX_ASKS);
  const repeats = new Uint8Array(MAX_ASKS);
  /** 1 where the same was asked again before the answer came: many at once are a batch, and nobody's regret. */
  const isBatch = new Uint8Array(MAX_ASKS);
  const requestIds = new Array<string | undefined>(MAX_ASKS).fill(undefined);
  const rejected = new Array<string | undefined>(MAX_ASKS).fill(undefined);
  let latest = NOT_WATCHED;

  const slotOf = (ask: number): number => {
    const slot = ask % MAX_ASKS;
    return ask !== NOT_WATCHED && asks[slot] === ask ? slot : -1;
  };

  function takeSlot(thread: number): number {
    latest += 1;
    const slot = latest % MAX_ASKS;
    const oldThread = threads[slot] as number;
    if (threadToAsk.get(oldThread) === asks[slot]) threadToAsk.delete(oldThread);
    asks[slot] = latest;
    threads[slot] = thread;
    answeredAtMs[slot] = 0;
    repeats[slot] = 0;
    isBatch[slot] = 0;
    requestIds[slot] = undefined;
    rejected[slot] = undefined;
    return slot;
  }

  /** What an earlier ask means for this one. */
  function compare(slot: number, earlier: number, isSameTalk: boolean, nowMs: number): void {
    if (!isNearlyTheSame(sketches, slot * SKETCH_STRIDE, earlier * SKETCH_STRIDE)) return;
    const earlierAnsweredMs = answeredAtMs[earlier] as number;
    const count = (repeats[earlier] as number) + 1;
    repeats[slot] = Math.min(count, 255);
    isBatch[slot] = isBatch[earlier] as number;
    if (earlierAnsweredMs === 0) {
      isBatch[slot] = 1;
      isBatch[earlier] = 1;
      return;
    }
    const waitMs = nowMs - earlierAnsweredMs;
    if (isBatch[slot] === 1 || count > MAX_REPEATS || !isSameTalk) return;
    if (waitMs >= LEAST_WAIT_MS && waitMs <= windowMs()) rejected[slot] = requestIds[earlier];
  }

  return {
    seed,
    ask({ thread, former, text }, nowMs) {
      if (!(windowMs() > 0)) return NOT_WATCHED;
      const earlierAsk =
        (former === undefined ? undefined : threadToAsk.get(former)) ?? threadToAsk.get(thread);
      const earlier = earlierAsk === undefined ? -1 : slotOf(earlierAsk);
      const slot = takeSlot(thread);
      sketchAsk(text, seed, sketches, slot * SKETCH_STRIDE);
      if (earlier >= 0 && earlier !== slot) compare(slot, earlier, former !== undefined, nowMs);
      threadToAsk.set(thread, latest);
      return latest;
    },
    rejectedBy: (ask) => {
      const slot = slotOf(ask);
      return slot < 0 ? undefined : rejected[slot];
    },
    answered(ask, requestId, nowMs) {
      const slot = slotOf(ask);
      if (slot < 0) return;
      answeredAtMs[slot] = nowMs;
      requestIds[slot] = requestId;
    },
    ended(ask) {
      const slot = slotOf(ask);
      if (slot < 0 || answeredAtMs[slot] !== 0) return;
      const thread = threads[slot] as number;
      if (threadToAsk.get(thread) === ask) threadToAsk.delete(thread);
    },
  };
}
