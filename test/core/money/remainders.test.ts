import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { createRemainders } from '../../../src/core/money/remainders.ts';

const MICRO = 1_000_000;

describe('what is charged in whole micro-USD', () => {
  test('of a thousand answers of a tenth of a micro-USD is a hundred', () => {
    const remainders = createRemainders();
    let charged = 0;
    for (let answer = 0; answer < 1_000; answer += 1) charged += remainders.whole('a', MICRO / 10);
    expect(charged).toBe(100);
  });

  test('of the first answer is what it costs, half rounded up', () => {
    for (const [pico, micro] of [
      [14_500_000, 15],
      [14_499_999, 14],
      [499_999, 0],
      [500_000, 1],
      [0, 0],
    ] as const) {
      expect(createRemainders().whole('a', pico)).toBe(micro);
    }
  });

  test('of any answers of one account is never half a micro-USD away from what they cost, nor below nothing', () => {
    const random = createRandom(11);
    const remainders = createRemainders();
    const accounts = ['a', 'b', 'c'].map((name) => ({ name, cost: 0, charged: 0 }));
    for (let answer = 0; answer < 30_000; answer += 1) {
      const account = accounts[Math.floor(random() * 3)] as (typeof accounts)[0];
      const pico = Math.round(random() ** 8 * 3e9);
      const charge = remainders.whole(account.name, pico);
      expect(charge).toBeGreaterThanOrEqual(0);
      account.cost += pico;
      account.charged += charge;
      expect(Math.abs(account.charged * MICRO - account.cost)).toBeLessThanOrEqual(MICRO / 2);
    }
    expect(accounts[0]?.charged).toBeGreaterThan(100_000);
  });

  test('of what costs nothing, or makes no sense, is nothing and disturbs nobody', () => {
    const remainders = createRemainders();
    expect(remainders.whole('a', 400_000)).toBe(0);
    for (const odd of [0, -5, Number.NaN]) expect(remainders.whole('a', odd)).toBe(0);
    expect(remainders.whole('a', 100_000)).toBe(1);
  });

  test('a stranger more than there is room for takes the place of the oldest, and nobody else’s', () => {
    const remainders = createRemainders();
    for (let index = 0; index <= 10_000; index += 1) remainders.whole(`key_${index}`, 400_000);
    expect(remainders.whole('key_10000', 100_000)).toBe(1);
    expect(remainders.whole('key_1', 100_000)).toBe(1);
    expect(remainders.whole('key_0', 100_000)).toBe(0);
  });
});
