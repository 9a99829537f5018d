import { describe, expect, it } from 'vitest';
import { createLoopTurns } from '../../../src/core/loop/loop-turns.ts';

/** A loop whose turns are made by hand, and a clock that only work moves on. */
function byHand() {
  let due: (() => void)[] = [];
  let nowMs = 0;
  const turns = createLoopTurns(
    (run) => due.push(run),
    () => nowMs,
  );
  return {
    turns,
    spend(ms: number) {
      nowMs += ms;
    },
    async turn() {
      const running = due;
      due = [];
      for (const run of running) run();
      // Promises that were resolved go on.
      for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    },
    isIdle: () => due.length === 0,
  };
}

describe('turns of the event loop', () => {
  it('are over once all who work in one of them have had its milliseconds together', async () => {
    const { turns, spend, turn } = byHand();
    expect(turns.isOver()).toBe(false);
    spend(2);
    expect(turns.isOver()).toBe(false);
    spend(1.5);
    expect(turns.isOver()).toBe(true);
    await turn();
    expect(turns.isOver()).toBe(true);
    await turn();
    expect(turns.isOver()).toBe(false);
  });

  it('go to those who wait one after the other, in the order they came', async () => {
    const { turns, turn, isIdle } = byHand();
    const went: string[] = [];
    for (const name of ['first', 'second', 'third']) turns.next().then(() => went.push(name));
    await turn();
    expect(went).toEqual([]);
    await turn();
    expect(went).toEqual(['first']);
    await turn();
    expect(went).toEqual(['first', 'second']);
    await turn();
    expect(went).toEqual(['first', 'second', 'third']);
    await turn();
    expect(isIdle()).toBe(true);
  });

  it('let whoever has work in many pieces and whoever comes later take turns', async () => {
    const { turns, spend, turn } = byHand();
    const went: string[] = [];
    const work = async (name: string) => {
      for (let piece = 0; piece < 6; piece += 1) {
        if (turns.isOver()) await turns.next();
        spend(2);
        went.push(name);
      }
    };
    const long = work('a');
    const other = work('b');
    for (let at = 0; at < 12; at += 1) await turn();
    await Promise.all([long, other]);
    expect(went.join('')).toBe('aaaabbaabbbb');
  });

  it('without a clock hold one piece each', () => {
    const turns = createLoopTurns(() => {}, undefined);
    expect(turns.isOver()).toBe(true);
  });

  it('of the real loop leave timers their turn in between', async () => {
    const turns = createLoopTurns(setImmediate, undefined);
    let timers = 0;
    const timer = setInterval(() => {
      timers += 1;
    }, 1);
    const seen: number[] = [];
    for (let piece = 0; piece < 10; piece += 1) {
      const untilMs = performance.now() + 2;
      while (performance.now() < untilMs);
      const before = timers;
      await turns.next();
      seen.push(timers - before);
    }
    clearInterval(timer);
    expect(Math.min(...seen)).toBeGreaterThan(0);
  });
});
