import { describe, expect, it } from 'vitest';
import {
  EXAMINED_CHARACTERS,
  FEATURE_ROWS,
  hashFeatures,
  newFeatureBuffer,
} from '../../../src/core/task/text-features.ts';

const buffer = newFeatureBuffer();

function featuresOf(text: string): { instruction: number[]; body: number[]; structure: number[] } {
  hashFeatures(text, buffer);
  return {
    instruction: [...buffer.instruction.subarray(0, buffer.instructionCount)],
    body: [...buffer.body.subarray(0, buffer.bodyCount)],
    structure: [...buffer.structure],
  };
}

describe('hashFeatures', () => {
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
  ];

  it.each(hostile)('reads a bounded part of 1 MB of %s and stays inside its buffers', (_name, unit) => {
    hashFeatures(unit.repeat(Math.ceil(1_000_000 / unit.length)), buffer);
    expect(buffer.examined).toBe(EXAMINED_CHARACTERS);
    expect(buffer.instructionCount).toBeLessThanOrEqual(buffer.instruction.length);
    expect(buffer.bodyCount).toBeLessThanOrEqual(buffer.body.length);
    for (const rows of [buffer.instruction, buffer.body, buffer.structure]) {
      expect(rows.every((row) => row >= 0 && row < FEATURE_ROWS)).toBe(true);
    }
  });

  it.each([0, 1, EXAMINED_CHARACTERS - 1, EXAMINED_CHARACTERS, EXAMINED_CHARACTERS + 1])(
    'examines %i of as many characters, up to the bound',
    (length) => {
      hashFeatures('b'.repeat(length), buffer);
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
    expect(featuresOf('翻译这句话').body.length).toBe(10);
    expect(featuresOf('翻译').body).not.toEqual(featuresOf('译翻').body);
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
