import {
  CODE_SYMBOL,
  DIGIT,
  IS_UNSPACED,
  isWideQuestionMark,
  isWideStop,
  LETTER_CODES,
  LETTER_OF,
  LINE_BREAK,
  MATH_SYMBOL,
  QUESTION_MARK,
  QUOTE,
  SCRIPT_LANGUAGES,
  SCRIPT_OF,
  STOP,
  SYMBOL_OF,
} from './characters.ts';

/**
 * Text → hashes of its words, and counts of what no word carries, in one pass over at most `EXAMINED_CHARACTERS`
 * however long the text is, so the cost is bounded on hostile input.
 *
 * The characters are copied out first: a string may be flat or sliced, of one byte or of two, and would be asked for
 * its kind at every character. Small functions, because V8 is slow to give a big one its best code again once a first
 * text in another script has made it throw that away.
 */
const HEAD_CHARACTERS = 256;
const TAIL_CHARACTERS = 128;
export const EXAMINED_CHARACTERS = HEAD_CHARACTERS + TAIL_CHARACTERS;
/** How far from either end the words still count as instruction. */
const INSTRUCTION_CHARACTERS = 128;
/** Shorter texts are all head: their end is not looked at twice. */
const TAIL_INSTRUCTION_FROM = 2 * INSTRUCTION_CHARACTERS;
const MARKED_LETTERS = 48;

/** Bits of `marks`. */
export const IN_INSTRUCTION = 1;
/** A character that is a word by itself. */
export const UNSPACED = 2;
/** Such a character right after another. */
export const JOINED = 4;
export const STARTS_SENTENCE = 8;
export const ENDS_SENTENCE = 16;
/** First word of a sentence with a question mark. */
export const ASKS = 32;

/** Indices of `counts`. */
export const LINES = 0;
export const QUESTION_MARKS = 1;
export const CODE_SYMBOLS = 2;
export const MATH_SYMBOLS = 3;
export const QUOTES = 4;
export const FENCES = 5;
export const BULLETS = 6;
export const DIFF_LINES = 7;
export const DIGITS = 8;
export const LETTERS = 9;
export const UNSPACED_CHARACTERS = 10;
/** Latin letters, for the language. */
export const LATIN_LETTERS = 11;
const COUNTS = 12;

export interface TextWords {
  /** Hash of each word, in order. */
  readonly words: Int32Array;
  /** Hash of its first five letters, 0 for a word no longer than that; of an unspaced character, its code. */
  readonly stems: Int32Array;
  readonly marks: Uint8Array;
  wordCount: number;
  /** Hashes of character 4-grams within the words of the instruction. */
  readonly grams: Int32Array;
  gramCount: number;
  readonly counts: Int32Array;
  /** The first few letters that tell a language, as codes: those with marks, and rare ones of their script. */
  readonly marked: Uint16Array;
  markedCount: number;
  /** Letters by script, 1 + index in `SCRIPT_LANGUAGES`. */
  readonly scripts: Uint16Array;
  /** Code of the last character that is no space; any letter counts as "a". */
  last: number;
  /** Characters read, at most `EXAMINED_CHARACTERS`. */
  examined: number;
}

export function newTextWords(): TextWords {
  // A character ends at most one word.
  const most = EXAMINED_CHARACTERS + 1;
  return {
    words: new Int32Array(most),
    stems: new Int32Array(most),
    marks: new Uint8Array(most),
    wordCount: 0,
    grams: new Int32Array(most),
    gramCount: 0,
    counts: new Int32Array(COUNTS),
    marked: new Uint16Array(MARKED_LETTERS),
    markedCount: 0,
    scripts: new Uint16Array(1 + SCRIPT_LANGUAGES.length),
    last: 0,
    examined: 0,
  };
}

const WORD_SEED = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const STEM_LETTERS = 5;
const GRAM_LETTERS = 3;
const SPACE = 32;

// Exported and imported constants are loaded anew at each use; what the loops need is bound to names of this module.
const letterOf = LETTER_OF;
const isUnspaced = IS_UNSPACED;
const scriptOf = SCRIPT_OF;
const symbolOf = SYMBOL_OF;
const letterCodes = LETTER_CODES;
const digit = DIGIT;
const starts = STARTS_SENTENCE;
const ends = ENDS_SENTENCE;
const unspacedMark = UNSPACED;
const joinedMark = JOINED;
const inInstruction = IN_INSTRUCTION;

// Three more than are examined: a separator at the end, and what `countLine` looks at behind it.
const copied = Buffer.alloc(2 * (EXAMINED_CHARACTERS + 3));
const codes = new Uint16Array(copied.buffer, copied.byteOffset, copied.length / 2);

/** Copies what is examined of `text` to `codes`, a separator after it, and returns how many characters. */
function copyExamined(text: string): number {
  const length = text.length;
  let count = length;
  if (length <= EXAMINED_CHARACTERS) {
    copied.write(text, 0, 2 * length, 'utf16le');
  } else {
    copied.write(text, 0, 2 * HEAD_CHARACTERS, 'utf16le');
    copied.write(text.slice(length - TAIL_CHARACTERS), 2 * HEAD_CHARACTERS, 2 * TAIL_CHARACTERS, 'utf16le');
    count = EXAMINED_CHARACTERS;
  }
  codes[count] = 0;
  return count;
}

/** Fills `out` with the words of `text`. */
export function readWords(text: string, out: TextWords): void {
  const examined = copyExamined(text);
  out.examined = examined;
  out.markedCount = 0;
  out.scripts.fill(0);
  out.counts.fill(0);
  readCharacters(out, examined);
  const counts = out.counts;
  let scriptLetters = 0;
  for (const count of out.scripts) scriptLetters += count;
  counts[LATIN_LETTERS] =
    (counts[LETTERS] as number) + (counts[UNSPACED_CHARACTERS] as number) - scriptLetters;
}

function readCharacters(out: TextWords, examined: number): void {
  const { words, stems, marks, grams, counts } = out;
  const tailInstructionStart =
    examined > TAIL_INSTRUCTION_FROM ? examined - INSTRUCTION_CHARACTERS : examined;
  let wordCount = 0;
  let gramCount = 0;
  let letters = 0;
  let digits = 0;
  let word = WORD_SEED;
  let wordLength = 0;
  let stem = 0;
  let gram = SPACE;
  let instruction = inInstruction;
  let sentenceStart = 0;
  let joined = 0;
  let last = 0;

  // One step past the end (code 0, a separator) closes the last word.
  for (let at = 0; at <= examined; at += 1) {
    const code = codes[at] as number;
    const letter = code < letterCodes ? (letterOf[code] as number) : 0;
    if (letter !== 0) {
      if (letter > 127) countLetter(out, letter);
      else if (letter === digit) {
        digits += 1;
        // Every digit is the same letter, and a long number the same word as a longer one.
        if (wordLength >= 4) continue;
        letters -= 1;
      }
      word = Math.imul(word ^ letter, FNV_PRIME);
      wordLength += 1;
      if (wordLength === STEM_LETTERS) stem = word;
      if (instruction !== 0) {
        gram = (gram << 8) ^ letter;
        if (wordLength >= GRAM_LETTERS) grams[gramCount++] = gram;
      }
      continue;
    }

    if (wordLength > 0) {
      words[wordCount] = word;
      stems[wordCount] = wordLength > STEM_LETTERS ? stem : 0;
      marks[wordCount] = wordCount === sentenceStart ? instruction | starts : instruction;
      wordCount += 1;
      letters += wordLength;
      word = WORD_SEED;
      wordLength = 0;
      last = 97;
      joined = 0;
    }
    instruction = at < INSTRUCTION_CHARACTERS || at >= tailInstructionStart ? inInstruction : 0;
    gram = SPACE;
    if (code === SPACE) {
      joined = 0;
      continue;
    }
    if (code > 127 && (isUnspaced[code >> 4] as number) !== 0) {
      countUnspaced(out, code);
      words[wordCount] = Math.imul(WORD_SEED ^ code, FNV_PRIME);
      stems[wordCount] = code;
      marks[wordCount] = instruction | unspacedMark | joined | (wordCount === sentenceStart ? starts : 0);
      wordCount += 1;
      joined = joinedMark;
      last = code;
      continue;
    }
    joined = 0;
    const seen = code < 128 ? countSymbol(counts, code, at, last) : countWideSymbol(out, code);
    if (code > SPACE) last = code;
    // Stops in a row, or at the very start, end nothing.
    if (seen !== 0 && wordCount > sentenceStart) {
      if (seen & QUESTION_MARK) marks[sentenceStart] = (marks[sentenceStart] as number) | ASKS;
      marks[wordCount - 1] = (marks[wordCount - 1] as number) | ends;
      sentenceStart = wordCount;
    }
  }
  counts[LETTERS] = letters;
  counts[DIGITS] = digits;
  out.wordCount = wordCount;
  out.gramCount = gramCount;
  out.last = last;
}

/** A letter beyond ASCII. */
function countLetter(out: TextWords, letter: number): void {
  if (letter < 0x370 || letter >= 0x1e00) {
    keepMarked(out, letter);
    return;
  }
  const script = scriptOf[letter >> 4] as number;
  out.scripts[script] = (out.scripts[script] as number) + 1;
  // Where Ukrainian, Persian and Urdu have letters of their own.
  if (letter > 0x450 && letter < 0x700 && (letter < 0x530 || letter > 0x66f)) keepMarked(out, letter);
}

function keepMarked(out: TextWords, code: number): void {
  if (out.markedCount === MARKED_LETTERS) return;
  out.marked[out.markedCount] = code;
  out.markedCount += 1;
}

function countUnspaced(out: TextWords, code: number): void {
  const script = scriptOf[code >> 4] as number;
  out.scripts[script] = (out.scripts[script] as number) + 1;
  count(out.counts, UNSPACED_CHARACTERS);
}

/** Counts a separator below 128; not 0 where it ends a sentence. */
function countSymbol(counts: Int32Array, code: number, at: number, last: number): number {
  const symbol = symbolOf[code] as number;
  if (symbol === 0) return code === 0 ? STOP : 0;
  if (symbol & CODE_SYMBOL) count(counts, CODE_SYMBOLS);
  if (symbol & MATH_SYMBOL) count(counts, MATH_SYMBOLS);
  if (symbol & QUOTE) count(counts, code === 96 && last === 96 ? FENCES : QUOTES);
  if (symbol & QUESTION_MARK) count(counts, QUESTION_MARKS);
  if (symbol & LINE_BREAK) countLine(counts, at);
  return symbol & (STOP | QUESTION_MARK);
}

/** What stands behind a line break tells lists and diffs from prose. */
function countLine(counts: Int32Array, at: number): void {
  count(counts, LINES);
  const next = codes[at + 1] as number;
  if (next === 45 || next === 42 || next === 8226 || (next >= 48 && next <= 57)) count(counts, BULLETS);
  if ((next === 64 || next === 43) && codes[at + 2] === next) count(counts, DIFF_LINES);
}

function countWideSymbol(out: TextWords, code: number): number {
  if (isWideQuestionMark(code)) {
    count(out.counts, QUESTION_MARKS);
    return QUESTION_MARK;
  }
  // Spanish opens its questions and exclamations.
  if (code === 0xbf || code === 0xa1) keepMarked(out, code);
  return isWideStop(code) ? STOP : 0;
}

function count(counts: Int32Array, index: number): void {
  counts[index] = (counts[index] as number) + 1;
}

/** The hash under which `readWords` lists a word, given in small letters. */
export function hashOfWord(word: string): number {
  let hash = WORD_SEED;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), FNV_PRIME);
  return hash;
}

/** The hash of two characters in a row, the second by its hash, in scripts without spaces. */
export function hashOfJoined(previousCode: number, hash: number): number {
  return Math.imul(hash ^ previousCode, FNV_PRIME);
}
