import { expect, test } from 'vitest';
import { TASK_COUNT } from '../../../src/core/learning/belief-sums.ts';
import { interactionVariance } from '../../../src/core/learning/interaction-variance.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { createTwoWayFit, refit } from '../../../src/core/learning/two-way-fit.ts';

const MODELS = 12;
const LEVEL = new Float64Array(500);

/** τ² of cells whose true quality is .6 + a + b ± spread, each with `count` outcomes of 0 or 1. */
function estimated(seed: number, spread: number, count: number): number {
  const random = createRandom(seed);
  const effects = Array.from({ length: MODELS }, () => 0.2 * (random() - 0.5));
  const successes = new Float64Array(MODELS * TASK_COUNT);
  const weights = new Float64Array(MODELS * TASK_COUNT);
  for (let cell = 0; cell < successes.length; cell += 1) {
    const truth = 0.6 + (effects[Math.floor(cell / TASK_COUNT)] ?? 0) + (random() < 0.5 ? spread : -spread);
    for (let outcome = 0; outcome < count; outcome += 1) {
      weights[cell] = (weights[cell] ?? 0) + 1;
      if (random() < truth) successes[cell] = (successes[cell] ?? 0) + 1;
    }
  }
  const fit = createTwoWayFit();
  refit(fit, MODELS, successes, weights, LEVEL, 0.01);
  return interactionVariance(fit, MODELS, successes, weights);
}

function meanOver(seeds: number, estimate: (seed: number) => number): number {
  let sum = 0;
  for (let seed = 1; seed <= seeds; seed += 1) sum += estimate(seed);
  return sum / seeds;
}

test('without evidence a standard deviation of .1 is expected', () => {
  expect(interactionVariance(createTwoWayFit(), 0, new Float64Array(0), new Float64Array(0))).toBeCloseTo(
    0.01,
    12,
  );
});

test('with evidence it is near the truth, whatever the noise of the outcomes', () => {
  for (const count of [20, 200]) {
    expect(meanOver(20, (seed) => estimated(seed, 0, count))).toBeLessThan(0.0035);
    const specialists = meanOver(20, (seed) => estimated(seed, 0.2, count));
    expect(specialists).toBeGreaterThan(0.022);
    expect(specialists).toBeLessThan(0.04);
  }
});

test('it is never zero or negative, and a single outcome of a cell says nothing', () => {
  const fit = createTwoWayFit();
  const successes = new Float64Array(TASK_COUNT * 500);
  const weights = new Float64Array(TASK_COUNT * 500).fill(1);
  refit(fit, 500, successes, weights, LEVEL, 0.01);
  expect(interactionVariance(fit, 500, successes, weights)).toBeCloseTo(0.01, 12);
  // Everybody exactly as expected: less spread than chance would give.
  successes.fill(60);
  weights.fill(100);
  refit(fit, 500, successes, weights, LEVEL, 0.01);
  expect(interactionVariance(fit, 500, successes, weights)).toBe(1e-4);
});
