import { SCRIPTS } from './language-signs.ts';

/**
 * What kind of character a UTF-16 code is, by tables: `toLowerCase` and regular expressions would cost more than all
 * the rest of reading a text.
 */

/** Codes below this have an entry in `LETTER_OF`. */
export const LETTER_CODES = 0x2000;
/** What every digit is read as. */
export const DIGIT = 48;
/** Code → its small letter, `DIGIT` for a digit, 0 for what ends a word or stands for one by itself. */
export const LETTER_OF = new Uint16Array(LETTER_CODES);

/** What a separator below 128 counts as, in bits. */
export const CODE_SYMBOL = 1;
export const MATH_SYMBOL = 2;
export const QUOTE = 4;
/** Ends a sentence; so does a line break. */
export const STOP = 8;
export const QUESTION_MARK = 16;
export const LINE_BREAK = 32;
export const SYMBOL_OF = new Uint8Array(128);

/** Code >> 4 → 1 where a character is a word, or most of one (Chinese, Japanese, Korean, Thai), else 0. */
export const IS_UNSPACED = new Uint8Array(4_096);

export const SCRIPT_LANGUAGES = [...new Set(SCRIPTS.map(([, , language]) => language))];
/** Code >> 4 → 1 + index in `SCRIPT_LANGUAGES`, 0 for Latin and for what is no script. */
export const SCRIPT_OF = new Uint8Array(4_096);

for (let code = 97; code <= 122; code += 1) {
  LETTER_OF[code] = code;
  LETTER_OF[code - 32] = code;
}
LETTER_OF.fill(DIGIT, 48, 58);
for (let code = 0xc0; code < LETTER_CODES; code += 1) LETTER_OF[code] = smallLetter(code);
// × ÷ and the Arabic comma, semicolon, question mark and full stop.
for (const code of [0xd7, 0xf7, 0x60c, 0x61b, 0x61f, 0x6d4, 0x964, 0x965]) LETTER_OF[code] = 0;
for (const [from, to] of [
  [0xe00, 0xf00],
  [0x1000, 0x1200],
  [0x1780, 0x1800],
  [0x2e80, 0x3000],
  [0x3040, 0xd7b0],
  [0xf900, 0xfb00],
] as const) {
  IS_UNSPACED.fill(1, from >> 4, to >> 4);
  if (to <= LETTER_CODES) LETTER_OF.fill(0, from, to);
}
for (const [from, to, language] of SCRIPTS) {
  SCRIPT_OF.fill(SCRIPT_LANGUAGES.indexOf(language) + 1, from >> 4, to >> 4);
}
mark('{}()[];=<>_#&|', CODE_SYMBOL);
mark('+*/^=\\$%', MATH_SYMBOL);
mark('"`', QUOTE);
mark('.!?:;\n', STOP);
mark('?', QUESTION_MARK);
mark('\n', LINE_BREAK);

function mark(symbols: string, bit: number): void {
  for (const symbol of symbols) {
    const code = symbol.charCodeAt(0);
    SYMBOL_OF[code] = (SYMBOL_OF[code] as number) | bit;
  }
}

/** Small letters of Latin, Greek and Cyrillic capitals; other letters as they are. */
function smallLetter(code: number): number {
  if (code <= 0xde) return code + 32;
  // Latin Extended-A pairs capital and small; in two stretches the capital is the odd one (Ł, Ń, Ž).
  if (code >= 0x100 && code < 0x180) {
    return (code >= 0x139 && code <= 0x148) || code >= 0x179 ? (code + 1) & ~1 : code | 1;
  }
  if (code >= 0x391 && code <= 0x3a9) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  if (code >= 0x400 && code <= 0x40f) return code + 80;
  if (code >= 0x1e00 && code < 0x1f00) return code | 1;
  return code;
}

/** Stops of other scripts: 。？！：； and their kin in Arabic and Devanagari. */
export function isWideStop(code: number): boolean {
  return (
    code === 0x3002 ||
    code === 0xff1f ||
    code === 0xff01 ||
    code === 0xff1a ||
    code === 0xff1b ||
    code === 0x61f ||
    code === 0x964
  );
}

export function isWideQuestionMark(code: number): boolean {
  return code === 0xff1f || code === 0x61f;
}
