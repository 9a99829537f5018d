import { expect, it } from 'vitest';
import { estimateTextTokens, estimateValueTokens } from '../../../src/core/task/token-estimate.ts';

it('takes about four Latin letters for a token and one Chinese sign', () => {
  expect(estimateTextTokens('The quick brown fox jumps over the lazy dog. '.repeat(100))).toBeGreaterThan(
    900,
  );
  expect(estimateTextTokens('The quick brown fox jumps over the lazy dog. '.repeat(100))).toBeLessThan(1_400);
  expect(estimateTextTokens('火车站'.repeat(100))).toBe(300);
  expect(estimateTextTokens('')).toBe(0);
  expect(estimateTextTokens('a')).toBe(1);
});

it('grows in step with the text, by sampling', () => {
  const text = 'A line of prose with 3 numbers, 14 and 159. ';
  const short = estimateTextTokens(text.repeat(50));
  expect(estimateTextTokens(text.repeat(5_000)) / short).toBeGreaterThan(90);
  expect(estimateTextTokens(text.repeat(5_000)) / short).toBeLessThan(110);
});

it('counts keys and values of tool definitions, and ends on huge or deep ones', () => {
  expect(estimateValueTokens({ name: 'get_weather', parameters: { city: 'string' } })).toBeGreaterThan(8);
  let deep: unknown = 'x';
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(estimateValueTokens(deep)).toBeLessThan(5_000);
  expect(estimateValueTokens(new Array(1_000_000).fill('word'))).toBeGreaterThan(1_000_000);
});
