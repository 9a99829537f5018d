import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { createMinuteWindow } from '../../../src/core/limits/minute-window.ts';

test('what is added counts for sixty seconds and is gone after sixty-one', () => {
  const window = createMinuteWindow();
  window.add(5, 1_500);
  expect(window.used(1_500)).toBe(5);
  expect(window.used(61_499)).toBe(5);
  expect(window.used(61_999)).toBe(5);
  expect(window.used(62_000)).toBe(0);
});

test('a long silence leaves nothing, whatever second it ends in', () => {
  for (let silence = 61; silence < 200; silence += 1) {
    const window = createMinuteWindow();
    for (let second = 0; second < 61; second += 1) window.add(1, second * 1_000);
    expect(window.used(60_000)).toBe(61);
    expect(window.used((60 + silence) * 1_000)).toBe(0);
  }
});

test('in no sixty seconds is more let through than the limit, and all of it is', () => {
  const random = createRandom(7);
  for (const limit of [1, 7, 60]) {
    const window = createMinuteWindow();
    const passed: number[] = [];
    let nowMs = 123_456;
    for (let ask = 0; ask < 5_000; ask += 1) {
      nowMs += random() ** 3 * 2_000;
      if (window.used(nowMs) + 1 > limit) continue;
      window.add(1, nowMs);
      passed.push(nowMs);
    }
    let most = 0;
    for (let from = 0, to = 0; to < passed.length; to += 1) {
      while ((passed[to] as number) - (passed[from] as number) >= 60_000) from += 1;
      most = Math.max(most, to - from + 1);
    }
    expect(most).toBe(limit);
  }
});

test('after the wait it says, and not a millisecond before, an amount fits', () => {
  const random = createRandom(3);
  const window = createMinuteWindow();
  let nowMs = 0;
  for (let ask = 0; ask < 2_000; ask += 1) {
    nowMs = Math.floor(nowMs + random() * 3_000);
    const amount = 1 + Math.floor(random() * 40);
    const waitMs = window.waitMs(amount, 100, nowMs);
    expect(window.used(nowMs) + amount <= 100).toBe(waitMs === 0);
    if (waitMs > 0) {
      expect(window.used(nowMs + waitMs - 1) + amount).toBeGreaterThan(100);
      nowMs += waitMs;
    }
    expect(window.used(nowMs) + amount).toBeLessThanOrEqual(100);
    window.add(amount, nowMs);
  }
  expect(window.waitMs(101, 100, nowMs)).toBe(Number.POSITIVE_INFINITY);
});

test('it is empty when it says so', () => {
  const window = createMinuteWindow();
  expect(window.emptyInMs(0)).toBe(0);
  window.add(3, 5_250);
  window.add(4, 9_999);
  const emptyInMs = window.emptyInMs(30_000);
  expect(window.used(30_000 + emptyInMs - 1)).toBe(4);
  expect(window.used(30_000 + emptyInMs)).toBe(0);
});

test('what is taken back is taken from its own second, once, and not after it is over', () => {
  const window = createMinuteWindow();
  window.add(10, 1_000);
  window.add(20, 2_000);
  window.takeBack(4, 1_000, 3_000);
  expect(window.used(3_000)).toBe(26);
  window.takeBack(100, 1_000, 3_000);
  expect(window.used(3_000)).toBe(20);
  window.add(7, 62_000);
  window.takeBack(5, 1_000, 62_000);
  expect(window.used(62_000)).toBe(27);
  expect(window.used(63_000)).toBe(7);
});
