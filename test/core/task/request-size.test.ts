import { expect, test } from 'vitest';
import { requestSizeOf } from '../../../src/core/task/request-size.ts';

test('sizes begin at their bounds, and what is no number is small', () => {
  const tokens = [0, 499, 500, 3_999, 4_000, 31_999, 32_000, Number.NaN, -1, Number.POSITIVE_INFINITY];
  expect(tokens.map(requestSizeOf)).toEqual([
    'small',
    'small',
    'medium',
    'medium',
    'large',
    'large',
    'huge',
    'small',
    'small',
    'huge',
  ]);
});
