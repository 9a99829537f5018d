import { expect, test } from 'vitest';
import { gridAround, placeOf, policiesOf } from '../../src/dashboard/what-if-grid.ts';

test.each([
  [0.03, 0.0003],
  [0.03, 0],
  [0.0007123, 0.00013],
  [0, 0],
])("the strategy's own values, %d and %d, are where the sliders begin", (quality, second) => {
  const grid = gridAround(quality, second);
  const own = policiesOf(grid)[placeOf(grid, grid.ownQuality, grid.ownSecond)];
  expect(own).toEqual({ value_of_quality_usd: quality, value_of_second_usd: second });
});

test('each place of the two sliders is another setting, and all go into one question', () => {
  const grid = gridAround(0.03, 0.0003);
  const policies = policiesOf(grid);
  // What POST /v1/intelligence/replay takes at once.
  expect(policies.length).toBeLessThanOrEqual(64);
  expect(new Set(policies.map((policy) => JSON.stringify(policy))).size).toBe(policies.length);
  for (const [quality, value_of_quality_usd] of grid.qualityUsd.entries()) {
    for (const [second, value_of_second_usd] of grid.secondUsd.entries()) {
      expect(policies[placeOf(grid, quality, second)]).toEqual({ value_of_quality_usd, value_of_second_usd });
    }
  }
  expect([...grid.qualityUsd]).toEqual([...grid.qualityUsd].sort((one, other) => one - other));
});
