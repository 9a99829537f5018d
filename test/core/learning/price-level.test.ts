import { expect, test } from 'vitest';
import { priceLevels } from '../../../src/core/learning/price-level.ts';
import { chatModel, FREE, priceOf } from '../choice/candidates.ts';

test('is the logarithm of the cheapest endpoint against the mean, three input tokens per output token', () => {
  const levels = priceLevels([
    chatModel('dear', [priceOf(1, 5), priceOf(50, 50)]),
    chatModel('cheap', [priceOf(0.5, 0.5)]),
  ]);
  expect(levels.get('dear')).toBeCloseTo(Math.log(2) / 2 + Math.log(2) / 2, 12);
  expect(levels.get('cheap')).toBeCloseTo(-Math.log(2), 12);
});

test('says nothing of models without a price, alone, or of another type', () => {
  const unknown = chatModel('unknown', [priceOf(9, 9)]);
  const levels = priceLevels([
    chatModel('one', [priceOf(1, 1)]),
    chatModel('other', [priceOf(4, 4)]),
    chatModel('free', [FREE]),
    { ...unknown, endpoints: unknown.endpoints.map((endpoint) => ({ ...endpoint, isPriceKnown: false })) },
    chatModel('embedder', [priceOf(0.001, 0)], { type: 'embedding' }),
  ]);
  expect(levels.get('one')).toBeCloseTo(-Math.log(2), 12);
  expect([levels.get('free'), levels.get('unknown'), levels.get('embedder')]).toEqual([0, 0, 0]);
});
