import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';

test('the same seed gives the same numbers, neighbours give others', () => {
  const numbersOf = (seed: number) => Array.from({ length: 5 }, createRandom(seed));
  expect(numbersOf(42)).toEqual(numbersOf(42));
  expect(numbersOf(42)).not.toEqual(numbersOf(43));
  expect(Math.abs((numbersOf(42)[0] ?? 0) - (numbersOf(43)[0] ?? 0))).toBeGreaterThan(1e-3);
});

test('numbers are uniform in [0, 1): every tenth gets its share, neighbours are uncorrelated', () => {
  const random = createRandom(5);
  const tenths = new Array<number>(10).fill(0);
  let products = 0;
  let previous = 0.5;
  const count = 100_000;
  for (let index = 0; index < count; index += 1) {
    const value = random();
    tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? 0) + 1;
    products += (value - 0.5) * (previous - 0.5);
    previous = value;
  }
  expect(tenths).toHaveLength(10);
  for (const share of tenths) expect(share / count).toBeCloseTo(0.1, 2);
  expect(Math.abs((12 * products) / count)).toBeLessThan(0.01);
});

test('a seed that is no number still gives a generator', () => {
  const value = createRandom(Number.NaN)();
  expect(value >= 0 && value < 1).toBe(true);
});
