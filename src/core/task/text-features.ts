/**
 * Text → hashed features, for training and serving alike: whatever changes here needs a new training run.
 *
 * Three groups, each in its own buffer:
 * `instruction`  words, word pairs, five-letter stems and character 4-grams near the start and the end of the text,
 *                where people say what they want;
 * `body`         words, pairs and stems of everything examined; characters and pairs of them in scripts without spaces;
 * `structure`    counts that no word carries: length, lines, question marks, digits, brackets, fences, diffs.
 *
 * At most `EXAMINED_CHARACTERS` are read however long the text, so the cost is bounded on hostile input, and no
 * substring is ever made: everything is a rolling 32-bit hash over character codes.
 */

/**
 * Rows that hashed features fall into, a power of two; rows of `structure` follow after them. With fifteen languages
 * 32,768 rows collide so much that accuracy falls by four points; of these the 32,000 weightiest are shipped.
 */
export const HASHED_ROWS = 262_144;
const STRUCTURE_KINDS = 16;
const STRUCTURE_BUCKETS = 16;
export const FEATURE_ROWS = HASHED_ROWS + STRUCTURE_KINDS * STRUCTURE_BUCKETS;

const HEAD_CHARACTERS = 768;
const TAIL_CHARACTERS = 256;
export const EXAMINED_CHARACTERS = HEAD_CHARACTERS + TAIL_CHARACTERS;
/** How far from either end the words still count as instruction. */
const INSTRUCTION_CHARACTERS = 128;
/** Shorter texts are all head: their end is not looked at twice. */
const TAIL_INSTRUCTION_FROM = 3 * INSTRUCTION_CHARACTERS;

export interface FeatureBuffer {
  readonly instruction: Int32Array;
  readonly body: Int32Array;
  readonly structure: Int32Array;
  instructionCount: number;
  bodyCount: number;
  /** Characters read, at most `EXAMINED_CHARACTERS`. */
  examined: number;
}

export function newFeatureBuffer(): FeatureBuffer {
  return {
    // Per character at most one 4-gram or, where no spaces are, three features; per word three more.
    instruction: new Int32Array(4 * 2 * INSTRUCTION_CHARACTERS + 16),
    body: new Int32Array(3 * EXAMINED_CHARACTERS + 16),
    structure: new Int32Array(STRUCTURE_KINDS),
    instructionCount: 0,
    bodyCount: 0,
    examined: 0,
  };
}

const SEPARATOR = 0;
const LETTER = 1;
const DIGIT = 2;
const UNSPACED = 3;

const BODY_SEED = 0x811c9dc5 | 0;
const STEM_SEED = 0x2b7e1516;
const PAIR_SEED = 0x3c6ef372;
const INSTRUCTION_SEED = 0x510e527f;
const GRAM_SEED = 0x1f83d9ab;
const FNV_PRIME = 0x01000193;
const STEM_LETTERS = 5;

/** Kinds of ASCII symbols that are counted, as bits. */
const CODE_SYMBOL = 1;
const MATH_SYMBOL = 2;
const QUESTION_MARK = 4;
const QUOTE = 8;
const NEWLINE = 16;

const ASCII_CLASS = new Uint8Array(128);
const ASCII_SYMBOL = new Uint8Array(128);
for (let code = 97; code <= 122; code += 1) ASCII_CLASS[code] = LETTER;
for (let code = 48; code <= 57; code += 1) ASCII_CLASS[code] = DIGIT;
for (const symbol of '{}()[];=<>_#&|') mark(symbol, CODE_SYMBOL);
for (const symbol of '+*/^=\\$%') mark(symbol, MATH_SYMBOL);
for (const symbol of '"`') mark(symbol, QUOTE);
mark('?', QUESTION_MARK);
mark('\n', NEWLINE);

function mark(symbol: string, bit: number): void {
  const code = symbol.charCodeAt(0);
  ASCII_SYMBOL[code] = (ASCII_SYMBOL[code] ?? 0) | bit;
}

/** Fills `out` with the row numbers of the features of `text`. Linear in the characters examined. */
export function hashFeatures(text: string, out: FeatureBuffer): void {
  const length = text.length;
  const instruction = out.instruction;
  const body = out.body;
  let instructionCount = 0;
  let bodyCount = 0;
  let codeSymbols = 0;
  let mathSymbols = 0;
  let questionMarks = 0;
  let quotes = 0;
  let newlines = 0;
  let digits = 0;
  let letters = 0;
  let unspaced = 0;
  let bullets = 0;
  let fences = 0;
  let diffLines = 0;
  let last = 0;

  const headEnd = length < EXAMINED_CHARACTERS ? length : HEAD_CHARACTERS;
  const tailStart = length < EXAMINED_CHARACTERS ? length : length - TAIL_CHARACTERS;
  const tailInstructionStart = length > TAIL_INSTRUCTION_FROM ? length - INSTRUCTION_CHARACTERS : length;

  let word = BODY_SEED;
  let wordLength = 0;
  let stem = 0;
  let previousWord = BODY_SEED;
  let wordIsInstruction = false;
  let gram1 = 0;
  let gram2 = 0;
  let gram3 = 0;
  let previousUnspaced = 0;
  let beforePreviousUnspaced = 0;

  let position = 0;
  // One step past the end (code 0, a separator) closes the last word.
  while (position <= length) {
    if (position === headEnd && tailStart > headEnd) position = tailStart;
    let code = position < length ? text.charCodeAt(position) : 0;
    let kind: number;
    if (code < 128) {
      if (code >= 65 && code <= 90) code += 32;
      kind = ASCII_CLASS[code] as number;
      const symbol = ASCII_SYMBOL[code] as number;
      if (symbol !== 0) {
        if (symbol & CODE_SYMBOL) codeSymbols += 1;
        if (symbol & MATH_SYMBOL) mathSymbols += 1;
        if (symbol & QUESTION_MARK) questionMarks += 1;
        if (symbol & QUOTE) {
          quotes += 1;
          if (code === 96 && last === 96) fences += 1;
        }
        if (symbol & NEWLINE) {
          newlines += 1;
          const next = text.charCodeAt(position + 1);
          if (next === 45 || next === 42 || next === 8226 || (next >= 48 && next <= 57)) bullets += 1;
          if (next === 64 && text.charCodeAt(position + 2) === 64) diffLines += 1;
          if (next === 43 && text.charCodeAt(position + 2) === 43) diffLines += 1;
        }
      }
    } else {
      kind = classOf(code);
      if (kind === LETTER) code = foldCase(code);
      else if (code === 0xff1f || code === 0x61f) questionMarks += 1;
    }
    if (code > 32) last = code;
    const isInstruction = position < INSTRUCTION_CHARACTERS || position >= tailInstructionStart;

    if (kind === LETTER || kind === DIGIT) {
      if (kind === DIGIT) {
        digits += 1;
        // Every digit is the same letter, and a long number the same word as a longer one.
        code = 48;
      } else {
        letters += 1;
      }
      if (wordLength === 0) wordIsInstruction = isInstruction;
      if (kind === LETTER || wordLength < 4) {
        word = Math.imul(word ^ code, FNV_PRIME);
        wordLength += 1;
        if (wordLength === STEM_LETTERS) stem = word;
      }
      if (wordIsInstruction && isInstruction) {
        if (gram3 !== 0) {
          instruction[instructionCount++] = row(
            Math.imul(GRAM_SEED ^ gram3, 31) +
              Math.imul(gram2, 0x9e3779b1) +
              Math.imul(gram1, 0x85ebca6b) +
              code,
          );
        }
        gram3 = gram2;
        gram2 = gram1;
        gram1 = code;
      }
    } else {
      if (wordLength > 0) {
        const pair = Math.imul(previousWord ^ PAIR_SEED, FNV_PRIME) ^ word;
        body[bodyCount++] = row(word);
        body[bodyCount++] = row(pair);
        if (wordLength > STEM_LETTERS) body[bodyCount++] = row(stem ^ STEM_SEED);
        if (wordIsInstruction) {
          instruction[instructionCount++] = row(word ^ INSTRUCTION_SEED);
          instruction[instructionCount++] = row(pair ^ INSTRUCTION_SEED);
          if (wordLength > STEM_LETTERS)
            instruction[instructionCount++] = row(stem ^ STEM_SEED ^ INSTRUCTION_SEED);
        }
        previousWord = word;
        word = BODY_SEED;
        wordLength = 0;
      }
      gram1 = 32;
      gram2 = 0;
      gram3 = 0;
      if (kind === UNSPACED) {
        unspaced += 1;
        const single = Math.imul(BODY_SEED ^ code, FNV_PRIME);
        const pair = Math.imul(single ^ previousUnspaced, FNV_PRIME);
        body[bodyCount++] = row(single);
        body[bodyCount++] = row(pair);
        if (isInstruction) {
          instruction[instructionCount++] = row(single ^ INSTRUCTION_SEED);
          instruction[instructionCount++] = row(pair ^ INSTRUCTION_SEED);
          instruction[instructionCount++] = row(
            Math.imul(pair ^ beforePreviousUnspaced, FNV_PRIME) ^ GRAM_SEED,
          );
        }
        beforePreviousUnspaced = previousUnspaced;
        previousUnspaced = code;
      } else {
        beforePreviousUnspaced = 0;
        previousUnspaced = 0;
      }
    }
    position += 1;
  }

  const examined = headEnd + (length - tailStart);
  const symbolShare = examined === 0 ? 0 : (codeSymbols * 64) / examined;
  const digitShare = examined === 0 ? 0 : (digits * 32) / examined;
  const structure = out.structure;
  structure[0] = structureRow(0, logBucket(length));
  structure[1] = structureRow(1, logBucket(newlines));
  structure[2] = structureRow(2, questionMarks);
  structure[3] = structureRow(3, logBucket(digits));
  structure[4] = structureRow(4, logBucket(codeSymbols));
  structure[5] = structureRow(5, fences >> 2);
  structure[6] = structureRow(6, logBucket(diffLines));
  structure[7] = structureRow(7, logBucket(mathSymbols));
  structure[8] = structureRow(8, logBucket(quotes));
  structure[9] = structureRow(9, last === 63 || last === 0xff1f || last === 0x61f ? 1 : 0);
  structure[10] = structureRow(10, last === 58 || last === 0xff1a ? 1 : 0);
  structure[11] = structureRow(11, logBucket(bullets));
  structure[12] = structureRow(12, Math.ceil(symbolShare));
  structure[13] = structureRow(13, Math.ceil(digitShare));
  structure[14] = structureRow(14, unspaced > letters ? 8 + logBucket(unspaced) / 2 : logBucket(letters) / 2);
  structure[15] = structureRow(15, fences > 0 ? 1 + Math.min(3, logBucket(length) >> 2) : 0);
  out.instructionCount = instructionCount;
  out.bodyCount = bodyCount;
  out.examined = examined;
}

/** What the sum over a group of `count` hashed features is multiplied by. */
export function normOf(count: number): number {
  return count === 0 ? 0 : 1 / Math.sqrt(count);
}

/** Bits are mixed before the low ones are taken: FNV alone leaves short words in few rows. */
function row(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & (HASHED_ROWS - 1);
}

function structureRow(kind: number, bucket: number): number {
  const bounded = bucket < STRUCTURE_BUCKETS ? bucket | 0 : STRUCTURE_BUCKETS - 1;
  return HASHED_ROWS + kind * STRUCTURE_BUCKETS + bounded;
}

/** 0 for 0, then one more for each doubling. */
function logBucket(count: number): number {
  return 32 - Math.clz32(count);
}

function classOf(code: number): number {
  if (code < 0xc0) return SEPARATOR;
  if (code < 0xe00)
    return code === 0xd7 || code === 0xf7 || code === 0x61f || code === 0x60c ? SEPARATOR : LETTER;
  if (code < 0x1000) return code < 0xf00 ? UNSPACED : LETTER;
  if (code < 0x1100) return UNSPACED;
  if (code < 0x1200) return UNSPACED;
  if (code >= 0x1780 && code < 0x1800) return UNSPACED;
  if (code < 0x2000) return LETTER;
  if (code < 0x3040) return code >= 0x2e80 && code < 0x3000 ? UNSPACED : SEPARATOR;
  if (code < 0xd7b0) return UNSPACED;
  if (code >= 0xf900 && code < 0xfb00) return UNSPACED;
  if (code >= 0xfb1d && code < 0xfdd0) return LETTER;
  return SEPARATOR;
}

/** Lower case for Latin-1, Greek and Cyrillic capitals, by offset: `toLowerCase` would allocate. */
function foldCase(code: number): number {
  if (code >= 0xc0 && code <= 0xde) return code + 32;
  // Latin Extended-A pairs capital and small; in two stretches the capital is the odd one (Ł, Ń, Ž).
  if (code >= 0x100 && code < 0x180) {
    return (code >= 0x139 && code <= 0x148) || code >= 0x179 ? (code + 1) & ~1 : code | 1;
  }
  if (code >= 0x391 && code <= 0x3a9) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  if (code >= 0x400 && code <= 0x40f) return code + 80;
  return code;
}
