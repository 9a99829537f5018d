/** Characters at the end of a text that are looked at: a model that loops does so until it is cut off. */
const MAX_TAIL_CHARACTERS = 8_192;
/** Nothing shorter is called a loop. */
const MIN_TAIL_CHARACTERS = 500;
const WINDOW_CHARACTERS = 32;
const MIN_WINDOWS = 48;
/** Five copies and more of the same. */
const REPEATED_SHARE = 0.8;
/** `!!!!…`, `\n\n…`, `haha…`: the loops without words. */
const MAX_RUN_PERIOD = 4;
const HASH_BASE = 0x01000193;
const HASH_BASE_TO_WINDOW = powerOfBase(WINDOW_CHARACTERS);

/** Scratch, written before it is read in each use. */
const seen = new Int32Array(2 * MAX_TAIL_CHARACTERS);
const hashFrom = new Int32Array(MAX_TAIL_CHARACTERS + 1);

/**
 * Whether a text ends in a loop: of the 32-character windows that start at a word (in scripts without spaces, at any
 * character) in its last 500, 1,000, … 8,192 characters, at least four fifths occur there more than once; or it ends in
 * 500 characters of nothing but the same few. Linear: about 2 ns per character, at most 8,192 of them.
 */
export function isRepetitive(text: string): boolean {
  if (text.length < MIN_TAIL_CHARACTERS) return false;
  return endsInRun(text) || endsInLoop(text.slice(-MAX_TAIL_CHARACTERS));
}

function endsInRun(text: string): boolean {
  const end = text.length - 1;
  for (let period = 1; period <= MAX_RUN_PERIOD; period += 1) {
    let index = end;
    while (index >= period && text.charCodeAt(index) === text.charCodeAt(index - period)) index -= 1;
    if (end - index >= MIN_TAIL_CHARACTERS - period) return true;
  }
  return false;
}

function endsInLoop(tail: string): boolean {
  const slots = tableSize(tail.length);
  seen.fill(0, 0, slots);
  hashFrom[0] = 0;
  let hash = 0;
  let windows = 0;
  let repeated = 0;
  let isAfterWordCharacter = false;
  let nextLook = MIN_TAIL_CHARACTERS;
  // Backwards: a position is a word's start when the character before it (the next one visited) is none of a word.
  for (let length = 1; length <= tail.length; length += 1) {
    const code = tail.charCodeAt(tail.length - length);
    const isWord = isWordCharacter(code);
    const isStart = isAfterWordCharacter && (!isWord || isUnspacedScript(code));
    isAfterWordCharacter = isWord;
    if (isStart && length > WINDOW_CHARACTERS) {
      const behind = hashFrom[length - 1 - WINDOW_CHARACTERS] ?? 0;
      windows += 1;
      if (wasSeen((hash - Math.imul(behind, HASH_BASE_TO_WINDOW)) | 0, slots)) repeated += 1;
    }
    hash = (Math.imul(hash, HASH_BASE) + code) | 0;
    hashFrom[length] = hash;
    if (length < nextLook && length < tail.length) continue;
    if (windows >= MIN_WINDOWS) {
      if (repeated >= REPEATED_SHARE * windows) return true;
      if (length === MIN_TAIL_CHARACTERS && repeated < leastShareOfLoop(tail.length) * windows) return false;
    }
    nextLook *= 2;
  }
  return false;
}

/**
 * Five copies in a text of this length have a period of a fifth of it at most, and all beyond one period repeats: less
 * than that in the last 500 characters (with a fifth of tolerance), and there is no loop. Halves the work at 1 KB.
 */
function leastShareOfLoop(characters: number): number {
  return 1 - characters / (5 * MIN_TAIL_CHARACTERS) - 0.2;
}

/** Open addressing; at most half full, so probes stay short. */
function wasSeen(hash: number, slots: number): boolean {
  const key = hash | 1;
  let slot = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) & (slots - 1);
  for (;;) {
    const held = seen[slot];
    if (held === key) return true;
    if (held === 0) {
      seen[slot] = key;
      return false;
    }
    slot = (slot + 1) & (slots - 1);
  }
}

function tableSize(characters: number): number {
  let slots = 1_024;
  while (slots < 2 * characters) slots *= 2;
  return slots;
}

/** Letters and digits of any script; not punctuation, box drawing or emoji. */
function isWordCharacter(code: number): boolean {
  if (code < 0x80) {
    return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
  }
  return code >= 0xc0 && (code < 0x2000 || code >= 0x3040) && code < 0xd800;
}

/** From Thai on, scripts that mostly put no spaces between words. */
function isUnspacedScript(code: number): boolean {
  return code >= 0x0e00;
}

function powerOfBase(exponent: number): number {
  let power = 1;
  for (let count = 0; count < exponent; count += 1) power = Math.imul(power, HASH_BASE);
  return power;
}
