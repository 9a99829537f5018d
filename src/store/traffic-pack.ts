/**
 * Sums of the traffic of one day as bytes: what `traffic_packs` holds. A row of SQLite or PostgreSQL takes 2 µs to become
 * numbers in JavaScript, an entry of a pack some tens of nanoseconds.
 *
 * Layout: the number of entries and of the names' bytes (Uint32 each); for each column the bytes of one number, 0 where all
 * are 0 (Uint8, 16 of them); the columns, the widest first, so that each begins where its size divides the address; the names
 * as JSON. The columns are hour of the day, numbers of key, task and model, and the sums in the order of `TRAFFIC_SUMS`. Each is
 * as narrow as its largest number lets it be: mostly 26 bytes an entry instead of 79.
 */
import { endianness } from 'node:os';
import { TRAFFIC_SUMS } from './statements.ts';

export const SUMS_PER_ENTRY = TRAFFIC_SUMS.length;

/** Numbers lie as the processor has them: where it has them the other way round, packs are made anew. */
export const PACK_FORMAT = endianness() === 'LE' ? 3 : 4;

/** In the place of a format: no packs, or none that hold any more. */
export const NOT_PACKED = 0;
export const BEING_PACKED = -1;

/** Entries of a part: 100 kB, read in a fifth of a millisecond. */
export const MOST_ENTRIES = 4_096;

/** Hour, key, task, model. */
const PLACE_COLUMNS = 4;
const COLUMNS = PLACE_COLUMNS + SUMS_PER_ENTRY;
const WIDTHS_AT = 8;
const HEAD_BYTES = 24;
const WIDEST_FIRST = [8, 4, 2, 1] as const;

export interface TrafficPack {
  readonly keyIds: readonly string[];
  readonly tasks: readonly string[];
  readonly modelIds: readonly string[];
  /** Per entry, as numbers in the lists above. */
  readonly keys: Uint16Array;
  readonly taskNumbers: Uint16Array;
  readonly models: Uint16Array;
  /** 0 to 23; 0 in packs of whole days. */
  readonly hours: Uint16Array;
  /** In the order of `TRAFFIC_SUMS`, a number for each entry; undefined where all are 0. */
  readonly sums: readonly (PackColumn | undefined)[];
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
  const [keyIds, tasks, modelIds] = [createNumbers(), createNumbers(), createNumbers()];
  const columns = Array.from({ length: COLUMNS }, () => new Float64Array(count));
  const [hours, keys, taskNumbers, models, ...sums] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    ...Float64Array[],
  ];
  let at = 0;
  for (const { hour, keyId, task, modelId, sums: own } of entries) {
    hours[at] = hour;
    keys[at] = keyIds.numberOf(keyId);
    taskNumbers[at] = tasks.numberOf(task);
    models[at] = modelIds.numberOf(modelId);
    for (const [sum, column] of sums.entries()) column[at] = own[sum] ?? 0;
    at += 1;
  }
  const dictionary = Buffer.from(JSON.stringify([keyIds.names, tasks.names, modelIds.names]));
  const widths = Uint8Array.from(columns, widthOf);
  const bytesPerEntry = widths.reduce((sum, width) => sum + width, 0);
  const bytes = new ArrayBuffer(HEAD_BYTES + count * bytesPerEntry);
  new Uint32Array(bytes, 0, 2).set([count, dictionary.byteLength]);
  new Uint8Array(bytes, WIDTHS_AT).set(widths);
  for (const [column, view] of viewsOf(bytes, 0, count, widths)) view.set(columns[column] as Float64Array);
  return Buffer.concat([Buffer.from(bytes), dictionary]);
}

/** @throws RangeError or SyntaxError when it was not written by `writePack` */
export function readPack(body: Uint8Array): TrafficPack {
  // Numbers must lie where their size divides the address: PostgreSQL's driver hands out pieces of what came.
  const aligned = body.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? body : new Uint8Array(body);
  const { buffer, byteOffset } = aligned;
  const [count = 0, dictionaryBytes = 0] = new Uint32Array(buffer, byteOffset, 2);
  const widths = new Uint8Array(buffer, byteOffset + WIDTHS_AT, COLUMNS);
  const places = Array.from({ length: PLACE_COLUMNS }, () => new Uint16Array(count));
  const sums: (PackColumn | undefined)[] = new Array(SUMS_PER_ENTRY).fill(undefined);
  let endsAt = byteOffset + HEAD_BYTES;
  for (const [column, view] of viewsOf(buffer, byteOffset, count, widths)) {
    endsAt = view.byteOffset + view.byteLength;
    if (column < PLACE_COLUMNS) places[column]?.set(view);
    else sums[column - PLACE_COLUMNS] = view;
  }
  const dictionary = Buffer.from(buffer, endsAt, dictionaryBytes);
  const [keyIds, tasks, modelIds] = JSON.parse(dictionary.toString()) as [string[], string[], string[]];
  const [hours, keys, taskNumbers, models] = places as [Uint16Array, Uint16Array, Uint16Array, Uint16Array];
  return { keyIds, tasks, modelIds, hours, keys, taskNumbers, models, sums };
}

export type PackColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Columns of nothing but 0 are left out. */
function* viewsOf(
  buffer: ArrayBufferLike,
  beginsAt: number,
  count: number,
  widths: Uint8Array,
): Generator<readonly [column: number, view: PackColumn]> {
  let at = beginsAt + HEAD_BYTES;
  for (const width of WIDEST_FIRST) {
    for (const [column, own] of widths.entries()) {
      if (own !== width) continue;
      yield [column, viewOf(buffer, at, count, width)];
      at += width * count;
    }
  }
}

function viewOf(
  buffer: ArrayBufferLike,
  at: number,
  count: number,
  width: (typeof WIDEST_FIRST)[number],
): PackColumn {
  if (width === 8) return new Float64Array(buffer, at, count);
  if (width === 4) return new Uint32Array(buffer, at, count);
  return width === 2 ? new Uint16Array(buffer, at, count) : new Uint8Array(buffer, at, count);
}

/** Bytes that hold each of these numbers as it is. */
function widthOf(numbers: Float64Array): number {
  let largest = 0;
  for (const number of numbers) {
    if (number < 0 || !Number.isInteger(number)) return 8;
    if (number > largest) largest = number;
  }
  if (largest === 0) return 0;
  if (largest < 2 ** 8) return 1;
  if (largest < 2 ** 16) return 2;
  return largest < 2 ** 32 ? 4 : 8;
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
