import { randomInt, randomLcg } from 'd3-random';
import { describe, expect, it } from 'vitest';
import { isRepetitive } from '../../../src/core/reward/repetition.ts';

const sentences = [
  'The river rose in the night and took the bridge with it.',
  'Nobody in the village had seen such water before, not even the old ones.',
  'By noon the miller counted his sacks and found a third of them gone.',
  'Er zählte sie noch einmal, langsam, als könnte das etwas ändern.',
  '夜になると水は引き、村には静けさが戻った。',
  'Вечером пришли соседи и принесли хлеб.',
];

/** Prose that never repeats: sentences with numbers and shuffled words. */
function prose(characters: number, seed: number): string {
  const upTo = randomInt.source(randomLcg(seed));
  const words = sentences.join(' ').split(' ');
  let text = '';
  while (text.length < characters) text += `${words[upTo(words.length)()]} `;
  return text.slice(0, characters);
}

describe('isRepetitive', () => {
  it.each([
    ['one sentence for ever', 'I think that the answer is yes. '.repeat(40)],
    ['a paragraph for ever', sentences.join(' ').repeat(20)],
    ['a loop after a good beginning', prose(6_000, 0.1) + 'and then he went home, '.repeat(120)],
    [
      'a list whose numbers alone change',
      Array.from(
        { length: 60 },
        (_, n) =>
          `${n}. Improve the experience by asking its users what they miss most, then building exactly that, then asking again, and so on until nobody misses anything at all.`,
      ).join('\n'),
    ],
    ['Chinese', '我认为这个问题的答案是肯定的，因为'.repeat(60)],
    ['Thai, which has no spaces', 'ฉันคิดว่าคำตอบของคำถามนี้คือใช่'.repeat(40)],
    ['exclamation marks', `Sure${'!'.repeat(900)}`],
    ['line breaks', `Done.${'\n'.repeat(900)}`],
    ['laughter', 'ha'.repeat(400)],
    [
      'a long text of which only the end is looked at',
      prose(100_000, 0.2) + 'over and over again it said '.repeat(400),
    ],
  ])('%s', (_, text) => {
    expect(isRepetitive(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a short refrain', 'la la la la la la la la '.repeat(10)],
    ['prose', prose(900, 0.3)],
    ['long prose', prose(30_000, 0.4)],
    [
      'a table',
      Array.from(
        { length: 80 },
        (_, n) => `| row ${n} | ${n * 37} | ${n % 2 ? 'yes' : 'no'} | ${n * n} |`,
      ).join('\n'),
    ],
    [
      'JSON records',
      JSON.stringify(
        Array.from({ length: 90 }, (_, n) => ({ id: n, name: `user${n * 7}`, isActive: n % 3 === 0 })),
        null,
        2,
      ),
    ],
    ['a ruler between two paragraphs', `${prose(600, 0.5)}\n${'-'.repeat(400)}\n${prose(600, 0.6)}`],
    [
      'three verses with one refrain',
      [0.1, 0.2, 0.3].map((seed) => prose(400, seed) + sentences[0]).join('\n'),
    ],
  ])('not %s', (_, text) => {
    expect(isRepetitive(text)).toBe(false);
  });

  it('is not fooled by what it saw in the text before', () => {
    const text = prose(4_000, 0.7);
    expect([1, 2, 3].map(() => isRepetitive(text))).toEqual([false, false, false]);
  });
});
