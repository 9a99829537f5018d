import type { Random } from '../../src/core/learning/random.ts';

const HASH_SPACE = 1 << 14;
const SWEEPS = 6;
const MAX_WORDS = 400;

/**
 * The first principal directions of hashed TF-IDF word counts, by subspace iteration: what text says about a prompt
 * in a few numbers, each with unit variance.
 *
 * @returns `texts.length × count`, row by row
 */
export function textComponents(texts: readonly string[], count: number, random: Random): Float64Array {
  const rows = tfIdf(texts);
  let basis = new Float64Array(HASH_SPACE * count).map(() => random() - 0.5);
  const projected = new Float64Array(texts.length * count);
  for (let sweep = 0; sweep <= SWEEPS; sweep += 1) {
    project(rows, basis, count, projected);
    orthonormalize(projected, texts.length, count);
    if (sweep === SWEEPS) break;
    basis = new Float64Array(HASH_SPACE * count);
    for (const [index, row] of rows.entries()) {
      for (let entry = 0; entry < row.words.length; entry += 1) {
        const start = (row.words[entry] ?? 0) * count;
        const weight = row.weights[entry] ?? 0;
        for (let component = 0; component < count; component += 1) {
          basis[start + component] =
            (basis[start + component] ?? 0) + weight * (projected[index * count + component] ?? 0);
        }
      }
    }
  }
  const scale = Math.sqrt(texts.length);
  return projected.map((value) => value * scale);
}

interface SparseRow {
  readonly words: Int32Array;
  readonly weights: Float64Array;
}

function tfIdf(texts: readonly string[]): SparseRow[] {
  const documents = new Float64Array(HASH_SPACE);
  const counted = texts.map((text) => {
    const wordToCount = new Map<number, number>();
    for (const word of (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MAX_WORDS)) {
      const hash = hashOf(word);
      wordToCount.set(hash, (wordToCount.get(hash) ?? 0) + 1);
    }
    for (const word of wordToCount.keys()) documents[word] = (documents[word] ?? 0) + 1;
    return wordToCount;
  });
  return counted.map((wordToCount) => {
    const words = Int32Array.from(wordToCount.keys());
    const weights = Float64Array.from(
      wordToCount,
      ([word, count]) => (1 + Math.log(count)) * Math.log((1 + texts.length) / (1 + (documents[word] ?? 0))),
    );
    const length = Math.hypot(...weights) || 1;
    return { words, weights: weights.map((weight) => weight / length) };
  });
}

function project(rows: readonly SparseRow[], basis: Float64Array, count: number, into: Float64Array): void {
  into.fill(0);
  for (const [index, row] of rows.entries()) {
    for (let entry = 0; entry < row.words.length; entry += 1) {
      const start = (row.words[entry] ?? 0) * count;
      const weight = row.weights[entry] ?? 0;
      for (let component = 0; component < count; component += 1) {
        into[index * count + component] =
          (into[index * count + component] ?? 0) + weight * (basis[start + component] ?? 0);
      }
    }
  }
}

/** Gram–Schmidt on the columns, in place. A column that the others span becomes 0. */
function orthonormalize(matrix: Float64Array, rowCount: number, count: number): void {
  for (let column = 0; column < count; column += 1) {
    for (let earlier = 0; earlier < column; earlier += 1) {
      let product = 0;
      for (let row = 0; row < rowCount; row += 1) {
        product += (matrix[row * count + column] ?? 0) * (matrix[row * count + earlier] ?? 0);
      }
      for (let row = 0; row < rowCount; row += 1) {
        matrix[row * count + column] =
          (matrix[row * count + column] ?? 0) - product * (matrix[row * count + earlier] ?? 0);
      }
    }
    let length = 0;
    for (let row = 0; row < rowCount; row += 1) length += (matrix[row * count + column] ?? 0) ** 2;
    const scale = length > 1e-12 ? 1 / Math.sqrt(length) : 0;
    for (let row = 0; row < rowCount; row += 1) {
      matrix[row * count + column] = (matrix[row * count + column] ?? 0) * scale;
    }
  }
}

/** FNV-1a. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < word.length; position += 1) {
    hash = Math.imul(hash ^ word.charCodeAt(position), 0x01000193);
  }
  return (hash >>> 0) % HASH_SPACE;
}
