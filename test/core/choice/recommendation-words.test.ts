import { expect, test } from 'vitest';
import {
  type Recommended,
  reasonOfFirst,
  reasonOfOther,
} from '../../../src/core/choice/recommendation-words.ts';

const FIRST: Recommended = {
  model: 'small',
  quality: { mean: 0.8612, low90: 0.82, high90: 0.9 },
  evidence: 'observed',
  samples: 130.4,
  costUsd: 0.00041,
  latencyMs: 900,
};

test('the first: quality with its interval, where that is known from, cost and time', () => {
  expect(reasonOfFirst(FIRST, 'balanced')).toBe(
    "The most value under 'balanced': quality 0.86 (90 %: 0.82–0.90, from 130 outcomes here) for $0.00041 and 0.9 s a request.",
  );
  expect(reasonOfFirst({ ...FIRST, evidence: 'prior' }, 'price')).toContain('nothing was observed here yet');
  expect(reasonOfFirst({ ...FIRST, samples: 0.2, costUsd: 0 }, 'price')).toMatch(/one outcome.*\$0 and/);
});

test.each([
  [
    { quality: { mean: 0.89, low90: 0.86, high90: 0.92 }, costUsd: 0.0041, latencyMs: 2_700 },
    'quality 0.03 higher, 10× the price, 3.0× the time.',
  ],
  [
    { quality: { mean: 0.6, low90: 0.5, high90: 0.7 }, costUsd: 0.000205, latencyMs: 930 },
    'quality 0.26 lower, 0.50× the price, as slow.',
  ],
  [
    { quality: { mean: 0.855, low90: 0.7, high90: 0.95 }, costUsd: 0.00042, latencyMs: 900 },
    'as good, as dear, as slow; it may still turn out as good.',
  ],
  [{ evidence: 'prior' as const }, 'as good, as dear, as slow; nothing was observed of it yet.'],
])('another against the first %#', (change, words) => {
  expect(reasonOfOther({ ...FIRST, model: 'large', ...change }, FIRST)).toBe(`Against small: ${words}`);
});

test('a free first model has no ratio to be dearer by', () => {
  const words = reasonOfOther({ ...FIRST, costUsd: 0.002 }, { ...FIRST, costUsd: 0 });
  expect(words).toContain('the price of $0.0020 against nothing');
});
