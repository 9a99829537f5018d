/**
 * How many keys had a part in something, without saying which: each falls on one of 52 bits. Sets of bits are put together
 * by `|`, in any order and any number of times, and never have more bits than there were keys.
 */

/** Whole numbers are exact up to 2^53, in JavaScript and on their way to both databases. */
const KEY_BITS = 52;
const HALF = 2 ** 26;
const keyToBit = new Map<string, number>();
const MAX_KEYS = 10_000;

/** The same for the same key in every process (FNV-1a): two keys fall on one bit once in 52 times. */
export function keyBitOf(keyId: string): number {
  let bit = keyToBit.get(keyId);
  if (bit === undefined) {
    let hash = 0x811c9dc5;
    for (let at = 0; at < keyId.length; at += 1) hash = Math.imul(hash ^ keyId.charCodeAt(at), 0x01000193);
    bit = 2 ** ((hash >>> 0) % KEY_BITS);
    if (keyToBit.size >= MAX_KEYS) keyToBit.clear();
    keyToBit.set(keyId, bit);
  }
  return bit;
}

/** `|` for whole numbers of up to 52 bits. */
export function bothBits(one: number, other: number): number {
  if (one === other || other === 0) return one;
  if (one === 0) return other;
  const high = Math.floor(one / HALF) | Math.floor(other / HALF);
  return high * HALF + ((one % HALF) | (other % HALF));
}

/** At least so many keys were behind these bits. */
export function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest >= 1; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
