import { expect, test } from 'vitest';
import { createPacer } from '../../../src/core/choice/pacer.ts';

test('by hand: one request at three times the target', () => {
  const pacer = createPacer(0.01);
  expect(pacer.costPenalty(1)).toBe(0);
  pacer.observe(0.03);
  // c̄ = .95·.01 + .05·.03 = .011, λ = .02·(1.1 − 1) = .002, penalty = .002·.05/.01 per dollar and quality point.
  expect(pacer.costPenalty(1)).toBeCloseTo(0.01, 12);
  expect(pacer.costPenalty(0.03)).toBeCloseTo(0.0003, 12);
});

test('a spender that reacts to the penalty ends at the target', () => {
  const target = 0.002;
  const pacer = createPacer(target);
  let spent = 0;
  for (let request = 0; request < 20_000; request += 1) {
    // Dear and good ($0.01, .9) against cheap and poor ($0.0005, .7), requests of varying difficulty.
    const gain = 0.2 * ((request * 0.618034) % 1) * 2;
    const costUsd = gain > pacer.costPenalty(1) * 0.0095 ? 0.01 : 0.0005;
    pacer.observe(costUsd);
    if (request >= 5000) spent += costUsd;
  }
  expect(spent / 15_000 / target).toBeCloseTo(1, 1);
});

test('costs that are none change nothing, and the multiplier stays within 50', () => {
  const pacer = createPacer(1);
  for (const cost of [Number.NaN, -1, Number.POSITIVE_INFINITY]) pacer.observe(cost);
  expect(pacer.costPenalty(1)).toBe(0);
  for (let request = 0; request < 10_000; request += 1) pacer.observe(100);
  expect(pacer.costPenalty(1)).toBeCloseTo(50 * 0.05, 12);
});

test('what failed attempts cost belongs to the request that they were made for', () => {
  const [whole, piecewise] = [createPacer(0.01), createPacer(0.01)];
  for (let request = 0; request < 200; request += 1) {
    whole.observe(0.03);
    piecewise.observe(0.02, false);
    piecewise.observe(0.01);
  }
  expect(piecewise.state().meanCostUsd).toBeCloseTo(whole.state().meanCostUsd, 12);
  expect(piecewise.state().multiplier).toBeCloseTo(whole.state().multiplier, 12);
});

test('a budget far below what quality asks for is kept: the multiplier goes as high as it must', () => {
  const target = 0.01;
  const pacer = createPacer(target);
  let spent = 0;
  // Half a quality point lies between 0.9·B and 1.5·B: a penalty of .5 per .6·B.
  for (let request = 0; request < 20_000; request += 1) {
    const costUsd = 0.5 > pacer.costPenalty(1) * 0.006 ? 0.015 : 0.009;
    pacer.observe(costUsd);
    if (request >= 10_000) spent += costUsd;
  }
  expect(spent / 10_000 / target).toBeCloseTo(1, 2);
  expect(pacer.state().multiplier).toBeGreaterThan(5);
});

test('goes on where it was; under another target the price of a dollar stays', () => {
  const before = createPacer(0.01);
  for (let request = 0; request < 50; request += 1) before.observe(0.04);
  const again = createPacer(0.01, before.state());
  expect(again.state()).toEqual(before.state());
  const larger = createPacer(0.02, before.state());
  expect(larger.costPenalty(0.03)).toBeCloseTo(before.costPenalty(0.03), 12);
  larger.observe(0.01);
  again.observe(0.01);
  expect(larger.costPenalty(0.03)).toBeLessThan(again.costPenalty(0.03));
});
