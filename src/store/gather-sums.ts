/**
 * Sums of what is read row by row or pack by pack, by the groups that were asked for. Names are numbered once, sums lie in
 * one array for each day or hour: a hundred thousand entries take 3 ms, where an object for each would take fifty.
 */
import { DAY_MS, HOUR_MS } from '../core/durations.ts';
import type { GroupPage, UsageGroup, UsagePage, UsageSum } from './contract.ts';
import { TRAFFIC_SUMS } from './statements.ts';
import {
  MOST_ENTRIES,
  type PackColumn,
  type PackEntry,
  SUMS_PER_ENTRY,
  type TrafficPack,
} from './traffic-pack.ts';

const LEFT_OUT = -1;
const UNKNOWN = -2;
/** A table of so many places is emptied in some microseconds. */
const MOST_PLACES = 65_536;

export interface GatherFilter {
  readonly keyId?: string | undefined;
  readonly exceptKeyId?: string | undefined;
  readonly task?: string | undefined;
}

/** What belongs to one day or hour, or to all of the window where neither is asked for. */
interface Slot {
  readonly atMs: number;
  /** By the number of the key, by that of the cell: the group's number. Made when something is added a second time. */
  keyToCells: (number[] | undefined)[] | undefined;
  /** Per group. */
  readonly keys: number[];
  readonly cells: number[];
  sums: Float64Array;
}

/** Entries of a pack that count, and the groups that they belong to. */
interface Wanted {
  readonly entries: Uint16Array;
  readonly groups: Int32Array;
}

interface Numbered<Item> {
  readonly items: Item[];
  numberOf(name: string, item: Item): number;
}

interface Cell {
  readonly task: string;
  readonly modelId: string;
}

export interface Gathering {
  /** @param sums in the order of `TRAFFIC_SUMS` */
  addRow(atMs: number, keyId: string, task: string, modelId: string, sums: readonly unknown[]): void;
  /** @param window hours outside of it are left out */
  addPack(
    dayMs: number,
    pack: TrafficPack,
    filter: GatherFilter,
    window: { readonly fromMs: number; readonly untilMs: number },
  ): void;
  /** Says that all before this, the beginning of a day or hour, is added. */
  settle(beforeMs: number): void;
  /** Whether what is still to come is on later pages: then it adds to the total alone. */
  isPageFull(): boolean;
  /** Leaves out what was added of the days or hours from here on. */
  forgetFrom(fromMs: number): void;
  addTotal(sum: UsageSum): void;
  /** What was added of one day, by the hour and in its order, as a pack has it. */
  entriesOf(dayMs: number): IterableIterator<PackEntry>;
  /** Settles the rest. Without a page all groups, in no particular order. */
  finish(): UsagePage;
}

export function gatherSums(groupBy: readonly UsageGroup[], page?: GroupPage): Gathering {
  const stepMs = groupBy.includes('hour') ? HOUR_MS : groupBy.includes('day') ? DAY_MS : undefined;
  const byHour = stepMs === HOUR_MS;
  const [byKey, byTask, byModel] = [
    groupBy.includes('key'),
    groupBy.includes('task'),
    groupBy.includes('model'),
  ];
  const keys = numbered<string>();
  const cells = numbered<Cell>();
  const slots = new Map<number, Slot>();
  const total = new Float64Array(SUMS_PER_ENTRY);
  const found: UsageSum[] = [];
  /** Groups of what is settled. */
  let settled = 0;
  let capacity = 16;
  const wanted: Wanted = { entries: new Uint16Array(MOST_ENTRIES), groups: new Int32Array(MOST_ENTRIES) };

  const slotAt = (atMs: number): Slot => {
    const startMs = stepMs === undefined ? 0 : Math.floor(atMs / stepMs) * stepMs;
    let slot = slots.get(startMs);
    if (slot === undefined) {
      const sums = new Float64Array(capacity * SUMS_PER_ENTRY);
      slot = { atMs: startMs, keyToCells: undefined, keys: [], cells: [], sums };
      slots.set(startMs, slot);
    }
    return slot;
  };
  const keyNumber = (keyId: string) => (byKey ? keys.numberOf(keyId, keyId) : 0);
  const cellNumber = (ofTask: string, ofModel: string) => {
    const [task, modelId] = [byTask ? ofTask : '', byModel ? ofModel : ''];
    return byTask || byModel ? cells.numberOf(`${task}\n${modelId}`, { task, modelId }) : 0;
  };

  const isOnPage = (from: number, count: number) =>
    page === undefined || (from + count > page.first && from < page.first + page.limit);

  function settleSlot(slot: Slot): void {
    const count = slot.keys.length;
    capacity = Math.max(16, count);
    for (let group = 0, at = 0; group < count; group += 1) {
      for (let sum = 0; sum < SUMS_PER_ENTRY; sum += 1, at += 1) {
        total[sum] = (total[sum] as number) + (slot.sums[at] as number);
      }
    }
    if (isOnPage(settled, count)) {
      const groups =
        page === undefined
          ? slot.keys.keys()
          : inOrder(slot, keys.items, cells.items, {
              from: Math.max(0, page.first - settled),
              until: Math.min(count, page.first + page.limit - settled),
            });
      for (const group of groups) found.push(sumOf(slot, group));
    }
    settled += count;
    slots.delete(slot.atMs);
  }

  function sumOf(slot: Slot, group: number): UsageSum {
    const cell = cells.items[slot.cells[group] as number];
    return writeOut(
      groupBy.includes('day') ? Math.floor(slot.atMs / DAY_MS) * DAY_MS : undefined,
      byHour ? slot.atMs : undefined,
      byKey ? keys.items[slot.keys[group] as number] : undefined,
      byModel ? cell?.modelId : undefined,
      byTask ? cell?.task : undefined,
      slot.sums,
      group * SUMS_PER_ENTRY,
    );
  }

  const settle = (beforeMs: number) => {
    if (stepMs === undefined) return;
    const over = [...slots.values()].filter(({ atMs }) => atMs + stepMs <= beforeMs);
    for (const slot of over.sort((one, other) => one.atMs - other.atMs)) settleSlot(slot);
  };

  return {
    addRow(atMs, keyId, task, modelId, sums) {
      const slot = slotAt(atMs);
      const place = groupIn(slot, keyNumber(keyId), cellNumber(task, modelId)) * SUMS_PER_ENTRY;
      for (let sum = 0; sum < SUMS_PER_ENTRY; sum += 1) {
        slot.sums[place + sum] = (slot.sums[place + sum] as number) + Number(sums[sum]);
      }
    },
    addPack(dayMs, pack, filter, { fromMs, untilMs }) {
      const { hours, taskNumbers, models, keys: keysOfEntries } = pack;
      const firstHour = Math.max(0, (fromMs - dayMs) / HOUR_MS);
      const hoursEnd = Math.min(24, (untilMs - dayMs) / HOUR_MS);
      const keyNumbers = Int32Array.from(pack.keyIds, (keyId) =>
        keyId === filter.exceptKeyId || (filter.keyId ?? keyId) !== keyId ? LEFT_OUT : keyNumber(keyId),
      );
      const isTaskWanted = pack.tasks.map((task) => (filter.task ?? task) === task);
      // Names are numbered within the pack: as many places as groups there may be in it.
      const placesPerTask = byModel ? pack.modelIds.length : 1;
      const placesPerKey = byTask ? pack.tasks.length * placesPerTask : placesPerTask;
      const cellNumbers = new Int32Array(placesPerKey).fill(UNKNOWN);
      const places = byKey ? pack.keyIds.length * placesPerKey : placesPerKey;
      const placeToGroup = new Int32Array(places <= MOST_PLACES ? places : 0);
      let slot: Slot | undefined;
      let slotHour = 0;
      let arePlacesUsed = false;
      let [count, added] = [0, 0];
      const addWanted = () => {
        for (const [sum, column] of pack.sums.entries()) {
          if (slot && column) addColumn(column, wanted, added, count, slot.sums, sum);
        }
        added = count;
      };
      for (let entry = 0; entry < hours.length; entry += 1) {
        const hour = hours[entry] as number;
        if (hour < firstHour || hour >= hoursEnd) continue;
        const key = keyNumbers[keysOfEntries[entry] as number] as number;
        const task = taskNumbers[entry] as number;
        if (key === LEFT_OUT || !isTaskWanted[task]) continue;
        if (slot === undefined || (byHour && hour !== slotHour)) {
          addWanted();
          slotHour = hour;
          slot = slotAt(dayMs + (byHour ? hour * HOUR_MS : 0));
          // Nothing is there yet: all groups are found by their places, at a third of the cost.
          arePlacesUsed = placeToGroup.length > 0 && slot.keys.length === 0;
          if (arePlacesUsed) placeToGroup.fill(UNKNOWN);
        }
        const inKey = (byTask ? task * placesPerTask : 0) + (byModel ? (models[entry] as number) : 0);
        let cell = cellNumbers[inKey] as number;
        if (cell === UNKNOWN) {
          cell = cellNumber(pack.tasks[task] as string, pack.modelIds[models[entry] as number] as string);
          cellNumbers[inKey] = cell;
        }
        let group: number;
        if (arePlacesUsed) {
          const place = (byKey ? (keysOfEntries[entry] as number) * placesPerKey : 0) + inKey;
          group = placeToGroup[place] as number;
          if (group === UNKNOWN) {
            group = addGroup(slot, key, cell);
            placeToGroup[place] = group;
          }
        } else group = groupIn(slot, key, cell);
        wanted.entries[count] = entry;
        wanted.groups[count] = group;
        count += 1;
      }
      addWanted();
    },
    settle,
    isPageFull: () => page !== undefined && settled > page.first + page.limit,
    forgetFrom(fromMs) {
      for (const atMs of slots.keys()) if (atMs >= fromMs) slots.delete(atMs);
    },
    addTotal(sum) {
      for (const [at, name] of TRAFFIC_SUMS.entries()) total[at] = (total[at] as number) + sum[name];
    },
    *entriesOf(dayMs) {
      for (let hour = 0; hour < 24; hour += 1) {
        const slot = slots.get(dayMs + hour * HOUR_MS);
        for (let group = 0; group < (slot?.keys.length ?? 0); group += 1) {
          const { keys: keysOf, cells: cellsOf, sums } = slot as Slot;
          const cell = cells.items[cellsOf[group] as number];
          const place = group * SUMS_PER_ENTRY;
          yield {
            hour,
            keyId: keys.items[keysOf[group] as number] ?? '',
            task: cell?.task ?? '',
            modelId: cell?.modelId ?? '',
            sums: sums.subarray(place, place + SUMS_PER_ENTRY),
          };
        }
      }
    },
    finish() {
      settle(Number.POSITIVE_INFINITY);
      for (const slot of slots.values()) settleSlot(slot);
      return {
        groups: found,
        hasMore: page !== undefined && settled > page.first + page.limit,
        total: writeOut(undefined, undefined, undefined, undefined, undefined, total, 0),
      };
    },
  };
}

/** A column at a time: in one loop over all of them the numbers' widths would be told apart for each. */
function addColumn(
  column: PackColumn,
  { entries, groups }: Wanted,
  from: number,
  until: number,
  sums: Float64Array,
  sum: number,
): void {
  for (let at = from; at < until; at += 1) {
    const place = (groups[at] as number) * SUMS_PER_ENTRY + sum;
    sums[place] = (sums[place] as number) + (column[entries[at] as number] as number);
  }
}

function numbered<Item>(): Numbered<Item> {
  const nameToNumber = new Map<string, number>();
  const items: Item[] = [];
  return {
    items,
    numberOf(name, item) {
      let number = nameToNumber.get(name);
      if (number === undefined) {
        number = items.push(item) - 1;
        nameToNumber.set(name, number);
      }
      return number;
    },
  };
}

function groupIn(slot: Slot, key: number, cell: number): number {
  if (slot.keyToCells === undefined) {
    slot.keyToCells = [];
    for (const [group, of] of slot.keys.entries())
      cellsOf(slot.keyToCells, of)[slot.cells[group] as number] = group;
  }
  const cells = cellsOf(slot.keyToCells, key);
  let group = cells[cell];
  if (group === undefined) {
    group = addGroup(slot, key, cell);
    cells[cell] = group;
  }
  return group;
}

function cellsOf(keyToCells: (number[] | undefined)[], key: number): number[] {
  let cells = keyToCells[key];
  if (cells === undefined) {
    cells = [];
    keyToCells[key] = cells;
  }
  return cells;
}

/** One that is not there yet. */
function addGroup(slot: Slot, key: number, cell: number): number {
  const group = slot.keys.push(key) - 1;
  slot.cells.push(cell);
  if ((group + 1) * SUMS_PER_ENTRY > slot.sums.length) {
    const larger = new Float64Array(slot.sums.length * 2);
    larger.set(slot.sums);
    slot.sums = larger;
  }
  return group;
}

/**
 * The groups from one place to before another: what cost most first; what cost the same by its names, so that pages fit
 * together. Of a hundred thousand groups only those of the page are compared, the rest are numbers that the engine sorts.
 */
function inOrder(
  slot: Slot,
  keyIds: readonly string[],
  cells: readonly Cell[],
  { from, until }: { readonly from: number; readonly until: number },
): number[] {
  const count = slot.keys.length;
  if (count === 1) return [0];
  const costAt = TRAFFIC_SUMS.indexOf('costMicroUsd');
  const costs = new Float64Array(count);
  for (let group = 0; group < count; group += 1) {
    costs[group] = slot.sums[group * SUMS_PER_ENTRY + costAt] as number;
  }
  const rising = costs.slice().sort();
  const most = rising[count - 1 - from] as number;
  const least = rising[count - until] as number;
  const near: number[] = [];
  let dearer = 0;
  for (let group = 0; group < count; group += 1) {
    const cost = costs[group] as number;
    if (cost > most) dearer += 1;
    else if (cost >= least) near.push(group);
  }
  const keyRanks = ranksOf(keyIds, compare);
  const cellRanks = ranksOf(
    cells,
    (one, other) => compare(one.modelId, other.modelId) || compare(one.task, other.task),
  );
  near.sort(
    (one, other) =>
      (costs[other] as number) - (costs[one] as number) ||
      (keyRanks[slot.keys[one] as number] ?? 0) - (keyRanks[slot.keys[other] as number] ?? 0) ||
      (cellRanks[slot.cells[one] as number] ?? 0) - (cellRanks[slot.cells[other] as number] ?? 0),
  );
  return near.slice(from - dearer, until - dearer);
}

function ranksOf<Item>(items: readonly Item[], compareItems: (one: Item, other: Item) => number): Int32Array {
  const ranks = new Int32Array(items.length);
  const order = [...items.keys()].sort((one, other) =>
    compareItems(items[one] as Item, items[other] as Item),
  );
  for (const [rank, item] of order.entries()) ranks[item] = rank;
  return ranks;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** One by one: an object that is spread into another takes 10 µs, and a page has a thousand of them. */
function writeOut(
  dayStartMs: number | undefined,
  hourMs: number | undefined,
  keyId: string | undefined,
  modelId: string | undefined,
  task: string | undefined,
  sums: Float64Array,
  at: number,
): UsageSum {
  return {
    dayStartMs,
    hourMs,
    keyId,
    modelId,
    task,
    requests: sums[at] as number,
    completed: sums[at + 1] as number,
    failures: sums[at + 2] as number,
    costMicroUsd: sums[at + 3] as number,
    inputTokens: sums[at + 4] as number,
    outputTokens: sums[at + 5] as number,
    units: sums[at + 6] as number,
    latencyMsSum: sums[at + 7] as number,
    ttftMsSum: sums[at + 8] as number,
  };
}
