/** The second it began in and the sixty after it: what is added counts for 60 to 61 seconds. */
const SECONDS = 61;
const SECOND_MS = 1000;

/** How much was used in the last minute, by the second. Times are monotonic milliseconds that never fall. */
export interface MinuteWindow {
  used(nowMs: number): number;
  add(amount: number, nowMs: number): void;
  /** Takes some of what was added at `atMs` back, unless it counts no more by now. */
  takeBack(amount: number, atMs: number, nowMs: number): void;
  /** Milliseconds until `amount` fits below `limit`; Infinity when it never does. */
  waitMs(amount: number, limit: number, nowMs: number): number;
  /** Milliseconds until nothing counts any more. */
  emptyInMs(nowMs: number): number;
}

/**
 * A sliding window: in no sixty seconds, wherever they begin, is more used than the limit that is held against it.
 * Windows that begin anew each minute let twice the limit through around their edges. Amounts are whole numbers below
 * 2^53, so the running sum is exact.
 */
export function createMinuteWindow(): MinuteWindow {
  const secondToAmount = new Float64Array(SECONDS);
  let newest = 0;
  let sum = 0;

  /** Forgets what is over. */
  function advance(nowMs: number): number {
    const now = Math.floor(nowMs / SECOND_MS);
    if (now > newest) {
      if (sum > 0) {
        if (now - newest >= SECONDS) {
          secondToAmount.fill(0);
          sum = 0;
        } else {
          for (let second = newest + 1; second <= now; second += 1) {
            const place = second % SECONDS;
            sum -= secondToAmount[place] as number;
            secondToAmount[place] = 0;
          }
        }
      }
      newest = now;
    }
    return newest;
  }

  const endsInMs = (second: number, nowMs: number) => Math.max(0, (second + SECONDS) * SECOND_MS - nowMs);

  return {
    used(nowMs) {
      advance(nowMs);
      return sum;
    },
    add(amount, nowMs) {
      const place = advance(nowMs) % SECONDS;
      secondToAmount[place] = (secondToAmount[place] as number) + amount;
      sum += amount;
    },
    takeBack(amount, atMs, nowMs) {
      const second = Math.floor(atMs / SECOND_MS);
      if (advance(nowMs) - second >= SECONDS) return;
      const place = second % SECONDS;
      const taken = Math.min(amount, secondToAmount[place] as number);
      secondToAmount[place] = (secondToAmount[place] as number) - taken;
      sum -= taken;
    },
    waitMs(amount, limit, nowMs) {
      if (amount > limit) return Number.POSITIVE_INFINITY;
      const now = advance(nowMs);
      let over = sum + amount - limit;
      if (over <= 0) return 0;
      for (let second = now - SECONDS + 1; second <= now; second += 1) {
        over -= amountIn(second);
        if (over <= 0) return endsInMs(second, nowMs);
      }
      return endsInMs(now, nowMs);
    },
    emptyInMs(nowMs) {
      const now = advance(nowMs);
      if (sum === 0) return 0;
      let second = now;
      while (amountIn(second) === 0 && second > now - SECONDS) second -= 1;
      return endsInMs(second, nowMs);
    },
  };

  /** Before the clock began there were no seconds. */
  function amountIn(second: number): number {
    return second < 0 ? 0 : (secondToAmount[second % SECONDS] as number);
  }
}
