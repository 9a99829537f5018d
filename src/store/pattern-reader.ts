import { and, eq, inArray, min, sql } from 'drizzle-orm';
import { DAY_MS } from '../core/durations.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { bothBits } from '../core/tally/key-bits.ts';
import { type AnyTask, anyTaskNamed } from '../core/task/operation-task.ts';
import type { PatternSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { PATTERN_BLOCK_MS, patternBlockOf } from './pattern-sums.ts';
import { PATTERN_SUMS } from './statements.ts';

/** Days that ended so long ago are read, and remembered, as one. */
const DAYS_AFTER_MS = 2 * DAY_MS;
/** Reports look at thirty days and the thirty before. */
const REMEMBERED_DAYS = 62;
/** So many rows are read at once: on SQLite a millisecond in which nothing else happens. */
const ROWS_AT_ONCE = 300;
/** What other processes change of blocks that are over (late verdicts) is seen after this, a few blocks a call. */
const FRESH_MS = 300_000;
const READ_AGAIN_A_CALL = 4;
/** Endings of a block are in the database so long after it: what was read before is not the whole of it. */
const SETTLED_MS = 120_000;
/** Beyond, names that nobody uses any more are forgotten, with all else. */
const MOST_CELLS = 100_000;

/** Sums that are put together before others may get their turn. */
const CELLS_AT_ONCE = 1_000;

const STRIDE = PATTERN_SUMS.length;

interface Cell {
  readonly task: AnyTask;
  readonly shape: string;
  readonly modelId: string;
}

/** What stands in a block or a day: of each cell its sums, one behind the other, and its bits of keys. */
interface Unit {
  readonly cells: Int32Array;
  readonly sums: Float64Array;
  readonly bits: Float64Array;
  readonly readAtMs: number;
}

/** Replaced as a whole: whoever reads meanwhile keeps the one whose numbers of cells it has. */
interface Memory {
  readonly cells: Cell[];
  readonly nameToCell: Map<string, number>;
  /** By where it begins and how long it is. */
  readonly spanToUnit: Map<string, Unit>;
  readonly spanToReading: Map<string, Promise<Unit>>;
}

export interface PatternReader {
  /** See `Store.readPatterns`. */
  read(fromMs: number, toMs: number): Promise<readonly PatternSum[]>;
  /** See `Store.firstPatternMs`. */
  firstBlockMs(): Promise<number | undefined>;
  /** A verdict of this process changed the block that this falls into. */
  touch(atMs: number): void;
}

/**
 * Reads the roll-up of patterns. Blocks that are over hardly change, and are remembered: a first look at sixty days of
 * 3,000 cells takes about a second, a few milliseconds at a time, and every further one reads the blocks under way only.
 */
export function createPatternReader(
  queryable: Queryable & RowReader,
  now: () => number,
  turns: LoopTurns,
): PatternReader {
  let memory = emptyMemory();

  async function unitsOf(one: Memory, fromMs: number, toMs: number): Promise<Unit[]> {
    const nowMs = now();
    const spans = [...spansOf(fromMs, toMs, nowMs - DAYS_AFTER_MS)].map(([startMs, lengthMs]) => {
      const span = `${startMs} ${lengthMs}`;
      const known = one.spanToUnit.get(span);
      const isWhole = known !== undefined && startMs + lengthMs + SETTLED_MS <= known.readAtMs;
      return { span, startMs, lengthMs, known: isWhole ? known : undefined };
    });
    // The longest known first: in the order of time the youngest would never be their turn.
    const again = new Set(
      spans
        .flatMap(({ known }) => (known === undefined || isFresh(known, nowMs) ? [] : known))
        .sort((a, b) => a.readAtMs - b.readAtMs)
        .slice(0, READ_AGAIN_A_CALL),
    );
    const units: Unit[] = [];
    for (const { span, startMs, lengthMs, known } of spans) {
      const isKept = known !== undefined && !again.has(known);
      units.push(isKept ? known : await readOnce(one, span, startMs, lengthMs));
    }
    return units;
  }

  function readOnce(one: Memory, span: string, startMs: number, lengthMs: number): Promise<Unit> {
    const running = one.spanToReading.get(span);
    if (running !== undefined) return running;
    const reading = readUnit(queryable, one, startMs, lengthMs, now(), turns)
      .then((unit) => {
        // Unless a verdict came in between.
        if (one.spanToReading.get(span) === reading) one.spanToUnit.set(span, unit);
        return unit;
      })
      .finally(() => {
        if (one.spanToReading.get(span) === reading) one.spanToReading.delete(span);
      });
    one.spanToReading.set(span, reading);
    return reading;
  }

  return {
    async read(fromMs, toMs) {
      if (memory.cells.length > MOST_CELLS) memory = emptyMemory();
      const one = memory;
      const oldestMs = now() - REMEMBERED_DAYS * DAY_MS;
      for (const span of one.spanToUnit.keys()) if (startOf(span) < oldestMs) one.spanToUnit.delete(span);
      return sumUnits(await unitsOf(one, patternBlockOf(fromMs), toMs), one.cells, turns);
    },
    async firstBlockMs() {
      const { patternBlocks } = queryable.tables;
      const [row] = await queryable.db.select({ first: min(patternBlocks.blockMs) }).from(patternBlocks);
      return row?.first == null ? undefined : Number(row.first);
    },
    touch(atMs) {
      const blockMs = patternBlockOf(atMs);
      const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
      for (const span of [`${blockMs} ${PATTERN_BLOCK_MS}`, `${dayMs} ${DAY_MS}`]) {
        memory.spanToUnit.delete(span);
        memory.spanToReading.delete(span);
      }
    },
  };
}

function emptyMemory(): Memory {
  return { cells: [], nameToCell: new Map(), spanToUnit: new Map(), spanToReading: new Map() };
}

/** A clock set back makes it doubtful. */
function isFresh({ readAtMs }: Unit, nowMs: number): boolean {
  return nowMs >= readAtMs && nowMs - readAtMs < FRESH_MS;
}

function startOf(span: string): number {
  return Number(span.split(' ')[0]);
}

/** Whole days as far as they ended before `daysBeforeMs`, blocks else. */
function* spansOf(fromMs: number, toMs: number, daysBeforeMs: number): Generator<readonly [number, number]> {
  for (let startMs = fromMs; startMs < toMs; ) {
    const endOfDayMs = startMs + DAY_MS;
    const isDay = startMs % DAY_MS === 0 && endOfDayMs <= Math.min(toMs, daysBeforeMs);
    const lengthMs = isDay ? DAY_MS : PATTERN_BLOCK_MS;
    yield [startMs, lengthMs];
    startMs += lengthMs;
  }
}

async function readUnit(
  { db, tables: { patternBlocks }, readRows }: Queryable & RowReader,
  memory: Memory,
  startMs: number,
  lengthMs: number,
  readAtMs: number,
  turns: LoopTurns,
): Promise<Unit> {
  const columns = {
    task: patternBlocks.task,
    shape: patternBlocks.shape,
    modelId: patternBlocks.modelId,
    keyBits: patternBlocks.keyBits,
    // In the order of `PATTERN_SUMS`.
    ...Object.fromEntries(PATTERN_SUMS.map((name) => [name, patternBlocks[name]])),
  };
  const cellToPlace = new Map<number, number>();
  const sums: number[] = [];
  const bits: number[] = [];
  for (let blockMs = startMs; blockMs < startMs + lengthMs; blockMs += PATTERN_BLOCK_MS) {
    const isInBlock = eq(patternBlocks.blockMs, blockMs);
    if (turns.isOver()) await turns.next();
    const counts = await readRows(
      db
        .select({ task: patternBlocks.task, rows: sql`count(*)` })
        .from(patternBlocks)
        .where(isInBlock)
        .groupBy(patternBlocks.task),
    );
    for (const tasks of inPieces(counts)) {
      if (turns.isOver()) await turns.next();
      const rows = await readRows(
        db
          .select(columns)
          .from(patternBlocks)
          .where(and(isInBlock, inArray(patternBlocks.task, tasks))),
      );
      for (const row of rows) {
        const cell = cellOf(memory, String(row[0]), String(row[1]), String(row[2]));
        const place = cellToPlace.get(cell) ?? bits.length;
        cellToPlace.set(cell, place);
        for (let at = 0; at < STRIDE; at += 1) {
          const sum = place * STRIDE + at;
          sums[sum] = (sums[sum] ?? 0) + Number(row[4 + at]);
        }
        bits[place] = bothBits(bits[place] ?? 0, Number(row[3]));
      }
    }
  }
  return {
    cells: Int32Array.from(cellToPlace.keys()),
    sums: Float64Array.from(sums),
    bits: Float64Array.from(bits),
    readAtMs,
  };
}

/** Tasks whose rows are read together: those of one may be more. */
function* inPieces(taskCounts: readonly (readonly unknown[])[]): Generator<string[]> {
  let tasks: string[] = [];
  let rows = 0;
  for (const [task, count] of taskCounts) {
    if (tasks.length > 0 && rows + Number(count) > ROWS_AT_ONCE) {
      yield tasks;
      tasks = [];
      rows = 0;
    }
    tasks.push(String(task));
    rows += Number(count);
  }
  if (tasks.length > 0) yield tasks;
}

function cellOf({ cells, nameToCell }: Memory, task: string, shape: string, modelId: string): number {
  const name = `${task}\n${shape}\n${modelId}`;
  let cell = nameToCell.get(name);
  if (cell === undefined) {
    cell = cells.push({ task: anyTaskNamed(task) ?? 'unknown', shape, modelId }) - 1;
    nameToCell.set(name, cell);
  }
  return cell;
}

async function sumUnits(
  units: readonly Unit[],
  cells: readonly Cell[],
  turns: LoopTurns,
): Promise<PatternSum[]> {
  const sums = new Float64Array(cells.length * STRIDE);
  const bits = new Float64Array(cells.length);
  const isThere = new Uint8Array(cells.length);
  for (const unit of units) {
    if (turns.isOver()) await turns.next();
    for (let place = 0; place < unit.cells.length; place += 1) {
      const cell = unit.cells[place] as number;
      isThere[cell] = 1;
      bits[cell] = bothBits(bits[cell] as number, unit.bits[place] as number);
      for (let at = 0; at < STRIDE; at += 1) {
        const sum = cell * STRIDE + at;
        sums[sum] = (sums[sum] as number) + (unit.sums[place * STRIDE + at] as number);
      }
    }
  }
  const found: PatternSum[] = [];
  for (let cell = 0; cell < isThere.length; cell += 1) {
    if (cell % CELLS_AT_ONCE === 0 && turns.isOver()) await turns.next();
    if (isThere[cell] === 0) continue;
    const { task, shape, modelId } = cells[cell] as Cell;
    const at = cell * STRIDE;
    found.push({
      task,
      shape,
      modelId,
      requests: sums[at] as number,
      attempts: sums[at + 1] as number,
      completed: sums[at + 2] as number,
      failures: sums[at + 3] as number,
      costMicroUsd: sums[at + 4] as number,
      latencyMsSum: sums[at + 5] as number,
      successes: sums[at + 6] as number,
      shortfalls: sums[at + 7] as number,
      squares: sums[at + 8] as number,
      keyBits: bits[cell] as number,
    });
  }
  return found;
}
