/**
 * One timer for all the deadlines of a call. Moving the due time later is a plain assignment: the timer looks again
 * when it fires, so a stream of ten thousand tokens arms a handful of timers, not ten thousand.
 */
export class Deadline {
  #dueMs: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #monotonicMs: () => number;
  readonly #onExpired: () => void;

  /** Runs from the first `set` on. */
  constructor(monotonicMs: () => number, onExpired: () => void) {
    this.#monotonicMs = monotonicMs;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#onExpired = onExpired;
  }

  /** Moves the due time; earlier than before re-arms the timer. */
  set(dueMs: number): void {
    const isEarlier = dueMs < this.#dueMs;
    this.#dueMs = dueMs;
    if (isEarlier) {
      clearTimeout(this.#timer);
      this.#timer = this.#arm();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(
      () => this.#look(),
      Math.max(1, Math.min(this.#dueMs - this.#monotonicMs(), 2 ** 31 - 1)),
    );
  }

  #look(): void {
    if (this.#monotonicMs() >= this.#dueMs - 1) this.#onExpired();
    else this.#timer = this.#arm();
  }
}
