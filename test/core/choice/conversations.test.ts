import { expect, test } from 'vitest';
import { createConversations } from '../../../src/core/choice/conversations.ts';

const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 9, cachedInputUsdPerMillion: 0.3 };

function conversationsOf({ ttlMs = 1000, maxCount = 3 } = {}) {
  const limits = { ttlMs, maxCount };
  const conversations = createConversations({ ttlMs: () => limits.ttlMs, maxCount: () => limits.maxCount });
  const answer = (name: string, nowMs: number, details: object = {}) =>
    conversations.answered(name, {
      endpointId: 'p/m',
      inputTokens: 4000,
      cachedInputTokens: 0,
      nowMs,
      ...details,
    });
  return { conversations, answer, limits };
}

test('is where its last answer came from, until its cache is cold', () => {
  const { conversations, answer } = conversationsOf();
  expect(conversations.placeOf('a', 0)).toBeUndefined();
  answer('a', 100);
  answer('b', 100, { endpointId: 'q/n' });
  expect(conversations.placeOf('a', 1099)?.endpointId).toBe('p/m');
  expect(conversations.placeOf('b', 1099)?.endpointId).toBe('q/n');
  answer('a', 1000, { endpointId: 'q/n' });
  expect(conversations.placeOf('a', 1999)?.endpointId).toBe('q/n');
  expect(conversations.placeOf('a', 2000)).toBeUndefined();
  expect(conversations.placeOf('b', 1100)).toBeUndefined();
  expect(conversations.count()).toBe(0);
});

test('the longest unheard of gives way, and what is over goes by itself', () => {
  const { conversations, answer, limits } = conversationsOf();
  for (const [at, name] of ['a', 'b', 'c', 'a', 'd'].entries()) answer(name, at);
  expect(conversations.count()).toBe(3);
  expect(conversations.placeOf('b', 5)).toBeUndefined();
  expect(['a', 'c', 'd'].map((name) => conversations.placeOf(name, 5)?.answeredAtMs)).toEqual([3, 2, 4]);
  answer('e', 1003);
  expect(conversations.count()).toBe(2);
  limits.maxCount = 1;
  answer('f', 1003);
  expect(conversations.count()).toBe(1);
  limits.ttlMs = 0;
  expect(conversations.placeOf('f', 1003)).toBeUndefined();
  answer('g', 1003);
  expect(conversations.placeOf('g', 1003)).toBeUndefined();
});

test('what a warm cache saves: half of the former prompt at first, then what was seen', () => {
  const { conversations, answer } = conversationsOf();
  answer('a', 0);
  const place = conversations.placeOf('a', 1);
  if (place === undefined) throw new Error('forgotten');
  // 0.5 · 4000 tokens · $2.70 per million.
  expect(conversations.warmCacheUsd(place, 5000, PRICE)).toBeCloseTo(0.5 * 4000 * 2.7e-6, 12);
  expect(conversations.warmCacheUsd(place, 1000, PRICE)).toBeCloseTo(0.5 * 1000 * 2.7e-6, 12);
  expect(conversations.warmCacheUsd(place, 5000, { ...PRICE, cachedInputUsdPerMillion: 3 })).toBe(0);
  for (let turn = 1; turn <= 500; turn += 1)
    answer('a', turn, { inputTokens: 4100, cachedInputTokens: 3690 });
  expect(conversations.warmCacheUsd(place, 5000, PRICE)).toBeCloseTo(0.9 * 4000 * 2.7e-6, 3);
  // Another endpoint has shown nothing.
  expect(conversations.warmCacheUsd({ ...place, endpointId: 'q/n' }, 5000, PRICE)).toBeCloseTo(0.0054, 12);
  for (let turn = 1; turn <= 500; turn += 1) answer('a', 500 + turn, { cachedInputTokens: 0 });
  expect(conversations.warmCacheUsd(place, 5000, PRICE)).toBeLessThan(0.001);
});

test('usage that makes no sense moves nothing', () => {
  const { conversations, answer } = conversationsOf();
  answer('a', 0, { inputTokens: 0 });
  answer('a', 0, { inputTokens: Number.NaN });
  expect(conversations.count()).toBe(0);
});
