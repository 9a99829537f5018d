import {
  CLASSIFIER_BIASES,
  CLASSIFIER_ROWS,
  CLASSIFIER_SCALE,
  CLASSIFIER_WEIGHTS,
} from './classifier-weights.ts';
import { CLASSIFIED_TASKS } from './task.ts';
import { FEATURE_ROWS, hashFeatures, newFeatureBuffer, normOf } from './text-features.ts';

export const CLASS_COUNT = CLASSIFIED_TASKS.length;

const places = decodePlaces(CLASSIFIER_ROWS);
const weights = decodeWeights(CLASSIFIER_WEIGHTS);
// Synchronous and never handed out, so one buffer serves every request.
const features = newFeatureBuffer();

/**
 * Adds `factor` × the calibrated log-odds of each class for `text` to `scores` (length `CLASS_COUNT`), and returns the
 * number of features seen. Multinomial logistic regression; the sums of hashed features are divided by the square
 * root of their number, so that a long text is not a certain one.
 */
export function addTextScores(text: string, factor: number, scores: Float64Array): number {
  hashFeatures(text, features);
  sumRows(
    features.instruction,
    features.instructionCount,
    normOf(features.instructionCount) * factor,
    scores,
  );
  sumRows(features.body, features.bodyCount, normOf(features.bodyCount) * factor, scores);
  sumRows(features.structure, features.structure.length, factor, scores);
  for (let index = 0; index < CLASS_COUNT; index += 1) {
    scores[index] = (scores[index] as number) + factor * (CLASSIFIER_BIASES[index] as number);
  }
  return features.bodyCount;
}

/** Turns `scores` into probabilities in place. */
export function toProbabilities(scores: Float64Array): void {
  let largest = -Infinity;
  for (const score of scores) if (score > largest) largest = score;
  let sum = 0;
  for (let index = 0; index < scores.length; index += 1) {
    const weight = Math.exp((scores[index] as number) - largest);
    scores[index] = weight;
    sum += weight;
  }
  for (let index = 0; index < scores.length; index += 1) scores[index] = (scores[index] as number) / sum;
}

/** Ten sums in ten locals: in an array, the loads and stores would cost more than the additions. */
function sumRows(rows: Int32Array, count: number, factor: number, scores: Float64Array): void {
  const scaled = factor * CLASSIFIER_SCALE;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  let s8 = 0;
  let s9 = 0;
  for (let index = 0; index < count; index += 1) {
    const place = places[rows[index] as number] as number;
    if (place === 0) continue;
    const at = place * 10;
    s0 += weights[at] as number;
    s1 += weights[at + 1] as number;
    s2 += weights[at + 2] as number;
    s3 += weights[at + 3] as number;
    s4 += weights[at + 4] as number;
    s5 += weights[at + 5] as number;
    s6 += weights[at + 6] as number;
    s7 += weights[at + 7] as number;
    s8 += weights[at + 8] as number;
    s9 += weights[at + 9] as number;
  }
  scores[0] = (scores[0] as number) + s0 * scaled;
  scores[1] = (scores[1] as number) + s1 * scaled;
  scores[2] = (scores[2] as number) + s2 * scaled;
  scores[3] = (scores[3] as number) + s3 * scaled;
  scores[4] = (scores[4] as number) + s4 * scaled;
  scores[5] = (scores[5] as number) + s5 * scaled;
  scores[6] = (scores[6] as number) + s6 * scaled;
  scores[7] = (scores[7] as number) + s7 * scaled;
  scores[8] = (scores[8] as number) + s8 * scaled;
  scores[9] = (scores[9] as number) + s9 * scaled;
}

/** Row of a feature → its place in the table; 0, whose weights are all zero, for rows that training dropped. */
function decodePlaces(base64: string): Uint16Array {
  const places = new Uint16Array(FEATURE_ROWS);
  let row = -1;
  let place = 0;
  let gap = 0;
  for (const byte of Buffer.from(base64, 'base64')) {
    // Gaps between rows in ascending order; 255 says that the gap goes on.
    gap += byte;
    if (byte === 255) continue;
    row += gap;
    gap = 0;
    place += 1;
    places[row] = place;
  }
  return places;
}

function decodeWeights(base64: string): Int8Array {
  const bytes = Buffer.from(base64, 'base64');
  const table = new Int8Array(CLASS_COUNT + bytes.length);
  table.set(bytes, CLASS_COUNT);
  return table;
}
