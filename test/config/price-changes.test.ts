import { expect, it } from 'vitest';
import { priceChanges } from '../../src/config/price-changes.ts';
import { chatModel, priceOf } from '../core/choice/candidates.ts';

it('names the endpoints whose price is another one, and no others', () => {
  const old = [chatModel('one', [priceOf(1, 2), priceOf(3, 4)]), chatModel('gone', [priceOf(1, 1)])];
  const cached = { ...priceOf(3, 4), cachedInputUsdPerMillion: 1 };
  const fresh = [chatModel('one', [priceOf(1, 2), cached]), chatModel('new', [priceOf(9, 9)])];
  expect(priceChanges(old, fresh)).toEqual([{ endpoint: 'p1/one', from: priceOf(3, 4), to: cached }]);
  expect(priceChanges(old, old)).toEqual([]);
});
