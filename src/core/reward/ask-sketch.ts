/**
 * What an ask is like, in 76 bytes from which no word can be read back: sixteen minima of hashed words (one-permutation
 * min-hash, Li, Owen & Zhang 2012), a hash of its digits, the number of its words and its length. Only the two ends of a
 * text are looked at, where people say what they want: half a microsecond however long it is.
 */
export const SKETCH_STRIDE = 19;

const BUCKETS = 16;
const DIGITS = 16;
const WORDS = 17;
const LENGTH = 18;
const EMPTY = 0x7fffffff;
/** Characters looked at from either end. */
const END_CHARACTERS = 64;
/** "Yes", "go on" and "another one" are said again without blame. */
const FEWEST_WORDS = 4;
const FNV_PRIME = 0x01000193;
/** Scripts without spaces begin about here: there, pairs of characters stand for words. */
const UNSPACED_FROM = 0x2e80;

/** Writes the sketch of `text` to `into[at …]`. Letters of ASCII count without their case. */
export function sketchAsk(text: string, seed: number, into: Int32Array, at: number): void {
  into.fill(EMPTY, at, at + BUCKETS);
  into[at + DIGITS] = seed;
  into[at + WORDS] = 0;
  const { length } = text;
  into[at + LENGTH] = length;
  const headEnd = Math.min(length, END_CHARACTERS);
  sketchRange(text, 0, headEnd, seed, into, at);
  sketchRange(text, Math.max(headEnd, length - END_CHARACTERS), length, seed, into, at);
}

/** Longer by more than this share, an ask says more than the other, whatever its ends are like. */
const MAX_LENGTH_DIFFERENCE = 0.25;

/**
 * Whether two asks are nearly the same: as good as the same words at their ends (Jaccard similarity of at least .8, as
 * estimated), the same numbers there ("chapter 3" after "chapter 2" is another ask) and about the same length.
 */
export function isNearlyTheSame(sketches: Int32Array, one: number, other: number): boolean {
  const words = Math.min(numberAt(sketches, one + WORDS), numberAt(sketches, other + WORDS));
  if (words < FEWEST_WORDS || sketches[one + DIGITS] !== sketches[other + DIGITS]) return false;
  const lengths = [numberAt(sketches, one + LENGTH), numberAt(sketches, other + LENGTH)] as const;
  const longer = Math.max(...lengths);
  if (longer - Math.min(...lengths) > MAX_LENGTH_DIFFERENCE * longer) return false;
  let alike = 0;
  let filled = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const first = numberAt(sketches, one + bucket);
    const second = numberAt(sketches, other + bucket);
    if (first === EMPTY && second === EMPTY) continue;
    filled += 1;
    if (first === second) alike += 1;
  }
  return alike >= 0.8 * filled;
}

/** Continues a 32-bit hash with at most `characters` of a text and with its length. */
export function hashText(hash: number, text: string, characters: number): number {
  let result = Math.imul(hash ^ text.length, FNV_PRIME);
  const end = Math.min(text.length, characters);
  for (let index = 0; index < end; index += 1) {
    result = Math.imul(result ^ text.charCodeAt(index), FNV_PRIME);
  }
  return result;
}

/** Small letters and digits as they are, capitals as small ones; 0 for what stands between words. */
const ASCII_TO_LETTER = new Uint8Array(128);
for (let code = 48; code <= 57; code += 1) ASCII_TO_LETTER[code] = code;
for (let code = 97; code <= 122; code += 1) {
  ASCII_TO_LETTER[code] = code;
  ASCII_TO_LETTER[code - 32] = code;
}

function sketchRange(
  text: string,
  start: number,
  end: number,
  seed: number,
  into: Int32Array,
  at: number,
): void {
  let word = seed;
  let previous = 0;
  let words = 0;
  let digits = numberAt(into, at + DIGITS);
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    let letter = code;
    if (code < 128) letter = ASCII_TO_LETTER[code] as number;
    else if (code >= UNSPACED_FROM) {
      if (previous !== 0) {
        keep(into, at, Math.imul(Math.imul(seed ^ previous, FNV_PRIME) ^ code, FNV_PRIME));
        words += 1;
      }
      previous = code;
      letter = 0;
    }
    if (letter !== 0) {
      // × 31: a third faster than FNV's multiplication, and mixed in the end.
      word = ((word << 5) - word + letter) | 0;
      if (letter < 58) digits = Math.imul(digits ^ letter, FNV_PRIME);
    } else if (word !== seed) {
      keep(into, at, word);
      words += 1;
      word = seed;
    }
  }
  if (word !== seed) {
    keep(into, at, word);
    words += 1;
  }
  into[at + DIGITS] = digits;
  into[at + WORDS] = numberAt(into, at + WORDS) + words;
}

/** The upper four bits choose the bucket, in which the least of the others stays. Mixed as murmur3 does at its end. */
function keep(into: Int32Array, at: number, word: number): void {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  const bucket = at + (hash >>> 28);
  const value = hash & 0x0fffffff;
  if (value < numberAt(into, bucket)) into[bucket] = value;
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] as number;
}
