import type { MinuteCounters } from '../../store/minute-counters.ts';

/** What the counters answered. */
type Counted = Awaited<ReturnType<MinuteCounters['penalty']>>;

/** An addition under way: whoever made it says `read` once the counters have answered. */
export interface Addition {
  readonly counted: Promise<Counted>;
  /** What had been taken back before it. */
  readonly takenBackBefore: number;
}

/**
 * What one caller, or all together, used of one kind in the present minute. The counters are the truth; what they said
 * last is kept here, for headers that cannot wait. Times are monotonic milliseconds: when a minute is over is known by a
 * clock that does not jump.
 */
export class MinuteUse {
  readonly #counters: MinuteCounters;
  readonly #minuteMs: number;
  readonly #name: string;
  #usedLast = 0;
  #endsAtMs = Number.NEGATIVE_INFINITY;
  #takenBack = 0;
  /** Rises with each minute that begins: who takes back has to know whether it is still the same one. */
  window = 0;

  constructor(counters: MinuteCounters, name: string) {
    this.#counters = counters;
    this.#minuteMs = counters.msDuration;
    this.#name = name;
  }

  used(nowMs: number): number {
    return nowMs < this.#endsAtMs ? Math.max(0, this.#usedLast) : 0;
  }

  /** Milliseconds until nothing of what was used counts any more. */
  emptyInMs(nowMs: number): number {
    return this.used(nowMs) > 0 ? this.#endsAtMs - nowMs : 0;
  }

  /** Milliseconds until the next minute, 0 when none has begun. */
  endsInMs(nowMs: number): number {
    return Math.max(0, this.#endsAtMs - nowMs);
  }

  add(amount: number): Addition {
    return { counted: this.#counters.penalty(this.#name, amount), takenBackBefore: this.#takenBack };
  }

  /**
   * What is used with an addition, and without those that were refused and taken back while it waited: answers come in
   * the order of the questions, so who came first has had its decision.
   */
  read(counted: Counted, { takenBackBefore }: Addition, nowMs: number): number {
    if (counted.isFirstInDuration) this.#begin(nowMs + this.#minuteMs);
    else if (nowMs >= this.#endsAtMs) {
      // Somebody else began it. A clock that was put back makes it seem longer than any minute is.
      this.#begin(nowMs + Math.min(this.#minuteMs, Math.max(0, counted.msBeforeNext)));
    }
    this.#usedLast = counted.consumedPoints - (this.#takenBack - takenBackBefore);
    return this.#usedLast;
  }

  /** Adds what is used already, whatever the limit says; it stands in `used` at once. */
  spend(amount: number, nowMs: number): void {
    if (nowMs >= this.#endsAtMs) {
      this.#begin(nowMs + this.#minuteMs);
      this.#usedLast = 0;
    }
    this.#usedLast += amount;
    this.#counters.penalty(this.#name, amount).catch(ignore);
  }

  /** Of what was added in `window`; nothing when that minute is over, for then it counts no more. */
  takeBack(amount: number, window: number, nowMs: number): void {
    if (window !== this.window || nowMs >= this.#endsAtMs) return;
    this.#takenBack += amount;
    this.#usedLast -= amount;
    this.#counters.reward(this.#name, amount).then(({ isFirstInDuration }) => {
      // A clock that was put forward had ended the minute, and the next would begin with less than nothing used.
      if (isFirstInDuration) this.#counters.penalty(this.#name, amount).catch(ignore);
    }, ignore);
  }

  #begin(endsAtMs: number): void {
    this.#endsAtMs = endsAtMs;
    this.window += 1;
  }
}

/** Nothing waits for it: what cannot be counted is not held against anybody. */
function ignore(): void {}
