import { describe, expect, test } from 'vitest';
import { isNearlyTheSame, SKETCH_STRIDE, sketchAsk } from '../../../src/core/reward/ask-sketch.ts';

const sketches = new Int32Array(2 * SKETCH_STRIDE);

function areAlike(one: string, other: string): boolean {
  sketchAsk(one, 7, sketches, 0);
  sketchAsk(other, 7, sketches, SKETCH_STRIDE);
  return isNearlyTheSame(sketches, 0, SKETCH_STRIDE);
}

const LONG =
  'We ship the parcels from Lyon every morning, and the customs office in Basel holds back about a third. ';

describe('nearly the same ask', () => {
  test.each([
    ['word for word', 'How do I undo my last commit?', 'How do I undo my last commit?'],
    ['in capitals, with other marks', 'How do I undo my last commit?', 'HOW DO I UNDO MY LAST COMMIT??!'],
    [
      'with a word added',
      'How can I undo the last commit without losing my changes in the working tree',
      'How can I undo the last commit without losing my changes in the working tree please',
    ],
    [
      'Chinese with one sign more',
      '请把这段话翻译成英文并解释每个词的意思',
      '请把这段话翻译成英文并解释每个词的意思吧',
    ],
  ])('%s', (_, one, other) => {
    expect(areAlike(one, other)).toBe(true);
  });

  test.each([
    ['another question', 'How do I undo my last commit?', 'How do I rename a branch on the server?'],
    ['the same form with another subject', 'What is the capital of France?', 'What is the capital of Spain?'],
    [
      'the next number',
      'Write chapter 2 of the story in the same style',
      'Write chapter 3 of the story in the same style',
    ],
    ['too short to say anything', 'go on', 'go on'],
    ['one word', 'continue', 'continue'],
    ['half as long again', LONG.repeat(2), LONG.repeat(3)],
    ['empty', '', ''],
    [
      'another Chinese question',
      '请把这段话翻译成英文并解释每个词的意思',
      '写一首关于秋天和月亮的短诗给我妈妈',
    ],
    [
      'another question about the same long material',
      `What went wrong in this log, and who has to be told about it? ${LONG.repeat(9)}`,
      `${LONG.repeat(9)} Turn all of the above into a polite letter in Italian.`,
    ],
  ])('not: %s', (_, one, other) => {
    expect(areAlike(one, other)).toBe(false);
  });
});

test('looks at no more of a long text than of a short one', () => {
  // Same ends and about the same length: what lies between is not looked at, so it cannot cost.
  const middle = (filler: string) => `${LONG}${filler.repeat(1_000)}${LONG}`;
  expect(areAlike(middle('abc '), middle('xyz '))).toBe(true);
});
