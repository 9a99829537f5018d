import { describe, expect, test } from 'vitest';
import { qualityOfPair, readPreference, readScore } from '../../../src/core/judge/judge-verdict.ts';

describe('a score', () => {
  test.each([
    ['{"score": 0.8}', 0.8],
    [' {"score":1}\n', 1],
    ['{"score": 0}', 0],
  ])('%s', (text, score) => {
    expect(readScore(text)).toBe(score);
  });

  test.each([
    '',
    'score: 1',
    '1',
    'null',
    '[{"score": 1}]',
    '{"score": "1"}',
    '{"score": 1.01}',
    '{"score": -0.1}',
    '{"score": 1e999}',
    '{"score": null}',
    '{"score": true}',
    '{"score": 1, "reason": "good"}',
    '{"Score": 1}',
    '{"better": "first"}',
    '```json\n{"score": 1}\n```',
    'Sure! {"score": 1}',
    '{"score": 1} {"score": 0}',
  ])('is not guessed from %s', (text) => {
    expect(readScore(text)).toBeUndefined();
  });
});

test('a preference is one of three words', () => {
  expect(['first', 'second', 'tie'].map((word) => readPreference(JSON.stringify({ better: word })))).toEqual([
    'first',
    'second',
    'tie',
  ]);
  for (const text of ['{"better": "First"}', '{"better": "A"}', '{"better": 1}', '{"score": 1}', 'first']) {
    expect(readPreference(text)).toBeUndefined();
  }
});

test('two comparisons that contradict each other are a tie', () => {
  expect(qualityOfPair('first', 'second')).toBe(1);
  expect(qualityOfPair('second', 'first')).toBe(0);
  // It favours a place, not an answer.
  expect(qualityOfPair('first', 'first')).toBe(0.5);
  expect(qualityOfPair('second', 'second')).toBe(0.5);
  expect(qualityOfPair('tie', 'second')).toBe(0.5);
  expect(qualityOfPair('first', 'tie')).toBe(0.5);
});
