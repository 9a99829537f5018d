import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { PAIR_SUMS, reliabilityOf } from '../../../src/core/learning/source-reliability.ts';

/** The sums over so many answers, `good` of which are: what a source says of them, and whether somebody labels them. */
function sumsOf(
  answers: number,
  verdictOf: (label: number, random: () => number) => number,
  { good = 0.7, labelledIfGood = 1, labelledIfBad = 1 } = {},
): Float64Array {
  const random = createRandom(7);
  const sums = new Float64Array(PAIR_SUMS);
  for (let answer = 0; answer < answers; answer += 1) {
    const y = random() < good ? 1 : 0;
    const v = verdictOf(y, random);
    if (random() >= (y === 1 ? labelledIfGood : labelledIfBad)) continue;
    for (const [index, value] of [1, y, v, y * v, y * y, v * v].entries()) {
      sums[index] = (sums[index] ?? 0) + value;
    }
  }
  return sums;
}

const flipping = (rate: number) => (label: number, random: () => number) =>
  random() < rate ? 1 - label : label;

test('nobody has checked it: its word is taken as it is, and counts half', () => {
  const { slope, offset, weight, pairs, meanLabel } = reliabilityOf(new Float64Array(PAIR_SUMS));
  expect(slope).toBeCloseTo(1, 9);
  expect(offset).toBeCloseTo(0, 9);
  expect(weight).toBeCloseTo(0.5, 9);
  expect(pairs).toBe(0);
  expect(meanLabel).toBeUndefined();
});

test.each([0, 0.1, 0.2, 0.3, 0.4])('flips at %f: the slope is 1 − 2r, the offset r', (rate) => {
  const { slope, offset, weight } = reliabilityOf(sumsOf(20_000, flipping(rate)));
  expect(slope).toBeCloseTo(1 - 2 * rate, 1);
  expect(offset).toBeCloseTo(rate, 1);
  const signal = (1 - 2 * rate) ** 2 * 0.2;
  expect(weight).toBeCloseTo(signal / (signal + rate * (1 - rate)), 1);
});

test('hardly better than chance: as good as nothing', () => {
  expect(reliabilityOf(sumsOf(20_000, flipping(0.45))).weight).toBeLessThan(0.02);
  expect(reliabilityOf(sumsOf(20_000, flipping(0.5))).weight).toBeLessThan(0.001);
  expect(reliabilityOf(sumsOf(20_000, () => 0.8)).weight).toBeLessThan(0.001);
  expect(reliabilityOf(sumsOf(20_000, flipping(0.9))).weight).toBe(0);
});

test('lenient, but with an eye for it: an offset, and nearly a label', () => {
  const { slope, offset, weight } = reliabilityOf(sumsOf(20_000, (label) => 0.6 + 0.3 * label));
  expect(slope).toBeCloseTo(0.3, 1);
  expect(offset).toBeCloseTo(0.6, 1);
  expect(weight).toBeGreaterThan(0.9);
});

test('bad answers labelled three times as often as good ones change nothing of it', () => {
  const chosen = { labelledIfGood: 0.1, labelledIfBad: 0.3 };
  const { slope, offset } = reliabilityOf(sumsOf(50_000, flipping(0.2), chosen));
  expect(Math.abs(slope - 0.6)).toBeLessThan(0.03);
  expect(Math.abs(offset - 0.2)).toBeLessThan(0.03);
});

test('a hundred pairs tell a slope within a fifth', () => {
  expect(Math.abs(reliabilityOf(sumsOf(100, flipping(0.2))).slope - 0.6)).toBeLessThan(0.2);
});

test('sums that make no sense give numbers', () => {
  for (const broken of [-5, Number.NaN]) {
    const { slope, weight } = reliabilityOf(new Float64Array(PAIR_SUMS).fill(broken));
    expect(Number.isFinite(slope)).toBe(true);
    expect(weight).toBeGreaterThanOrEqual(0);
    expect(weight).toBeLessThanOrEqual(1);
  }
});
