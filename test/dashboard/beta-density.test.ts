import { expect, test } from 'vitest';
import { betaDensity, QUALITY_AXIS } from '../../src/dashboard/beta-density.ts';

test.each([
  [1, 1],
  [2, 5],
  [30.5, 4.2],
  [900, 100],
])('the density of Beta(%d, %d) has its mean and its spread', (alpha, beta) => {
  const density = betaDensity(alpha, beta);
  const mass = density.map((value) => value / density.length);
  const mean = mass.reduce((sum, weight, at) => sum + weight * (QUALITY_AXIS[at] ?? 0), 0);
  const variance = mass.reduce((sum, weight, at) => sum + weight * ((QUALITY_AXIS[at] ?? 0) - mean) ** 2, 0);
  expect(mass.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
  expect(mean).toBeCloseTo(alpha / (alpha + beta), 3);
  const count = alpha + beta;
  expect(Math.sqrt(variance)).toBeCloseTo(Math.sqrt((alpha * beta) / (count * count * (count + 1))), 3);
});

test('nothing of it is infinite, also where a belief leans on a bound', () => {
  for (const value of [...betaDensity(0.5, 80), ...betaDensity(5_000, 0.7)]) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
  }
});
