import { expect, it } from 'vitest';
import { formatUsd } from '../../../src/core/money/format-usd.ts';

it.each([
  [0, '0'],
  [1, '0.000001'],
  [1_234_500, '1.2345'],
  [12_000_000, '12'],
  [-20, '-0.00002'],
  [-0.4, '0'],
  [9_007_199_254_740_991, '9007199254.740991'],
])('%d micro-USD are %s', (microUsd, text) => {
  expect(formatUsd(microUsd)).toBe(text);
});
