import { PLACES, ROW_SHIFT, WEIGHT_EXCESS, WEIGHTS } from './classifier-table.ts';
import { CLASSIFIER_BIASES, CLASSIFIER_SCALE } from './classifier-weights.ts';
import { CLASSIFIED_TASKS } from './task.ts';
import { LONGEST_GROUP, normOf, rowOf, type TextFeatures } from './text-features.ts';

export const CLASS_COUNT = CLASSIFIED_TASKS.length;

// Bound to names of this module: imported constants are loaded anew at each use, here for every feature.
const places = PLACES;
const weights = WEIGHTS;
const rowShift = ROW_SHIFT;
const weightExcess = WEIGHT_EXCESS;
const classCount = CLASSIFIED_TASKS.length;
const biases = Float64Array.from(CLASSIFIER_BIASES);
const weightScale = CLASSIFIER_SCALE;

/** How many bits are set in a byte. */
const BITS_IN_BYTE = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll('0', '').length,
);

/** So many rows at most are added up before a sum of bytes could outgrow its 16 bits. */
const ROWS_AT_ONCE = 256;
// Synchronous, never handed out; as long as the longest group of features.
const shipped = new Int32Array(LONGEST_GROUP);

/**
 * Adds `factor` × the calibrated log-odds of each class for the text of `scan` to `scores` (length `CLASS_COUNT`), and
 * returns the number of words seen. Multinomial logistic regression; the sum over a group of hashed features is
 * divided by the square root of their number, so that a long text is not a certain one.
 */
export function addTextScores(scan: TextFeatures, factor: number, scores: Float64Array): number {
  addHashed(scan.lead, scan.leadCount, factor, scores);
  addHashed(scan.instruction, scan.instructionCount, factor, scores);
  addHashed(scan.grams, scan.gramCount, factor, scores);
  addHashed(scan.body, scan.bodyCount, factor, scores);
  shipped.set(scan.structure);
  addShipped(0, scan.structure.length, factor * weightScale, scores);
  for (let index = 0; index < classCount; index += 1) {
    scores[index] = (scores[index] as number) + factor * (biases[index] as number);
  }
  return scan.bodyCount;
}

/** Turns `scores` into probabilities in place. */
export function toProbabilities(scores: Float64Array): void {
  let largest = -Infinity;
  for (let index = 0; index < classCount; index += 1) largest = Math.max(largest, scores[index] as number);
  let sum = 0;
  for (let index = 0; index < classCount; index += 1) {
    const weight = Math.exp((scores[index] as number) - largest);
    scores[index] = weight;
    sum += weight;
  }
  for (let index = 0; index < classCount; index += 1) scores[index] = (scores[index] as number) / sum;
}

function addHashed(hashes: Int32Array, count: number, factor: number, scores: Float64Array): void {
  const scale = normOf(count) * factor * weightScale;
  const found = keepShipped(hashes, count);
  for (let from = 0; from < found; from += ROWS_AT_ONCE) {
    addShipped(from, Math.min(found, from + ROWS_AT_ONCE), scale, scores);
  }
}

/**
 * Lists in `shipped` the rows of `hashes` that have weights, and returns how many. Every row is written and the next
 * one overwrites it if it has none: half of them have, in no order, and a wrongly foreseen branch that waits for
 * memory costs more than all the rest.
 */
function keepShipped(hashes: Int32Array, count: number): number {
  let found = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowOf(hashes[index] as number);
    shipped[found] = row;
    found += ((places[row >>> 3] as number) >>> (row & 7)) & 1;
  }
  return found;
}

/**
 * Twelve sums in six numbers, two to a number of 32 bits: a row is three loads instead of ten. Weights are stored 128
 * too high, so that none is negative.
 */
function addShipped(from: number, to: number, scale: number, scores: Float64Array): void {
  let sum02 = 0;
  let sum13 = 0;
  let sum46 = 0;
  let sum57 = 0;
  let sum8 = 0;
  let sum9 = 0;
  for (let index = from; index < to; index += 1) {
    const row = shipped[index] as number;
    const entry = places[row >>> 3] as number;
    // The place of a row is how many shipped rows come before it: those of earlier bytes, and the lower bits of its own.
    const at = ((entry >>> 8) + (BITS_IN_BYTE[entry & ((1 << (row & 7)) - 1)] as number)) << rowShift;
    const first = weights[at] as number;
    const second = weights[at + 1] as number;
    const third = weights[at + 2] as number;
    sum02 = (sum02 + (first & 0xff00ff)) | 0;
    sum13 = (sum13 + ((first >>> 8) & 0xff00ff)) | 0;
    sum46 = (sum46 + (second & 0xff00ff)) | 0;
    sum57 = (sum57 + ((second >>> 8) & 0xff00ff)) | 0;
    sum8 = (sum8 + (third & 0xff)) | 0;
    sum9 = (sum9 + (third >>> 8)) | 0;
  }
  const excess = (to - from) * weightExcess;
  scores[0] = (scores[0] as number) + ((sum02 & 0xffff) - excess) * scale;
  scores[1] = (scores[1] as number) + ((sum13 & 0xffff) - excess) * scale;
  scores[2] = (scores[2] as number) + ((sum02 >>> 16) - excess) * scale;
  scores[3] = (scores[3] as number) + ((sum13 >>> 16) - excess) * scale;
  scores[4] = (scores[4] as number) + ((sum46 & 0xffff) - excess) * scale;
  scores[5] = (scores[5] as number) + ((sum57 & 0xffff) - excess) * scale;
  scores[6] = (scores[6] as number) + ((sum46 >>> 16) - excess) * scale;
  scores[7] = (scores[7] as number) + ((sum57 >>> 16) - excess) * scale;
  scores[8] = (scores[8] as number) + (sum8 - excess) * scale;
  scores[9] = (scores[9] as number) + (sum9 - excess) * scale;
}
