import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import {
  drawWorkloadCosts,
  expectedMicroUsd,
  quantilesOf,
  shareDecidedByOutcomes,
  type WorkloadArm,
} from '../../../src/core/money/workload-cost.ts';

const arm = (change: Partial<WorkloadArm>): WorkloadArm => ({
  share: 1,
  promptMicroUsd: 100,
  microUsdPerOutputToken: 2,
  logMean: Math.log(300),
  logVariance: 0.5,
  logMeanVariance: 0,
  ...change,
});

function drawn(requests: number, arms: readonly WorkloadArm[], decidedByOutcomes = 0, seed = 1) {
  const work = { requests, arms, decidedByOutcomes };
  const steps = drawWorkloadCosts(work, 20_000, createRandom(seed), createRandom(seed + 99));
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float64Array) => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};

describe('draws of what work costs', () => {
  test.each([1, 5, 16, 17, 1000])('of %i requests have the mean that is expected', (requests) => {
    const arms = [
      arm({ share: 0.7, logMeanVariance: 0.1 }),
      arm({ share: 0.3, microUsdPerOutputToken: 20, logMeanVariance: 0.02 }),
    ];
    const expected = requests * arms.reduce((sum, one) => sum + one.share * expectedMicroUsd(one), 0);
    expect(mean(drawn(requests, arms, 0.5)) / expected).toBeCloseTo(1, 1);
  });

  test('16 drawn one by one and 17 as a sum have nearly the same spread', () => {
    const arms = [arm({ share: 0.6 }), arm({ share: 0.4, microUsdPerOutputToken: 10 })];
    const singly = drawn(16, arms);
    const summed = drawn(17, arms);
    expect(deviation(summed) / mean(summed) / (deviation(singly) / mean(singly))).toBeCloseTo(0.98, 1);
  });

  test('independent lengths even out over many requests, an uncertain mean does not', () => {
    const width = (values: Float64Array) => {
      const { p10, p90 } = quantilesOf(values);
      return (p90 - p10) / mean(values);
    };
    const ofEstimate = width(drawn(10_000, [arm({})]));
    expect(width(drawn(1_000_000, [arm({})]))).toBeCloseTo(ofEstimate, 2);
    expect(width(drawn(1, [arm({})]))).toBeGreaterThan(1.5 * ofEstimate);
    expect(width(drawn(10_000, [arm({ logMeanVariance: 0.09 })]))).toBeGreaterThan(1.2 * ofEstimate);
  });

  test('where outcomes decide, the cost is that of one winner or the other', () => {
    const arms = [arm({ share: 0.5 }), arm({ share: 0.5, promptMicroUsd: 10_000 })];
    const { p10, p90 } = quantilesOf(drawn(100_000, arms, 1));
    expect(p90 / p10).toBeGreaterThan(8);
    const still = quantilesOf(drawn(100_000, arms, 0));
    expect(still.p90 / still.p10).toBeLessThan(3);
  });

  test('what is free costs nothing, and equal seeds give equal draws', () => {
    const free = arm({ promptMicroUsd: 0, microUsdPerOutputToken: 0 });
    expect(quantilesOf(drawn(100, [free]))).toEqual({ p10: 0, p90: 0 });
    expect(drawn(50, [arm({})], 0.2, 7)).toEqual(drawn(50, [arm({})], 0.2, 7));
    expect(drawn(50, [arm({})], 0.2, 7)).not.toEqual(drawn(50, [arm({})], 0.2, 8));
  });
});

test('how far outcomes decide rises from nothing to everything', () => {
  expect(shareDecidedByOutcomes(0, 10)).toBe(0);
  expect(shareDecidedByOutcomes(10, 10)).toBeCloseTo(1 - Math.log(2), 12);
  expect(shareDecidedByOutcomes(1e-7, 1)).toBeCloseTo(5e-8, 12);
  expect(shareDecidedByOutcomes(1e9, 10)).toBeGreaterThan(0.999);
});
