import { expect, it } from 'vitest';
import {
  CLASSIFIER_BIASES,
  CLASSIFIER_ROWS,
  CLASSIFIER_SCALE,
  CLASSIFIER_WEIGHTS,
} from '../../../src/core/task/classifier-weights.ts';
import { addTextScores, CLASS_COUNT } from '../../../src/core/task/task-classifier.ts';
import { newTextFeatures, normOf, rowOf, scanText } from '../../../src/core/task/text-features.ts';

/** Row of a feature → where its ten weights begin; the plain reading of what `classifier-table.ts` packs. */
function offsetsByRow(): Map<number, number> {
  const offsets = new Map<number, number>();
  let row = -1;
  let gap = 0;
  for (const byte of Buffer.from(CLASSIFIER_ROWS, 'base64')) {
    gap += byte;
    if (byte === 255) continue;
    row += gap;
    gap = 0;
    offsets.set(row, offsets.size * CLASS_COUNT);
  }
  return offsets;
}

const offsets = offsetsByRow();
const weights = new Int8Array(Buffer.from(CLASSIFIER_WEIGHTS, 'base64'));
const scan = newTextFeatures();

function scoresOneByOne(text: string): number[] {
  scanText(text, scan);
  const groups: readonly (readonly [rows: number[], norm: number])[] = [
    ...(
      [
        [scan.lead, scan.leadCount],
        [scan.instruction, scan.instructionCount],
        [scan.grams, scan.gramCount],
        [scan.body, scan.bodyCount],
      ] as const
    ).map(([hashes, count]) => [[...hashes.subarray(0, count)].map(rowOf), normOf(count)] as const),
    [[...scan.structure], 1],
  ];
  return CLASSIFIER_BIASES.map((bias, label) =>
    groups.reduce(
      (sum, [rows, norm]) =>
        sum +
        rows.reduce((total, row) => {
          const offset = offsets.get(row);
          return total + (offset === undefined ? 0 : (weights[offset + label] as number));
        }, 0) *
          norm *
          CLASSIFIER_SCALE,
      bias,
    ),
  );
}

it('ships every row once, and weights for each', () => {
  expect(weights.length).toBe(offsets.size * CLASS_COUNT);
  expect(CLASSIFIER_ROWS.length + CLASSIFIER_WEIGHTS.length).toBeLessThan(1_000_000);
});

it.each([
  'Write a poem about the sea in autumn.',
  'Why does this crash?\n\n```python\nitems = []\nprint(items[0])\n```',
  '请把下面的句子翻译成英文：今天天气很好。'.repeat(30),
  'x',
  '',
  'What would you do? I have tried everything. '.repeat(60),
])('adds packed weights up to the same scores as one by one: %#', (text) => {
  const scores = new Float64Array(CLASS_COUNT);
  const expected = scoresOneByOne(text);
  addTextScores(scan, 1, scores);
  scores.forEach((score, label) => {
    expect(score).toBeCloseTo(expected[label] as number, 9);
  });
});
