/** Milliseconds of one turn that reports may take, all of them together; the piece that runs out of it comes on top. */
const TURN_MS = 3;

/**
 * How work that takes its time shares one thread with requests: in pieces of a millisecond or two, as many in one turn of the
 * event loop as fit into its milliseconds, and then whoever waits longest gets the next turn. Without this line, several
 * pieces of work that each give way would still all go on in the same turn.
 *
 *     for (const piece of work) {
 *       if (turns.isOver()) await turns.next();
 *       …
 *     }
 */
export interface LoopTurns {
  /** Asked before each piece, the first too: the first one who asks in a turn starts its clock. */
  isOver(): boolean;
  /** Resolves in a later turn, in which nobody else who waited goes on. Never rejects. */
  next(): Promise<void>;
}

/**
 * @param atNextTurn runs something once, after the loop has looked for what else there is to do (`setImmediate`)
 * @param monotonicMs undefined: every piece has a turn of its own
 */
export function createLoopTurns(
  atNextTurn: (run: () => void) => void,
  monotonicMs: (() => number) | undefined,
): LoopTurns {
  const waiting: (() => void)[] = [];
  let beganAtMs: number | undefined;
  let isNextDue = false;

  function begin(): void {
    isNextDue = false;
    beganAtMs = undefined;
    const first = waiting.shift();
    if (first === undefined) return;
    beganAtMs = monotonicMs?.();
    isNextDue = true;
    atNextTurn(begin);
    first();
  }

  /** What a socket woke is in the same turn as the immediates behind it: only the second ones are in another. */
  function beginLater(): void {
    if (isNextDue) return;
    isNextDue = true;
    atNextTurn(() => atNextTurn(begin));
  }

  return {
    isOver() {
      if (monotonicMs === undefined) return true;
      const nowMs = monotonicMs();
      if (beganAtMs === undefined) {
        beganAtMs = nowMs;
        beginLater();
      }
      return nowMs - beganAtMs >= TURN_MS;
    },
    next() {
      beginLater();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
