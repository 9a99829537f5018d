import { expect, test } from 'vitest';
import { TASK_COUNT } from '../../../src/core/learning/belief-sums.ts';
import { createTwoWayFit, informationOf, refit } from '../../../src/core/learning/two-way-fit.ts';

/** Cells [model, task, successes, weight] as the arrays `refit` reads. */
function fitOf(
  modelCount: number,
  cells: readonly (readonly [number, number, number, number])[],
  priceLevels: readonly number[] = [],
) {
  const successes = new Float64Array(modelCount * TASK_COUNT);
  const weights = new Float64Array(modelCount * TASK_COUNT);
  for (const [model, task, success, weight] of cells) {
    successes[model * TASK_COUNT + task] = success;
    weights[model * TASK_COUNT + task] = weight;
  }
  const fit = createTwoWayFit();
  refit(fit, modelCount, successes, weights, Float64Array.from(priceLevels), 0.01);
  return fit;
}

test('without evidence every task stands at .65, every model at its price', () => {
  const fit = fitOf(3, [], [0, 1, -2]);
  for (const baseline of fit.taskBaseline) expect(baseline).toBeCloseTo(0.65, 12);
  expect(fit.priceSlope).toBeCloseTo(0.04, 12);
  expect(fit.modelEffect[1]).toBeCloseTo(0.04, 12);
  expect(fit.modelEffect[2]).toBeCloseTo(-0.08, 12);
});

test('one cell: b = (w·(y − a) + 1.3)/(w + 2), a = w·(y − b)/(w + 20), w = n/(1 + n/20)', () => {
  const fit = fitOf(1, [[0, 0, 18, 20]]);
  const w = 10;
  // Eliminating a from the pair by hand.
  const b = (w * 0.9 + 1.3 - (w * w * 0.9) / (w + 20)) / (w + 2 - (w * w) / (w + 20));
  expect(fit.taskBaseline[0]).toBeCloseTo(b, 12);
  expect(fit.modelEffect[0]).toBeCloseTo((w * (0.9 - b)) / (w + 20), 12);
  expect(fit.priceSlope).toBeCloseTo(0.04, 12);
});

test('all three equations hold after the fit on skewed traffic', () => {
  const cells = [
    [0, 0, 900, 1000],
    [0, 1, 45, 90],
    [1, 0, 8, 10],
    [1, 1, 300, 700],
    [2, 2, 3, 4],
    [2, 1, 20, 60],
  ] as const;
  const levels = [1.5, 0.25, -1.75];
  const fit = fitOf(3, cells, levels);
  const effect = (model: number) => fit.modelEffect[model] ?? 0;
  const baseline = (task: number) => fit.taskBaseline[task] ?? 0;
  for (let task = 0; task < 3; task += 1) {
    let [pull, information] = [1.3, 2];
    for (const [model, , s, n] of cells.filter((cell) => cell[1] === task)) {
      pull += informationOf(n, 0.01) * (s / n - effect(model));
      information += informationOf(n, 0.01);
    }
    expect(baseline(task)).toBeCloseTo(pull / information, 10);
  }
  for (let model = 0; model < 3; model += 1) {
    let [pull, information] = [20 * fit.priceSlope * (levels[model] ?? 0), 20];
    for (const [, task, s, n] of cells.filter((cell) => cell[0] === model)) {
      pull += informationOf(n, 0.01) * (s / n - baseline(task));
      information += informationOf(n, 0.01);
    }
    expect(effect(model)).toBeCloseTo(pull / information, 10);
  }
  const lever = levels.reduce((sum, level) => sum + 20 * level * level, 100);
  const moved = levels.reduce((sum, level, model) => sum + 20 * level * effect(model), 100 * 0.04);
  expect(fit.priceSlope).toBeCloseTo(moved / lever, 10);
});

test('that dearer models are better is unlearnt where they are worse', () => {
  const levels = [2, 1, 0, -1, -2];
  const cells = levels.flatMap((_, model) =>
    Array.from({ length: 8 }, (_, task) => [model, task, 60 * (0.5 + 0.1 * model), 60] as const),
  );
  expect(fitOf(5, cells, levels).priceSlope).toBeLessThan(-0.03);
});

test('one task that gets most of the traffic does not speak for the others', () => {
  const even = [0, 1, 2, 3, 4].flatMap((task) => [[0, task, 30, 60] as const, [1, task, 42, 60] as const]);
  // Model 0 is the better one at task 0 alone, which has a hundred times the outcomes.
  const skewed = even.map(([model, task, s, n]) =>
    task === 0
      ? ([model, task, model === 0 ? 5400 : 42, model === 0 ? 6000 : 60] as const)
      : ([model, task, s, n] as const),
  );
  const fit = fitOf(2, skewed);
  expect(fit.modelEffect[1]).toBeGreaterThan((fit.modelEffect[0] ?? 0) + 0.05);
});

test('sums at their limit leave finite numbers within the range of the means', () => {
  const fit = fitOf(
    2,
    [
      [0, 0, 1e9, 2e9],
      [1, 0, 0, 1e9],
      [1, 1, 1e9, 1e9],
    ],
    [30, -30],
  );
  const pooled = (fit.taskBaseline[0] ?? Number.NaN) + (fit.modelEffect[0] ?? Number.NaN);
  expect(pooled).toBeGreaterThan(0.2);
  expect(pooled).toBeLessThan(0.6);
});

test('a model that gets the hard task is not the worse one (Simpson)', () => {
  const fit = fitOf(2, [
    // Raw means: model 0 .80, model 1 .47. On each task model 1 is the better by ten points.
    [0, 0, 760, 900],
    [0, 1, 20, 100],
    [1, 0, 94, 100],
    [1, 1, 270, 900],
  ]);
  expect(fit.modelEffect[1]).toBeGreaterThan((fit.modelEffect[0] ?? 0) + 0.05);
});
