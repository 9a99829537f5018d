import { expect, test } from 'vitest';
import { betaQuantile } from '../../../src/core/learning/beta-quantile.ts';
import { beliefOfPart } from '../../../src/core/learning/part-belief.ts';

const beliefOf = (alpha: number, beta: number) => ({
  alpha,
  beta,
  mean: alpha / (alpha + beta),
  low90: betaQuantile(0.05, alpha, beta),
  high90: betaQuantile(0.95, alpha, beta),
});

test('without a verdict of its own a part is what the task is', () => {
  const whole = beliefOf(80, 20);
  const { mean, low90, high90 } = whole;
  const nothing = { successes: 0, shortfalls: 0, squares: 0 };
  expect(beliefOfPart(whole, nothing)).toEqual({ mean, low90, high90, samples: 0, evidence: 'prior' });
  // What corrections leave over.
  expect(beliefOfPart(whole, { successes: 1e-16, shortfalls: -1e-16, squares: 0 })).toMatchObject({
    evidence: 'prior',
  });
});

test('one failure is no mean of 0: the rest of the task counts twenty outcomes', () => {
  // The rest is 80 : 19.
  const part = beliefOfPart(beliefOf(80, 20), { successes: 0, shortfalls: 1, squares: 1 });
  expect(part.mean).toBeCloseTo((20 * 80) / 99 / 21, 9);
  expect(part).toMatchObject({ evidence: 'mixed', samples: 1 });
});

test('many verdicts outweigh the task, whose own are not counted twice', () => {
  const part = beliefOfPart(beliefOf(90, 110), { successes: 10, shortfalls: 90, squares: 100 });
  // The rest is 80 : 20.
  expect(part.mean).toBeCloseTo((10 + 16) / 120, 9);
  expect(part).toMatchObject({ evidence: 'observed', samples: 100 });
  expect(part.low90).toBeLessThan(part.mean);
  expect(part.high90).toBeGreaterThan(part.mean);
});

test('a part that holds more than the task still counts leaves two outcomes of the task', () => {
  const part = beliefOfPart(beliefOf(8, 2), { successes: 50, shortfalls: 50, squares: 100 });
  expect(part.mean).toBeCloseTo((50 + 1.6) / 102, 9);
});
