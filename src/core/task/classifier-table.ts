import { CLASSIFIER_ROWS, CLASSIFIER_WEIGHTS } from './classifier-weights.ts';
import { CLASSIFIED_TASKS } from './task.ts';
import { FEATURE_ROWS } from './text-features.ts';

/**
 * The shipped rows of the classifier, laid out to touch little memory: most features of a text have no row, and to
 * learn that takes one word of a bitmap that fits the first caches. A row lies within one line of the cache.
 */

/** Numbers from one row to the next, as a power of two: ten weights, four bytes to a number from the lowest up. */
export const ROW_SHIFT = 2;
/** What is added to a weight to make it a byte of 1 to 255. */
export const WEIGHT_EXCESS = 128;
/** For each 8 feature rows one number: in the low byte a bit for each that is shipped, above how many come before. */
export const PLACES = decodePlaces(CLASSIFIER_ROWS);
export const WEIGHTS = decodeWeights(CLASSIFIER_WEIGHTS);

function decodePlaces(base64: string): Int32Array {
  const places = new Int32Array(FEATURE_ROWS / 8);
  let row = -1;
  let gap = 0;
  for (const byte of Buffer.from(base64, 'base64')) {
    // Gaps between rows in ascending order; 255 says that the gap goes on.
    gap += byte;
    if (byte === 255) continue;
    row += gap;
    gap = 0;
    places[row >>> 3] = (places[row >>> 3] as number) | (1 << (row & 7));
  }
  let before = 0;
  for (let index = 0; index < places.length; index += 1) {
    const bits = places[index] as number;
    places[index] = bits | (before << 8);
    for (let left = bits; left !== 0; left &= left - 1) before += 1;
  }
  return places;
}

function decodeWeights(base64: string): Int32Array {
  const weights = new Int8Array(Buffer.from(base64, 'base64'));
  const classes = CLASSIFIED_TASKS.length;
  // Buffers of this size begin at a page, so a row of 16 bytes never straddles two lines.
  const words = new Int32Array((weights.length / classes) << ROW_SHIFT);
  weights.forEach((weight, index) => {
    const label = index % classes;
    const at = (Math.floor(index / classes) << ROW_SHIFT) + (label >> 2);
    words[at] = (words[at] as number) | ((weight + WEIGHT_EXCESS) << (8 * (label & 3)));
  });
  return words;
}
