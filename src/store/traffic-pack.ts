/**
 * Sums of the traffic of one day as bytes: what `traffic_packs` holds. A row of SQLite or PostgreSQL takes 2 µs to become
 * numbers in JavaScript, an entry of a pack some nanoseconds, for its columns are used where they lie.
 *
 * Layout: the number of entries and of the names' bytes (Uint32 each); the sums, those of `TRAFFIC_SUMS` entry by entry
 * (Float64); numbers of keys, tasks and models (Uint16, all keys first); hours of the day (Uint8); the names as JSON.
 */
import { endianness } from 'node:os';
import { TRAFFIC_SUMS } from './statements.ts';

export const SUMS_PER_ENTRY = TRAFFIC_SUMS.length;

/** Numbers lie as the processor has them: where it has them the other way round, packs are made anew. */
export const PACK_FORMAT = endianness() === 'LE' ? 1 : 2;

/** In the place of a format: no packs, or none that hold any more. */
export const NOT_PACKED = 0;
export const BEING_PACKED = -1;

/** Entries of a part: 300 kB, read in a fifth of a millisecond. Names are numbered within it, in 16 bits. */
export const MOST_ENTRIES = 4_096;

const HEAD_BYTES = 8;

export interface TrafficPack {
  readonly keyIds: readonly string[];
  readonly tasks: readonly string[];
  readonly modelIds: readonly string[];
  /** Per entry, as numbers in the lists above. */
  readonly keys: Uint16Array;
  readonly taskNumbers: Uint16Array;
  readonly models: Uint16Array;
  /** 0 to 23; 0 in packs of whole days. */
  readonly hours: Uint8Array;
  /** `SUMS_PER_ENTRY` of each entry, in the order of `TRAFFIC_SUMS`. */
  readonly sums: Float64Array;
}

export interface PackEntry {
  readonly hour: number;
  readonly keyId: string;
  readonly task: string;
  readonly modelId: string;
  /** In the order of `TRAFFIC_SUMS`. */
  readonly sums: ArrayLike<number>;
}

/** @param entries at most `MOST_ENTRIES` */
export function writePack(entries: readonly PackEntry[]): Buffer {
  const count = entries.length;
  if (count > MOST_ENTRIES) throw new RangeError(`a pack holds ${MOST_ENTRIES} entries at most`);
  const bytesOfSums = count * SUMS_PER_ENTRY * Float64Array.BYTES_PER_ELEMENT;
  const bytes = new ArrayBuffer(HEAD_BYTES + bytesOfSums + count * 7);
  const { sums, numbers, hours } = viewsOf(bytes, 0, count);
  const [keyIds, tasks, modelIds] = [createNumbers(), createNumbers(), createNumbers()];
  let at = 0;
  for (const { hour, keyId, task, modelId, sums: own } of entries) {
    for (let sum = 0; sum < SUMS_PER_ENTRY; sum += 1) sums[at * SUMS_PER_ENTRY + sum] = own[sum] ?? 0;
    numbers[at] = keyIds.numberOf(keyId);
    numbers[count + at] = tasks.numberOf(task);
    numbers[2 * count + at] = modelIds.numberOf(modelId);
    hours[at] = hour;
    at += 1;
  }
  const dictionary = Buffer.from(JSON.stringify([keyIds.names, tasks.names, modelIds.names]));
  new Uint32Array(bytes, 0, 2).set([count, dictionary.byteLength]);
  return Buffer.concat([Buffer.from(bytes), dictionary]);
}

function createNumbers() {
  const nameToNumber = new Map<string, number>();
  const names: string[] = [];
  return {
    names,
    numberOf(name: string): number {
      let number = nameToNumber.get(name);
      if (number === undefined) {
        number = names.push(name) - 1;
        nameToNumber.set(name, number);
      }
      return number;
    },
  };
}

/** @throws RangeError or SyntaxError when it was not written by `writePack` */
export function readPack(body: Uint8Array): TrafficPack {
  // Numbers must lie where their size divides the address: PostgreSQL's driver hands out pieces of what came.
  const aligned = body.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? body : new Uint8Array(body);
  const [count = 0, dictionaryBytes = 0] = new Uint32Array(aligned.buffer, aligned.byteOffset, 2);
  const { sums, numbers, hours, endsAt } = viewsOf(aligned.buffer, aligned.byteOffset, count);
  const dictionary = Buffer.from(aligned.buffer, endsAt, dictionaryBytes);
  const [keyIds, tasks, modelIds] = JSON.parse(dictionary.toString()) as [string[], string[], string[]];
  return {
    keyIds,
    tasks,
    modelIds,
    keys: numbers.subarray(0, count),
    taskNumbers: numbers.subarray(count, 2 * count),
    models: numbers.subarray(2 * count),
    hours,
    sums,
  };
}

function viewsOf(buffer: ArrayBufferLike, beginsAt: number, count: number) {
  const sums = new Float64Array(buffer, beginsAt + HEAD_BYTES, count * SUMS_PER_ENTRY);
  const numbers = new Uint16Array(buffer, sums.byteOffset + sums.byteLength, count * 3);
  const hours = new Uint8Array(buffer, numbers.byteOffset + numbers.byteLength, count);
  return { sums, numbers, hours, endsAt: hours.byteOffset + hours.byteLength };
}
