import { expect, test } from 'vitest';
import {
  exactPercent,
  language,
  milliseconds,
  percent,
  severalMilliseconds,
} from '../../src/dashboard/format.ts';

/** A number and its unit are on one line: what stands between them is no ordinary space. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test.each([
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [12_345, '12 s'],
])('%d milliseconds are %s', (value, text) => {
  expect(plain(milliseconds(value))).toBe(text);
});

test.each([
  [0, 1, '0.0 %'],
  [0.0001, 1, '< 0.1 %'],
  [0.0006, 1, '0.1 %'],
  [0.004, 0, '< 1 %'],
  [0.006, 0, '1 %'],
  [-0.2, 0, '−20 %'],
])('a share of %d to %d digits is %s: what is seldom is not never', (share, digits, text) => {
  expect(plain(percent(share, digits))).toBe(text);
});

test.each([
  ['de', 'German'],
  ['qqq', 'qqq'],
  ['not a language', 'not a language'],
])('the language %s is called %s', (code, name) => {
  expect(language(code)).toBe(name);
});

test.each([
  [[446, 483.4, 503], '446 / 483 / 503 ms'],
  [[812, 1_100, 12_400], '0.8 / 1.1 / 12 s'],
])('%j milliseconds share a unit', (values, text) => {
  expect(plain(severalMilliseconds(values))).toBe(text);
});

test.each([
  [0.125, '12.5 %'],
  [0.07, '7 %'],
  [0.0005, '0.05 %'],
  [0.29, '29 %'],
])('a share that was set, %d, is told as it was set, %s', (share, text) => {
  expect(plain(exactPercent(share))).toBe(text);
});
