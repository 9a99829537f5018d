import { SCRIPT_LANGUAGES } from './characters.ts';
import { LATIN_LANGUAGES } from './known-words.ts';
import { MARKED_LETTERS, TELLING_LETTERS } from './language-signs.ts';
import { newTextFeatures, scanText, type TextFeatures } from './text-features.ts';
import { LATIN_LETTERS } from './text-words.ts';

/** How many words vote on the language. */
const VOTING_WORDS = 64;
const LANGUAGE_BITS = (1 << LATIN_LANGUAGES.length) - 1;
const JAPANESE = SCRIPT_LANGUAGES.indexOf('ja') + 1;

/** Code of a letter → a bit for each of `LATIN_LANGUAGES` that it speaks for. */
const LETTER_LANGUAGES = new Int32Array(0x2000);
LATIN_LANGUAGES.forEach((language, index) => {
  for (const letter of (MARKED_LETTERS[language] ?? '').toLowerCase()) {
    const code = letter.charCodeAt(0);
    LETTER_LANGUAGES[code] = (LETTER_LANGUAGES[code] as number) | (1 << index);
  }
});
const TELLING_LANGUAGES = Object.keys(TELLING_LETTERS);
/** Code of a letter → 1 + index in `TELLING_LANGUAGES`. */
const TELLING = new Uint8Array(0x2000);
TELLING_LANGUAGES.forEach((language, index) => {
  for (const letter of TELLING_LETTERS[language] ?? '') TELLING[letter.charCodeAt(0)] = index + 1;
});
/** What a vote for so many languages at once counts. */
const SHARE = Float64Array.from(
  { length: LATIN_LANGUAGES.length + 1 },
  (_, count) => 1 / Math.sqrt(count || 1),
);

// Synchronous, never handed out.
const votes = new Float64Array(LATIN_LANGUAGES.length);
const own = newTextFeatures();

/** ISO 639-1, or `und` where nothing speaks for a language. */
export function detectLanguage(text: string): string {
  scanText(text, own);
  return languageOf(own);
}

/** The same for a text that was scanned: by script, then by common words and marked letters. */
export function languageOf(scan: TextFeatures): string {
  return ofScript(scan) ?? ofLatin(scan);
}

function ofScript(scan: TextFeatures): string | undefined {
  const scripts = scan.scripts;
  let bestScript = 0;
  let most = 0;
  let total = 0;
  for (let script = 1; script < scripts.length; script += 1) {
    const count = scripts[script] as number;
    total += count;
    if (count > most) {
      most = count;
      bestScript = script;
    }
  }
  // Names and code in Latin letters are common inside other scripts; a quoted foreign word is not a language.
  if (total === 0 || total * 4 < (scan.counts[LATIN_LETTERS] as number)) return undefined;
  const best = SCRIPT_LANGUAGES[bestScript - 1];
  // Japanese writes Chinese characters too: a fifth of kana decides.
  if (best === 'zh' && (scripts[JAPANESE] as number) * 5 >= most) return 'ja';
  if (best === 'ru' || best === 'ar') return tellingOf(scan, best) ?? best;
  return best;
}

function tellingOf(scan: TextFeatures, script: 'ru' | 'ar'): string | undefined {
  for (let at = 0; at < scan.markedCount; at += 1) {
    const language = TELLING_LANGUAGES[(TELLING[scan.marked[at] as number] as number) - 1];
    if (language !== undefined && (language === 'uk') === (script === 'ru')) return language;
  }
  return undefined;
}

function ofLatin(scan: TextFeatures): string {
  const words = Math.min(scan.wordCount, VOTING_WORDS);
  votes.fill(0);
  const { values, indices, count } = scan.known;
  for (let at = 0; at < count && (indices[at] as number) < words; at += 1) {
    vote((values[at] as number) & LANGUAGE_BITS, 1);
  }
  for (let at = 0; at < scan.markedCount; at += 1) {
    const code = scan.marked[at] as number;
    vote(LETTER_LANGUAGES[code] as number, code < 0xc0 ? 2 : 0.5);
  }
  let best = -1;
  let most = 0;
  for (let index = 0; index < votes.length; index += 1) {
    const sum = votes[index] as number;
    if (sum > most) {
      most = sum;
      best = index;
    }
  }
  // Less than one vote in twelve words is chance: code, names, a language not listed.
  return best >= 0 && most * 12 >= words ? (LATIN_LANGUAGES[best] ?? 'und') : 'und';
}

/** A vote for every language of `bits`, shared between them. */
function vote(bits: number, weight: number): void {
  if (bits === 0) return;
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  const share = weight * (SHARE[count] as number);
  for (let left = bits; left !== 0; left &= left - 1) {
    const index = 31 - Math.clz32(left & -left);
    votes[index] = (votes[index] as number) + share;
  }
}
