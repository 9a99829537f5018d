import { describe, expect, test } from 'vitest';
import { bothBits, countBits, keyBitOf } from '../../../src/core/tally/key-bits.ts';
import { trendOfShare, trendOfVolume } from '../../../src/core/tally/trend.ts';

describe('volume', () => {
  const week = (count: number, hours = 168) => ({ count, hours });
  test.each([
    ['twice as much', week(200), week(100), 'rising', 1],
    ['half as much', week(100), week(200), 'falling', -0.5],
    ['a little more, which chance does too', week(110), week(100), 'steady', 0.1],
    ['surely more, but hardly', week(1_050_000), week(1_000_000), 'steady', 0.05],
    ['the same an hour, of windows of two lengths', week(200, 336), week(100), 'steady', 0],
    ['three of nothing before', week(3), week(0), 'steady', null],
    ['ten of nothing before', week(10), week(0), 'new', null],
    ['nothing of ten before', week(0), week(10), 'gone', -1],
    ['nothing at all', week(0), week(0), 'steady', null],
  ] as const)('%s', (_, now, before, direction, change) => {
    const trend = trendOfVolume(now, before);
    expect(trend.direction).toBe(direction);
    if (change === null) expect(trend.change).toBeNull();
    else expect(trend.change).toBeCloseTo(change, 9);
  });
});

describe('share', () => {
  const part = (count: number, of: number) => ({ count, of });
  test.each([
    ['a third more of the whole', part(400, 1_000), part(300, 1_000), 'rising', 0.1],
    ['less of it', part(300, 1_000), part(400, 1_000), 'falling', -0.1],
    ['more of a few', part(4, 10), part(3, 10), 'steady', 0.1],
    ['surely more, but hardly', part(51_000, 100_000), part(50_000, 100_000), 'steady', 0.01],
    ['from nothing', part(50, 1_000), part(0, 1_000), 'new', 0.05],
    ['to nothing', part(0, 1_000), part(50, 1_000), 'gone', -0.05],
    ['of nothing before', part(50, 100), part(0, 0), 'steady', 0.5],
  ] as const)('%s', (_, now, before, direction, change) => {
    const trend = trendOfShare(now, before);
    expect(trend.direction).toBe(direction);
    expect(trend.change).toBeCloseTo(change, 9);
  });
});

test('bits count each key once, never more than there are, and nearly all of a few', () => {
  const ids = Array.from({ length: 10 }, (_, index) => `key_${index}${'x'.repeat(index)}`);
  const bits = [...ids, ...ids].map(keyBitOf).reduce(bothBits, 0);
  expect(countBits(bits)).toBe(new Set(ids.map(keyBitOf)).size);
  expect(countBits(bits)).toBeGreaterThanOrEqual(8);
  expect(countBits(bothBits(keyBitOf('a'), 0))).toBe(1);
  const many = Array.from({ length: 5_000 }, (_, index) => keyBitOf(`key_${index}`)).reduce(bothBits, 0);
  expect(countBits(many)).toBe(52);
  expect(many).toBe(2 ** 52 - 1);
});
