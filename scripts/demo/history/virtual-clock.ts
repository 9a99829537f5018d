/** The time that the demo's gateway lives in. It stands still but for those who move it. */
export interface VirtualClock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds since the clock was made. */
  monotonicMs(): number;
  advance(ms: number): void;
  /** Never back: what is over by then happens at once. */
  moveTo(atMs: number): void;
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  const moveTo = (atMs: number) => {
    nowMs = Math.max(nowMs, atMs);
  };
  return {
    // Whole ones, as everywhere: what is stored are integers.
    nowMs: () => Math.floor(nowMs),
    monotonicMs: () => nowMs - startMs,
    advance: (ms) => moveTo(nowMs + ms),
    moveTo,
  };
}
