import { expect, test } from 'vitest';
import { averageQuality, costAtQuality, frontierOf } from '../../../scripts/learning/frontier.ts';

const points = [
  { quality: 0.8, costUsd: 4 },
  { quality: 0.4, costUsd: 1 },
  // Below the line from the first to the last, and dearer than something better.
  { quality: 0.5, costUsd: 2 },
  { quality: 0.7, costUsd: 5 },
  { quality: 0.3, costUsd: 1 },
];

test('a frontier is what no mixture of the others beats', () => {
  expect(frontierOf(points)).toEqual([
    { quality: 0.4, costUsd: 1 },
    { quality: 0.8, costUsd: 4 },
  ]);
  expect(frontierOf([])).toEqual([]);
});

test('cost at a quality is read off the frontier, and absent above it', () => {
  const frontier = frontierOf(points);
  expect(costAtQuality(frontier, 0.6)).toBeCloseTo(2.5, 12);
  expect(costAtQuality(frontier, 0.1)).toBe(1);
  expect(costAtQuality(frontier, 0.81)).toBeUndefined();
});

test('AIQ is the mean height over the range of costs, by hand', () => {
  const frontier = frontierOf(points);
  // From 1 to 4 the mean is .6, from 4 to 7 it is .8.
  expect(averageQuality(frontier, 1, 7)).toBeCloseTo((3 * 0.6 + 3 * 0.8) / 6, 12);
  // Below the cheapest point, a share of it: half of .4 at half its cost.
  expect(averageQuality(frontier, 0.5, 1)).toBeCloseTo(0.3, 12);
  expect(averageQuality(frontier, 2, 2)).toBe(0.8);
});
