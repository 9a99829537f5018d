import { describe, expect, test } from 'vitest';
import { createReAskWatch, NOT_WATCHED } from '../../../src/core/reward/re-ask-watch.ts';

const UNDO = 'How do I undo my last commit in git?';
const UNDO_AGAIN = 'How do I undo my last commit in git??';

/** One conversation, found by the same thread each time. */
function conversation(options: { windowMs?: number; hasFormer?: boolean } = {}) {
  const { windowMs = 60_000, hasFormer = true } = options;
  const watch = createReAskWatch({ seed: 3, windowMs: () => windowMs });
  return {
    watch,
    ask: (text: string, nowMs: number, thread = 11) =>
      watch.ask({ thread, former: hasFormer ? thread : undefined, text }, nowMs),
    rejectedBy: (ask: number) => watch.rejectedBy(ask),
    answer: (ask: number, requestId: string, nowMs: number) => {
      watch.answered(ask, requestId, nowMs);
      watch.ended(ask);
    },
  };
}

describe('asked again', () => {
  test('soon after the answer: the answer is held to be of no use', () => {
    const { ask, rejectedBy, answer } = conversation();
    const first = ask(UNDO, 0);
    expect(rejectedBy(first)).toBeUndefined();
    answer(first, 'r1', 2_000);
    const second = ask(UNDO_AGAIN, 10_000);
    expect(rejectedBy(second)).toBe('r1');
    answer(second, 'r2', 12_000);
    expect(rejectedBy(ask(UNDO, 70_000))).toBe('r2');
  });

  test.each([
    ['something else is asked', 'And how do I rename the branch on the server?', 10_000, 11],
    ['it is too late', UNDO, 62_001, 11],
    ['nobody can have read the answer', UNDO, 2_999, 11],
    ['it is another conversation', UNDO, 10_000, 12],
  ])('not when %s', (_, text, atMs, thread) => {
    const { ask, rejectedBy, answer } = conversation();
    answer(ask(UNDO, 0), 'r1', 2_000);
    expect(rejectedBy(ask(text, atMs, thread))).toBeUndefined();
  });

  test('the window counts from the answer and is inclusive', () => {
    const { ask, rejectedBy, answer } = conversation();
    answer(ask(UNDO, 0), 'r1', 2_000);
    expect(rejectedBy(ask(UNDO, 62_000))).toBe('r1');
  });

  test('not as a retry of what got no answer', () => {
    const { watch, ask, rejectedBy, answer } = conversation();
    watch.ended(ask(UNDO, 0));
    const retry = ask(UNDO, 5_000);
    expect(rejectedBy(retry)).toBeUndefined();
    // And the retry is an ask like any other.
    answer(retry, 'r2', 6_000);
    expect(rejectedBy(ask(UNDO, 9_000))).toBe('r2');
  });

  test('not in a batch: the same many times at once, and what of it comes later', () => {
    const { ask, rejectedBy, answer } = conversation();
    const batch = Array.from({ length: 5 }, () => ask(UNDO, 0));
    for (const [index, one] of batch.entries()) answer(one, `r${index}`, 1_000 + index);
    expect(batch.map(rejectedBy)).toEqual(Array.from({ length: 5 }, () => undefined));
    expect(rejectedBy(ask(UNDO, 9_000))).toBeUndefined();
  });

  test('not when a program goes on and on: three times at most', () => {
    const { ask, rejectedBy, answer } = conversation();
    const rejected = Array.from({ length: 300 }, (_, index) => {
      const one = ask(UNDO, index * 4_000);
      answer(one, `r${index}`, index * 4_000 + 1_000);
      return rejectedBy(one);
    });
    expect(rejected.filter((id) => id !== undefined)).toEqual(['r0', 'r1', 'r2']);
  });

  test('not without a conversation: two people may ask the same', () => {
    const { ask, rejectedBy, answer } = conversation({ hasFormer: false });
    answer(ask(UNDO, 0), 'r1', 2_000);
    expect(rejectedBy(ask(UNDO, 10_000))).toBeUndefined();
  });

  test('found by what went before, where that goes on from an answer', () => {
    const { watch } = conversation();
    const first = watch.ask({ thread: 1, former: undefined, text: UNDO }, 0);
    watch.answered(first, 'r1', 1_000);
    const second = watch.ask({ thread: 2, former: 1, text: UNDO_AGAIN }, 5_000);
    expect(watch.rejectedBy(second)).toBe('r1');
  });
});

test('switched off it watches nothing, and does so at once', () => {
  const { ask, rejectedBy } = conversation({ windowMs: 0 });
  expect(ask(UNDO, 0)).toBe(NOT_WATCHED);
  expect(rejectedBy(NOT_WATCHED)).toBeUndefined();
});

test('memory is bounded: the oldest asks are forgotten, and their numbers mean nothing any more', () => {
  const { ask, rejectedBy, answer, watch } = conversation();
  const first = ask(UNDO, 0, 1);
  answer(first, 'r1', 1_000);
  for (let thread = 2; thread <= 16_383; thread += 1)
    ask('something quite different each time', 1_000, thread);
  expect(rejectedBy(ask(UNDO, 4_000, 1))).toBe('r1');
  for (let thread = 2; thread <= 16_400; thread += 1)
    ask('something quite different each time', 4_000, thread);
  watch.answered(first, 'r9', 5_000);
  expect(rejectedBy(ask(UNDO, 8_000, 1))).toBeUndefined();
});
