import { expect, test } from 'vitest';
import { betaCdf, betaQuantile } from '../../../src/core/learning/beta-quantile.ts';

test('Beta(1, 1) is uniform, Beta(5, 1) has distribution x⁵, Beta(2, 2) has 3x² − 2x³', () => {
  expect(betaQuantile(0.05, 1, 1)).toBeCloseTo(0.05, 8);
  expect(betaQuantile(0.3, 5, 1)).toBeCloseTo(0.3 ** 0.2, 8);
  expect(betaCdf(0.3, 2, 2)).toBeCloseTo(3 * 0.09 - 2 * 0.027, 10);
});

test('quantile and distribution are inverse, also for many outcomes and at the edges', () => {
  for (const [alpha, beta] of [
    [40, 3],
    [1.2, 900],
    [50_000, 20_000],
  ] as const) {
    for (const probability of [0.05, 0.5, 0.95]) {
      expect(betaCdf(betaQuantile(probability, alpha, beta), alpha, beta)).toBeCloseTo(probability, 4);
    }
  }
  expect(betaCdf(0, 2, 3)).toBe(0);
  expect(betaCdf(1, 2, 3)).toBe(1);
});

test('quantiles are exact in whatever corner: by their distribution a little to either side', () => {
  for (const alpha of [0.05, 0.4, 1, 1.1, 7, 300, 80_000]) {
    for (const beta of [0.05, 0.4, 1, 1.1, 7, 300, 80_000]) {
      for (const probability of [0.001, 0.05, 0.5, 0.95, 0.999]) {
        const quantile = betaQuantile(probability, alpha, beta);
        expect(betaCdf(quantile - 2e-9, alpha, beta)).toBeLessThanOrEqual(probability);
        expect(betaCdf(quantile + 2e-9, alpha, beta)).toBeGreaterThanOrEqual(probability);
      }
    }
  }
});
