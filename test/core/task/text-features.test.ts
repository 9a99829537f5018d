import { describe, expect, it } from 'vitest';
import { FEATURE_ROWS, newTextFeatures, rowOf, scanText } from '../../../src/core/task/text-features.ts';
import { EXAMINED_CHARACTERS } from '../../../src/core/task/text-words.ts';

const buffer = newTextFeatures();

function featuresOf(text: string): Record<'lead' | 'instruction' | 'grams' | 'body' | 'structure', number[]> {
  scanText(text, buffer);
  return {
    lead: [...buffer.lead.subarray(0, buffer.leadCount)],
    instruction: [...buffer.instruction.subarray(0, buffer.instructionCount)],
    grams: [...buffer.grams.subarray(0, buffer.gramCount)],
    body: [...buffer.body.subarray(0, buffer.bodyCount)],
    structure: [...buffer.structure],
  };
}

describe('scanText', () => {
  const hostile: [name: string, unit: string][] = [
    ['one letter', 'a'],
    ['spaces', ' '],
    ['words of one letter', 'a '],
    ['lone surrogates', '\ud83d'],
    ['Chinese', '中'],
    ['backticks', '`'],
    ['line breaks', '\n'],
    ['digits', '7'],
    ['mixed', 'aü中 1'],
    ['sentences of one letter', 'a.'],
    ['questions of one sign', '中？'],
    ['letters of another script', 'ж'],
    ['words of six letters', 'abcdef '],
  ];

  it.each(hostile)('reads a bounded part of 1 MB of %s and stays inside its buffers', (_name, unit) => {
    scanText(unit.repeat(Math.ceil(1_000_000 / unit.length)), buffer);
    expect(buffer.examined).toBe(EXAMINED_CHARACTERS);
    for (const [hashes, count] of [
      [buffer.lead, buffer.leadCount],
      [buffer.instruction, buffer.instructionCount],
      [buffer.grams, buffer.gramCount],
      [buffer.body, buffer.bodyCount],
    ] as const) {
      expect(count).toBeLessThan(hashes.length);
      expect(hashes.map(rowOf).every((row) => row >= 0 && row < FEATURE_ROWS)).toBe(true);
    }
    expect(buffer.structure.every((row) => row >= 0 && row < FEATURE_ROWS)).toBe(true);
  });

  it.each([0, 1, EXAMINED_CHARACTERS - 1, EXAMINED_CHARACTERS, EXAMINED_CHARACTERS + 1])(
    'examines %i of as many characters, up to the bound',
    (length) => {
      scanText('b'.repeat(length), buffer);
      expect(buffer.examined).toBe(Math.min(length, EXAMINED_CHARACTERS));
    },
  );

  it('hears the end of a long text as well as its start', () => {
    const filler = 'lorem ipsum '.repeat(500);
    expect(featuresOf(`${filler} summarize this`).instruction).not.toEqual(
      featuresOf(`${filler} translate this`).instruction,
    );
    expect(featuresOf(`summarize ${filler}`).instruction).not.toEqual(
      featuresOf(`translate ${filler}`).instruction,
    );
  });

  it('does not mind case, in Latin, Greek and Cyrillic', () => {
    for (const [small, capital] of [
      ['übersetze łódź', 'ÜBERSETZE ŁÓDŹ'],
      ['напиши ёлка', 'НАПИШИ ЁЛКА'],
      ['γραψε', 'ΓΡΑΨΕ'],
    ] as const) {
      expect(featuresOf(small)).toEqual(featuresOf(capital));
    }
  });

  it('reads characters where a script has no spaces', () => {
    expect(featuresOf('翻译这句话').body.length).toBe(5);
    expect(featuresOf('翻译').body).not.toEqual(featuresOf('译翻').body);
  });

  it('knows how a sentence begins, ends and asks', () => {
    const plain = featuresOf('It rained. Write a poem. Thanks.').lead;
    for (const text of ['It rained. Sing a poem. Thanks.', 'It rained. Write a poem? Thanks.']) {
      expect(featuresOf(text).lead).not.toEqual(plain);
    }
    expect(featuresOf('雨が降った。詩を書いて').lead).not.toEqual(featuresOf('雨が降った。詩を読んだ').lead);
  });

  it('reads the same after a text in another script', () => {
    const alone = featuresOf('Explain the word.');
    for (const other of ['解释这个词。', 'объясни слово', '12 34', '']) {
      featuresOf(other);
      expect(featuresOf('Explain the word.')).toEqual(alone);
    }
  });

  it('treats all numbers alike', () => {
    expect(featuresOf('add 12 and 57')).toEqual(featuresOf('add 98 and 31'));
  });

  it('notices fences, diffs and question marks that no word carries', () => {
    const plain = featuresOf('a b c').structure;
    for (const text of ['a b c\n```\n```', 'a b c\n@@ @@', 'a b c?', 'a b c？']) {
      expect(featuresOf(text).structure).not.toEqual(plain);
    }
  });
});
