import { expect, test } from 'vitest';
import { language, milliseconds, percent } from '../../src/dashboard/format.ts';

test.each([
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [12_345, '12 s'],
])('%d milliseconds are %s', (value, text) => {
  expect(milliseconds(value)).toBe(text);
});

test.each([
  [0, 1, '0.0 %'],
  [0.0001, 1, '< 0.1 %'],
  [0.0006, 1, '0.1 %'],
  [0.004, 0, '< 1 %'],
  [0.006, 0, '1 %'],
  [-0.2, 0, '−20 %'],
])('a share of %d to %d digits is %s: what is seldom is not never', (share, digits, text) => {
  expect(percent(share, digits)).toBe(text);
});

test.each([
  ['de', 'German'],
  ['qqq', 'qqq'],
  ['not a language', 'not a language'],
])('the language %s is called %s', (code, name) => {
  expect(language(code)).toBe(name);
});
