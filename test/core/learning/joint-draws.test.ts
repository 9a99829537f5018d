import { expect, test } from 'vitest';
import { betaQuantile } from '../../../src/core/learning/beta-quantile.ts';
import { CELL_FIELDS, CELL_STRIDE } from '../../../src/core/learning/contract.ts';
import { drawJointQualities } from '../../../src/core/learning/joint-draws.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

const SHAPES = [
  [2, 2],
  [4.6, 3.4],
  [2, 30],
  [150, 40],
  [20_000, 9_000],
] as const;

function drawsOf(shapes: readonly (readonly [number, number])[], drawCount: number): number[][] {
  const cells = new Float64Array(shapes.length * CELL_STRIDE);
  for (const [index, [alpha, beta]] of shapes.entries()) {
    cells[index * CELL_STRIDE + CELL_FIELDS.reshapedAlpha] = alpha;
    cells[index * CELL_STRIDE + CELL_FIELDS.reshapedBeta] = beta;
  }
  const draws = new Float64Array(shapes.length * drawCount);
  drawJointQualities(cells, shapes.length, drawCount, createRandom(11), draws);
  return shapes.map((_, model) =>
    Array.from({ length: drawCount }, (_, draw) => draws[draw * shapes.length + model] ?? Number.NaN),
  );
}

test('mean, spread and quantiles are those of the Beta distribution', () => {
  const count = 100_000;
  for (const [index, values] of drawsOf(SHAPES, count).entries()) {
    const [alpha, beta] = SHAPES[index] ?? [1, 1];
    const mean = alpha / (alpha + beta);
    const deviation = Math.sqrt((mean * (1 - mean)) / (alpha + beta + 1));
    const sampleMean = values.reduce((sum, value) => sum + value, 0) / count;
    const sampleVariance = values.reduce((sum, value) => sum + (value - sampleMean) ** 2, 0) / count;
    expect(Math.abs(sampleMean - mean) / deviation).toBeLessThan(0.015);
    expect(Math.sqrt(sampleVariance) / deviation).toBeCloseTo(1, 1.7);
    values.sort((one, other) => one - other);
    for (const probability of [0.05, 0.5, 0.95]) {
      const quantile = values[Math.floor(probability * count)] ?? Number.NaN;
      expect(Math.abs(quantile - betaQuantile(probability, alpha, beta)) / deviation).toBeLessThan(0.03);
    }
  }
});

test('models are drawn independently of each other', () => {
  const [one = [], other = []] = drawsOf(
    [
      [4, 4],
      [4, 4],
    ],
    50_000,
  );
  const covariance =
    one.reduce((sum, value, index) => sum + (value - 0.5) * ((other[index] ?? 0) - 0.5), 0) / one.length;
  // The variance of Beta(4, 4) is 1/36.
  expect(Math.abs(36 * covariance)).toBeLessThan(0.015);
});

test('shapes that make no sense still give qualities', () => {
  for (const values of drawsOf([[Number.NaN, -3] as const, [0, 0] as const], 100)) {
    for (const value of values) expect(value > 0 && value < 1).toBe(true);
  }
});
