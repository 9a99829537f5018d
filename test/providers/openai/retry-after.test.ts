import { expect, test } from 'vitest';
import { retryAfterSeconds } from '../../../src/providers/openai/retry-after.ts';

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');

test.each([
  ['7', 7],
  [' 7 ', 7],
  ['0.2', 1],
  ['1.5', 2],
  ['0', 1],
  ['60', 60],
  ['61', 61],
  ['86400', 86_400],
  ['99999999999999999999999', 1e23],
  ['Fri, 01 May 2026 12:00:20 GMT', 20],
  ['Fri, 01 May 2026 11:00:00 GMT', 1],
  ['Sat, 02 May 2026 12:00:00 GMT', 86_400],
])('%s is %i seconds', (value, seconds) => {
  expect(retryAfterSeconds(value, NOW_MS)).toBe(seconds);
});

test.each([[undefined], [''], ['  '], ['soon'], ['1e9'], ['NaN'], ['Infinity']])('%s is no time', (value) => {
  expect(retryAfterSeconds(value, NOW_MS)).toBeUndefined();
});

test('of several the first counts', () => {
  expect(retryAfterSeconds(['9', '30'], NOW_MS)).toBe(9);
  expect(retryAfterSeconds([], NOW_MS)).toBeUndefined();
});
