import { isWideQuestionMark } from './characters.ts';
import { findKnownWords, type KnownWords, newKnownWords } from './known-words.ts';
import {
  ASKS,
  CODE_SYMBOLS,
  DIGITS,
  ENDS_SENTENCE,
  EXAMINED_CHARACTERS,
  FENCES,
  hashOfJoined,
  IN_INSTRUCTION,
  JOINED,
  LETTERS,
  newTextWords,
  QUESTION_MARKS,
  readWords,
  STARTS_SENTENCE,
  type TextWords,
  UNSPACED,
  UNSPACED_CHARACTERS,
} from './text-words.ts';

/**
 * Words → hashed features, for training and serving alike: whatever changes here or in `text-words.ts` needs a new
 * training run. Four groups, each in its own buffer:
 *
 * `lead`         how sentences begin and end, above all the first: there stand the verbs that say what is wanted;
 * `instruction`  words, word pairs and five-letter stems near the start and the end of the text;
 * `grams`        character 4-grams there (in scripts without spaces: three characters);
 * `body`         words and stems of everything examined, pairs of characters where no spaces are;
 *
 * and `structure`: length, lines, question marks, digits, brackets, fences, diffs. Pairs of words in `body` took a
 * third of the time and added nothing.
 */

const HASH_BITS = 18;
const UNUSED_BITS = 32 - HASH_BITS;
/**
 * Rows that hashed features fall into; those of `structure` follow. With fifteen languages 32,768 rows collide so much
 * that accuracy falls by four points; the weightiest are shipped.
 */
export const HASHED_ROWS = 2 ** HASH_BITS;
const STRUCTURE_KINDS = 16;
const STRUCTURE_BUCKETS = 16;
export const FEATURE_ROWS = HASHED_ROWS + STRUCTURE_KINDS * STRUCTURE_BUCKETS;

export const LONGEST_GROUP = 4 * (EXAMINED_CHARACTERS + 1);

/** Hashes, whose rows are those of `rowOf`; only `structure` holds row numbers. */
export interface TextFeatures extends TextWords {
  readonly lead: Int32Array;
  leadCount: number;
  readonly instruction: Int32Array;
  instructionCount: number;
  readonly body: Int32Array;
  bodyCount: number;
  readonly structure: Int32Array;
  /** Words that say something by themselves: their values and their places among the words. */
  readonly known: KnownWords;
}

export function newTextFeatures(): TextFeatures {
  // The most that a character can add to each group, be it a word of its own or the stop of a sentence.
  const most = EXAMINED_CHARACTERS + 1;
  return {
    ...newTextWords(),
    lead: new Int32Array(LONGEST_GROUP),
    leadCount: 0,
    instruction: new Int32Array(3 * most),
    instructionCount: 0,
    body: new Int32Array(2 * most),
    bodyCount: 0,
    structure: new Int32Array(STRUCTURE_KINDS),
    known: newKnownWords(most),
  };
}

// Bound to names of this module: imported constants are loaded anew at each use.
const inInstruction = IN_INSTRUCTION;
const starts = STARTS_SENTENCE;
const ends = ENDS_SENTENCE;
const asks = ASKS;
const unspacedMark = UNSPACED;
const joinedMark = JOINED;

const STEM_SEED = 0x2b7e1516;
const PAIR_SEED = 0x3c6ef372;
const INSTRUCTION_SEED = 0x510e527f;
const FIRST_SEED = 0x6a09e667;
const START_SEED = 0x5be0cd19;
const END_SEED = 0x428a2f98;
const ASKED_SEED = 0x71374491;
const PAIR_PRIME = 0x01000193;
/** Words that count as the start of a sentence; characters where no spaces are. */
const START_WORDS = 2;
const START_CHARACTERS = 4;

/** Fills `out` with the features of `text`. Linear in the characters examined. */
export function scanText(text: string, out: TextFeatures): void {
  readWords(text, out);
  out.leadCount = 0;
  out.instructionCount = 0;
  out.bodyCount = 0;
  if ((out.counts[UNSPACED_CHARACTERS] as number) === 0) featuresOfWords(out);
  else featuresOfMixed(out);
  fillStructure(out, text.length);
  findKnownWords(out.words, out.wordCount, out.known);
}

/** Where all words are spaced. */
function featuresOfWords(out: TextFeatures): void {
  const { words, stems, marks, wordCount, lead, instruction, body } = out;
  let leadCount = 0;
  let instructionCount = 0;
  let bodyCount = 0;
  let previous = 0;
  let place = 0;
  for (let index = 0; index < wordCount; index += 1) {
    const word = words[index] as number;
    const stem = stems[index] as number;
    const mark = marks[index] as number;
    const pair = Math.imul(previous ^ PAIR_SEED, PAIR_PRIME) ^ word;
    previous = word;
    body[bodyCount++] = word;
    // Written in any case, kept if there is one: a branch that cannot be foreseen costs more.
    const stemCount = (stem | -stem) >>> 31;
    body[bodyCount] = stem ^ STEM_SEED;
    bodyCount += stemCount;
    if (mark & inInstruction) {
      instruction[instructionCount++] = word ^ INSTRUCTION_SEED;
      instruction[instructionCount++] = pair ^ INSTRUCTION_SEED;
      instruction[instructionCount] = stem ^ STEM_SEED ^ INSTRUCTION_SEED;
      instructionCount += stemCount;
    }
    if (mark & starts) {
      place = 0;
      if (mark & asks) lead[leadCount++] = word ^ ASKED_SEED;
    }
    if (place < START_WORDS) {
      const start = place === 0 ? word : pair;
      lead[leadCount++] = start ^ START_SEED;
      if (index < START_WORDS) lead[leadCount++] = start ^ FIRST_SEED;
    }
    place += 1;
    if (mark & ends) lead[leadCount++] = word ^ END_SEED;
  }
  out.leadCount = leadCount;
  out.instructionCount = instructionCount;
  out.bodyCount = bodyCount;
}

/** Where some characters are words by themselves: pairs of them take the place of words, in `out.words` too. */
function featuresOfMixed(out: TextFeatures): void {
  const { words, stems, marks, wordCount, lead, instruction, grams, body } = out;
  let leadCount = 0;
  let instructionCount = 0;
  let gramCount = out.gramCount;
  let bodyCount = 0;
  let previous = 0;
  let place = 0;
  let code1 = 0;
  let code2 = 0;
  for (let index = 0; index < wordCount; index += 1) {
    const single = words[index] as number;
    const mark = marks[index] as number;
    let word = single;
    if (mark & starts) place = 0;
    if (mark & unspacedMark) {
      if ((mark & joinedMark) === 0) {
        code1 = 0;
        code2 = 0;
      }
      word = hashOfJoined(code1, single);
      words[index] = word;
      if (mark & inInstruction) {
        instruction[instructionCount++] = single ^ INSTRUCTION_SEED;
        grams[gramCount++] = hashOfJoined(code2, word);
      }
      code2 = code1;
      code1 = stems[index] as number;
      if (mark & asks) lead[leadCount++] = word ^ ASKED_SEED;
      if (place > 0 && place < START_CHARACTERS) {
        lead[leadCount++] = word ^ START_SEED;
        if (index < START_CHARACTERS) lead[leadCount++] = word ^ FIRST_SEED;
      }
    } else {
      if (mark & inInstruction) {
        instruction[instructionCount++] =
          Math.imul(previous ^ PAIR_SEED, PAIR_PRIME) ^ word ^ INSTRUCTION_SEED;
      }
      if (place === 0) lead[leadCount++] = word ^ START_SEED;
    }
    if (mark & inInstruction) instruction[instructionCount++] = word ^ INSTRUCTION_SEED;
    if (mark & ends) lead[leadCount++] = word ^ END_SEED;
    body[bodyCount++] = word;
    previous = word;
    place += 1;
  }
  out.leadCount = leadCount;
  out.instructionCount = instructionCount;
  out.gramCount = gramCount;
  out.bodyCount = bodyCount;
}

/** One row for each kind of structure, by its bucket. */
function fillStructure(out: TextFeatures, length: number): void {
  const { structure, counts, last } = out;
  const examined = Math.max(1, out.examined);
  const letters = counts[LETTERS] as number;
  const unspaced = counts[UNSPACED_CHARACTERS] as number;
  for (let kind = 0; kind <= DIGITS; kind += 1) structure[kind] = logBucket(counts[kind] as number);
  structure[DIGITS + 1] = logBucket(length);
  structure[DIGITS + 2] = counts[QUESTION_MARKS] as number;
  structure[DIGITS + 3] = (counts[FENCES] as number) >> 2;
  structure[DIGITS + 4] =
    last === 63 || isWideQuestionMark(last) ? 1 : last === 58 || last === 0xff1a ? 2 : 0;
  structure[DIGITS + 5] = Math.ceil(((counts[CODE_SYMBOLS] as number) * 64) / examined);
  structure[DIGITS + 6] = Math.ceil(((counts[DIGITS] as number) * 32) / examined);
  structure[DIGITS + 7] = unspaced > letters ? 8 + (logBucket(unspaced) >> 1) : logBucket(letters) >> 1;
  for (let kind = 0; kind < STRUCTURE_KINDS; kind += 1) {
    const bucket = Math.min(STRUCTURE_BUCKETS - 1, structure[kind] as number);
    structure[kind] = HASHED_ROWS + kind * STRUCTURE_BUCKETS + bucket;
  }
}

/** What the sum over a group of `count` hashed features is multiplied by. */
export function normOf(count: number): number {
  return count === 0 ? 0 : 1 / Math.sqrt(count);
}

/** Row of a hash. Bits are mixed before the upper ones are taken: FNV alone leaves short words in few rows. */
export function rowOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> UNUSED_BITS;
}

/** 0 for 0, then one more for each doubling. */
function logBucket(count: number): number {
  return 32 - Math.clz32(count);
}
