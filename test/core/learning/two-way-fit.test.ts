import { expect, test } from 'vitest';
import { TASK_COUNT } from '../../../src/core/learning/belief-sums.ts';
import { createTwoWayFit, refit } from '../../../src/core/learning/two-way-fit.ts';

/** Cells [model, task, successes, weight] as the arrays `refit` reads. */
function fitOf(modelCount: number, cells: readonly (readonly [number, number, number, number])[]) {
  const successes = new Float64Array(modelCount * TASK_COUNT);
  const weights = new Float64Array(modelCount * TASK_COUNT);
  for (const [model, task, success, weight] of cells) {
    successes[model * TASK_COUNT + task] = success;
    weights[model * TASK_COUNT + task] = weight;
  }
  const fit = createTwoWayFit();
  refit(fit, modelCount, successes, weights);
  return fit;
}

test('without evidence every task stands at .65 and every model at 0', () => {
  const fit = fitOf(3, []);
  for (const baseline of fit.taskBaseline) expect(baseline).toBeCloseTo(0.65, 12);
  expect(fit.modelEffect[1]).toBe(0);
});

test('one cell: b = (s − n·a + 1.3)/(n + 2), a = (s − n·b)/(n + 5)', () => {
  const fit = fitOf(1, [[0, 0, 9, 10]]);
  // Eliminating a from the pair by hand: b = (10.3 − 10·a)/12 and a = (9 − 10·b)/15.
  const b = (10.3 - 6) / (12 - 100 / 15);
  expect(fit.taskBaseline[0]).toBeCloseTo(b, 12);
  expect(fit.modelEffect[0]).toBeCloseTo((9 - 10 * b) / 15, 12);
});

test('both equations hold after the fit on skewed traffic', () => {
  const cells = [
    [0, 0, 900, 1000],
    [0, 1, 45, 90],
    [1, 0, 8, 10],
    [1, 1, 300, 700],
    [2, 2, 3, 4],
    [2, 1, 20, 60],
  ] as const;
  const fit = fitOf(3, cells);
  const sum = (model: number, task: number) => (fit.modelEffect[model] ?? 0) + (fit.taskBaseline[task] ?? 0);
  for (let task = 0; task < 3; task += 1) {
    const own = cells.filter((cell) => cell[1] === task);
    const weight = own.reduce((total, cell) => total + cell[3], 0);
    const residual = own.reduce(
      (total, [model, , s, n]) => total + s - n * (fit.modelEffect[model] ?? 0),
      1.3,
    );
    expect(fit.taskBaseline[task]).toBeCloseTo(residual / (weight + 2), 10);
  }
  for (let model = 0; model < 3; model += 1) {
    const own = cells.filter((cell) => cell[0] === model);
    const weight = own.reduce((total, cell) => total + cell[3], 0);
    const residual = own.reduce((total, [, task, s, n]) => total + s - n * (fit.taskBaseline[task] ?? 0), 0);
    expect(fit.modelEffect[model]).toBeCloseTo(residual / (weight + 5), 10);
  }
  expect(sum(0, 0)).toBeCloseTo(0.9, 2);
});

test('sums at their limit leave finite numbers within the range of the means', () => {
  const fit = fitOf(2, [
    [0, 0, 1e9, 2e9],
    [1, 0, 0, 1e9],
    [1, 1, 1e9, 1e9],
  ]);
  const pooled = (fit.taskBaseline[0] ?? Number.NaN) + (fit.modelEffect[0] ?? Number.NaN);
  expect(pooled).toBeCloseTo(0.5, 3);
});

test('a model that gets the hard task is not the worse one (Simpson)', () => {
  const fit = fitOf(2, [
    // Raw means: model 0 .80, model 1 .47. On each task model 1 is the better by ten points.
    [0, 0, 760, 900],
    [0, 1, 20, 100],
    [1, 0, 94, 100],
    [1, 1, 270, 900],
  ]);
  expect(fit.modelEffect[1]).toBeGreaterThan((fit.modelEffect[0] ?? 0) + 0.07);
});
