import { createHmac, randomBytes, randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 36 characters of 62 are 214 bits. */
const RANDOM_CHARACTERS = 36;
const PREFIX_CHARACTERS = 10;

/**
 * HMAC-SHA-256, hex. A key has 214 random bits, so no slow hash is needed; the secret keeps a stolen table from
 * being used to recognise keys.
 */
export function hashKey(secret: string, key: string): string {
  return createHmac('sha256', secret).update(key).digest('hex');
}

/** `or-` and 36 random base62 characters. */
export function generateKey(): string {
  const characters = Array.from({ length: RANDOM_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `or-${characters.join('')}`;
}

/** What is shown in lists: recognisable, and far too little to guess the rest. */
export function prefixOfKey(key: string): string {
  return key.slice(0, PREFIX_CHARACTERS);
}

export function generateSecret(): string {
  return randomBytes(32).toString('base64url');
}
