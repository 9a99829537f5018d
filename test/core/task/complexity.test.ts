import { describe, expect, it } from 'vitest';
import { complexityOf } from '../../../src/core/task/complexity.ts';
import { readRequest } from '../../../src/core/task/request-reading.ts';
import { newTextFeatures, scanText } from '../../../src/core/task/text-features.ts';

const scan = newTextFeatures();

function complexityOfText(text: string): number {
  scanText(text, scan);
  return complexityOf('unknown', readRequest({ messages: [{ role: 'user', content: text }] }), scan);
}

describe('words that ask for more', () => {
  it.each([
    ['Prove it to me.', 'Plant it to me.'],
    ['REFACTOR this.', 'ANTIDOTE this.'],
    ['tell me step by step', 'tell me foot by foot'],
    ['mind the edge cases', 'mind the edge canes'],
    ['a trade-off', 'a trade-out'],
    ['Démontre la règle', 'Décollez la règle'],
    ['Докажите, что', 'Покажите, что'],
    ['请证明这个', '请说明这个'],
    ['これを最適化して', 'これを一般化して'],
  ])('%s is harder than %s', (hard, plain) => {
    expect(complexityOfText(hard)).toBeCloseTo(complexityOfText(plain) + 0.15, 6);
  });

  it('takes half of such a pair for nothing', () => {
    for (const text of ['step on it', 'on the edge', 'in any case']) {
      expect(complexityOfText(text)).toBeCloseTo(complexityOfText(text.replace(/[a-z]/g, 'x')), 6);
    }
  });
});

it('grows with lines', () => {
  expect(complexityOfText('a\na\na\na\na')).toBeGreaterThan(complexityOfText('a a a a a'));
});
