import { describe, expect, it } from 'vitest';
import { generateKey, hashKey, prefixOfKey } from '../../src/store/key-hash.ts';

describe('a key', () => {
  it('is or- and 36 random base62 characters, its prefix 10 of all', () => {
    const keys = Array.from({ length: 200 }, generateKey);
    for (const key of keys) expect(key).toMatch(/^or-[0-9A-Za-z]{36}$/);
    expect(new Set(keys).size).toBe(200);
    expect(prefixOfKey('or-0123456789')).toBe('or-0123456');
  });

  it('hashes as HMAC-SHA-256 does (RFC 4231, case 2)', () => {
    expect(hashKey('Jefe', 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});
