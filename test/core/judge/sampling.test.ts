import { expect, test } from 'vitest';
import { judgingProbability } from '../../../src/core/judge/sampling.ts';

test('uncertain beliefs are looked at up to four times as often, certain ones about as often as asked', () => {
  expect(judgingProbability(0.05, 1, 1)).toBeCloseTo(0.2, 9);
  expect(judgingProbability(0.05, 4_000, 1_000)).toBeCloseTo(0.053, 3);
  const probabilities = [1, 3, 10, 30, 100, 1_000].map((count) =>
    judgingProbability(0.05, 0.8 * count, 0.2 * count),
  );
  expect(probabilities).toEqual([...probabilities].sort((one, other) => other - one));
  for (const probability of probabilities) expect(probability).toBeLessThanOrEqual(0.2);
});

test('is a probability whatever comes in', () => {
  expect(judgingProbability(0, 1, 1)).toBe(0);
  expect(judgingProbability(0.6, 1, 1)).toBe(1);
  expect(judgingProbability(0.1, Number.NaN, 2)).toBeCloseTo(0.4, 9);
  expect(judgingProbability(0.1, 0, 0)).toBeCloseTo(0.4, 9);
});
