import { expect, test } from 'vitest';
import { type CachedAnswer, createAnswerCache } from '../../src/store/answer-cache.ts';

const answer = (length: number): CachedAnswer => ({
  bytes: Buffer.alloc(length, 'a'),
  headers: {},
  modelId: 'm',
  provider: 'p',
  requestId: 'r',
  costMicroUsd: 1,
  atMs: 0,
});

function open(maxBytes = 1024 ** 2) {
  let nowMs = 0;
  const cache = createAnswerCache({ ttlMs: 1000, maxBytes, monotonicMs: () => nowMs });
  return {
    cache,
    wait(ms: number) {
      nowMs += ms;
    },
  };
}

test('an answer is kept for its time, and not longer for being asked for', () => {
  const { cache, wait } = open();
  wait(1);
  cache.set('k', answer(10));
  wait(999);
  expect(cache.get('k')?.bytes.toString()).toBe('a'.repeat(10));
  wait(2);
  expect(cache.get('k')).toBeUndefined();
});

test('memory is bounded: who was not asked for the longest leaves, and one answer cannot push out all', () => {
  const { cache } = open(100_000);
  for (let index = 0; index < 50; index += 1) {
    cache.set(String(index), answer(9_000));
    cache.get('0');
    expect(cache.standing().bytes).toBeLessThanOrEqual(100_000);
  }
  expect(cache.standing().answers).toBe(9);
  expect(cache.get('0')).toBeDefined();
  expect(cache.get('1')).toBeUndefined();
  cache.set('large', answer(cache.maxAnswerBytes + 1));
  expect(cache.get('large')).toBeUndefined();
});

test('a kept answer holds no memory but its own', () => {
  const { cache } = open();
  const whole = Buffer.alloc(100_000);
  cache.set('k', { ...answer(0), bytes: whole.subarray(0, 10) });
  expect(cache.get('k')?.bytes.buffer.byteLength).toBe(10);
});

test('a key is a hash of the parts one by one', () => {
  const { cache } = open();
  expect(cache.keyOf(['ab', 'c'])).not.toBe(cache.keyOf(['a', 'bc']));
  expect(cache.keyOf(['ab', Buffer.from('c')])).toBe(cache.keyOf(['ab', 'c']));
  expect(cache.keyOf(['secret prompt'])).toMatch(/^[A-Za-z0-9+/]{43}=$/);
});
