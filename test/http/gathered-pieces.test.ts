import { expect, test } from 'vitest';
import { GatheredPieces } from '../../src/http/gathered-pieces.ts';

const KB = 1024;
const bytes = Buffer.from(Array.from({ length: 200 * KB }, (_, at) => (at * 31) % 251));

/** Pieces of these sizes, over and over. */
function gather(sizes: readonly number[]): GatheredPieces {
  const gathered = new GatheredPieces();
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    gathered.add(bytes.subarray(at, at + size));
    at += size;
  }
  return gathered;
}

test.each([[[1]], [[64 * KB]], [[20 * KB, 1]], [[3, 5000, 16 * KB, 16 * KB - 1]]])(
  'pieces of %j bytes are the same bytes in fewer pieces',
  (sizes) => {
    const { pieces } = gather(sizes);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.length).toBeLessThan(30);
  },
);

test('a piece that somebody has does not change, and those that are held are not replaced', () => {
  const gathered = new GatheredPieces();
  for (const letter of ['a', 'b', 'c']) gathered.add(Buffer.from(letter));
  const second = gathered.pieces[1] as Buffer;
  gathered.add(Buffer.from('d'));
  expect(second.toString()).toBe('bc');
  expect(gathered.pieces.map(String)).toEqual(['a', 'bcd']);
  gathered.add(Buffer.from('e'), 2);
  expect(gathered.pieces.map(String)).toEqual(['a', 'bcd', 'e']);
  gathered.pieces.shift();
  gathered.pieces.shift();
  gathered.pieces.shift();
  gathered.add(Buffer.from('f'));
  expect(gathered.pieces.map(String)).toEqual(['f']);
});
