import { randomLcg, randomUniform } from 'd3-random';
import { describe, expect, it } from 'vitest';
import type { Price } from '../../../src/core/catalog/model.ts';
import { costMicroUsd, estimateCostMicroUsd } from '../../../src/core/money/cost.ts';

const price: Price = { inputUsdPerMillion: 0.59, outputUsdPerMillion: 0.79, cachedInputUsdPerMillion: 0.1 };

describe('costMicroUsd', () => {
  it('charges cached input at its own price and counts it once', () => {
    const usage = { inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 400 };
    expect(costMicroUsd(usage, price)).toBe(354 + 40 + 79);
  });

  it('charges what is kept for the next time at its own price, else at the input price', () => {
    const usage = { inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 400, cacheWriteTokens: 200 };
    expect(costMicroUsd(usage, price)).toBe(354 + 40 + 79);
    expect(costMicroUsd(usage, { ...price, cacheWriteUsdPerMillion: 0.74 })).toBe(236 + 148 + 40 + 79);
    expect(costMicroUsd({ ...usage, cacheWriteTokens: 900 }, { ...price, cacheWriteUsdPerMillion: 1 })).toBe(
      600 + 40 + 79,
    );
  });

  it('rounds half up where floating point would lose the half', () => {
    const cents = { inputUsdPerMillion: 0.145, outputUsdPerMillion: 0, cachedInputUsdPerMillion: 0 };
    expect(100 * 0.145).toBeLessThan(14.5);
    expect(costMicroUsd({ inputTokens: 100, outputTokens: 0, cachedInputTokens: 0 }, cents)).toBe(15);
  });

  it('agrees with exact integer arithmetic on 5,000 random usages and prices', () => {
    const draw = randomUniform.source(randomLcg(7))(0, 1);
    for (let round = 0; round < 5_000; round += 1) {
      const [input, output, cached] = [0, 1, 2].map(() => Math.floor(draw() * 100_000)) as [
        number,
        number,
        number,
      ];
      const prices = [0, 1, 2].map(() => Math.round(draw() * 100_000_000)) as [number, number, number];
      const cachedInputTokens = Math.min(cached, input);
      const units =
        BigInt(input - cachedInputTokens) * BigInt(prices[0]) +
        BigInt(output) * BigInt(prices[1]) +
        BigInt(cachedInputTokens) * BigInt(prices[2]);
      const exact = (units + 500_000n) / 1_000_000n;
      const cost = costMicroUsd(
        { inputTokens: input, outputTokens: output, cachedInputTokens },
        {
          inputUsdPerMillion: prices[0] / 1e6,
          outputUsdPerMillion: prices[1] / 1e6,
          cachedInputUsdPerMillion: prices[2] / 1e6,
        },
      );
      expect(BigInt(cost)).toBe(exact);
    }
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
    'is never negative or NaN at a price of %s',
    (broken) => {
      const odd = { inputUsdPerMillion: broken, outputUsdPerMillion: 1, cachedInputUsdPerMillion: broken };
      const cost = costMicroUsd({ inputTokens: 10, outputTokens: 5, cachedInputTokens: 2 }, odd);
      expect(cost).toBe(5);
    },
  );
});

describe('estimateCostMicroUsd', () => {
  const million = { inputUsdPerMillion: 1, outputUsdPerMillion: 10, cachedInputUsdPerMillion: 0 };

  it('cuts the expected answer to the client’s bound and counts every choice', () => {
    const request = { inputTokens: 100, expectedOutputTokens: 300.2, choices: 2 };
    expect(estimateCostMicroUsd(request, million)).toBe(100 + 2 * 301 * 10);
    expect(estimateCostMicroUsd({ ...request, maxOutputTokens: 50 }, million)).toBe(100 + 2 * 50 * 10);
  });
});
