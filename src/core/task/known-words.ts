import { IS_UNSPACED } from './characters.ts';
import { COMMON_WORDS } from './language-signs.ts';
import { hashOfJoined, hashOfWord } from './text-words.ts';

/**
 * Words that say something by themselves, by their hash: common ones for a language, others that a request is hard.
 * An open table of which a miss, the rule, looks at one bit among 16,384.
 */

export const LATIN_LANGUAGES = Object.keys(COMMON_WORDS);
/** The value of a word: a bit for each of `LATIN_LANGUAGES`, and these. */
export const HARD = 1 << 24;
/** Hard together with a next one: "step by", "edge cases". */
export const HARD_IN_A_ROW = 1 << 25;

/** Words that ask for more than a first answer, in the languages most written in. */
const HARD_WORDS =
  'prove proof proofs derive derivation optimize optimise optimized optimized optimizing optimization optimal refactor ' +
  'refactoring architecture architectural concurrent concurrency concurrently distributed theorem theorems lemma ' +
  'tradeoff tradeoffs rigorous rigorously asymptotic induction beweis beweise beweisen démontrer démontre démontrez ' +
  'demostrar demuestra demuestre dimostra dimostrare оптимизируй оптимизировать оптимизация докажи докажите доказать ' +
  '证明 證明 優化 优化 架构 架構 証明 最適 증명 최적';
const HARD_ROWS = 'step by edge case cases trade off offs';

const SLOTS = 2_048;
const FILTER_BITS = 16_384;
const filter = new Int32Array(FILTER_BITS / 32);
/** Hash and value, alternating; a value of 0 is an empty slot. */
const slots = new Int32Array(2 * SLOTS);

LATIN_LANGUAGES.forEach((language, index) => {
  for (const word of (COMMON_WORDS[language] ?? '').split(' ')) learn(word, 1 << index);
});
for (const word of HARD_WORDS.split(' ')) learn(word, HARD);
for (const word of HARD_ROWS.split(' ')) learn(word, HARD_IN_A_ROW);

function learn(word: string, value: number): void {
  const isUnspaced = IS_UNSPACED[word.charCodeAt(0) >> 4] === 1;
  const hash = isUnspaced ? hashOfJoined(word.charCodeAt(0), hashOfWord(word.slice(1))) : hashOfWord(word);
  const bit = bitOf(hash);
  filter[bit >>> 5] = (filter[bit >>> 5] as number) | (1 << (bit & 31));
  let slot = hash & (SLOTS - 1);
  while (slots[2 * slot + 1] !== 0 && slots[2 * slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  slots[2 * slot] = hash;
  slots[2 * slot + 1] = (slots[2 * slot + 1] as number) | value;
}

export interface KnownWords {
  readonly values: Int32Array;
  /** Which word of the text each is, ascending. */
  readonly indices: Int32Array;
  count: number;
}

export function newKnownWords(most: number): KnownWords {
  return { values: new Int32Array(most), indices: new Int32Array(most), count: 0 };
}

/** Lists in `out` those of the first `count` words, by their hashes, that say something. */
export function findKnownWords(words: Int32Array, count: number, out: KnownWords): void {
  const { values, indices } = out;
  let likely = 0;
  // Without a branch for each word, which could not be foreseen: a next one overwrites what the filter does not know.
  for (let index = 0; index < count; index += 1) {
    indices[likely] = index;
    const bit = bitOf(words[index] as number);
    likely += ((filter[bit >>> 5] as number) >>> (bit & 31)) & 1;
  }
  let found = 0;
  for (let at = 0; at < likely; at += 1) {
    const index = indices[at] as number;
    const value = valueOfWord(words[index] as number);
    values[found] = value;
    indices[found] = index;
    found += value === 0 ? 0 : 1;
  }
  out.count = found;
}

function valueOfWord(hash: number): number {
  for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
    const value = slots[2 * slot + 1] as number;
    if (value === 0 || slots[2 * slot] === hash) return value;
  }
}

function bitOf(hash: number): number {
  return (hash ^ (hash >>> 17)) & (FILTER_BITS - 1);
}
