import { describe, expect, it } from 'vitest';
import {
  MOST_ENTRIES,
  type PackEntry,
  readPack,
  SUMS_PER_ENTRY,
  writePack,
} from '../../src/store/traffic-pack.ts';

function entriesOf(count: number): PackEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    hour: at % 24,
    keyId: at % 7 === 0 ? '' : `key_${at}`,
    task: `task ${at % 3} "é\n`,
    modelId: `model/${at % 5}`,
    sums: Array.from({ length: SUMS_PER_ENTRY }, (_, sum) => at * 1e9 + sum / 3),
  }));
}

function entriesIn(body: Uint8Array): PackEntry[] {
  const pack = readPack(body);
  return Array.from(pack.hours, (hour, at) => ({
    hour,
    keyId: pack.keyIds[pack.keys[at] as number] as string,
    task: pack.tasks[pack.taskNumbers[at] as number] as string,
    modelId: pack.modelIds[pack.models[at] as number] as string,
    sums: pack.sums.map((column) => column?.[at] ?? 0),
  }));
}

describe('a pack', () => {
  it.each([0, 1, 2, 25, MOST_ENTRIES])('of %i entries says what was written, to the last bit', (count) => {
    const entries = entriesOf(count);
    expect(entriesIn(writePack(entries))).toEqual(entries);
  });

  it.each([0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 0.5, -1, Number.NaN, 1e300])(
    'holds %d as it is, beside smaller numbers',
    (number) => {
      const entries = entriesOf(30).map((entry, at) => ({
        ...entry,
        sums: Array.from({ length: SUMS_PER_ENTRY }, (_, sum) => (at === 7 && sum % 2 === 0 ? number : sum)),
      }));
      expect(entriesIn(writePack(entries))).toEqual(entries);
    },
  );

  it('takes no room for what is 0, and little for what is small', () => {
    const bytesWith = (number: number) => {
      const sums = new Array<number>(SUMS_PER_ENTRY).fill(number);
      return writePack(entriesOf(1_000).map((entry) => ({ ...entry, keyId: 'key', sums }))).length;
    };
    expect(bytesWith(200) - bytesWith(0)).toBe(1_000 * SUMS_PER_ENTRY);
    expect(bytesWith(0.5) - bytesWith(0)).toBe(8_000 * SUMS_PER_ENTRY);
  });

  it('is read wherever in memory it lies', () => {
    const entries = entriesOf(50);
    const body = writePack(entries);
    for (let offset = 0; offset < 9; offset += 1) {
      const larger = Buffer.alloc(body.length + 16);
      body.copy(larger, offset);
      expect(entriesIn(larger.subarray(offset, offset + body.length))).toEqual(entries);
    }
  });

  it('holds no more than its numbers can tell apart, and what is cut off is no pack', () => {
    expect(() => writePack(entriesOf(MOST_ENTRIES + 1))).toThrow(RangeError);
    const body = writePack(entriesOf(50));
    for (const length of [0, 7, 100, body.length - 1]) {
      expect(() => readPack(Uint8Array.from(body.subarray(0, length)))).toThrow();
    }
  });
});
