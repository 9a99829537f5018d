import { type AnyTask, OPERATION_TASKS } from '../task/operation-task.ts';
import { TASKS } from '../task/task.ts';

export const TASK_COUNT = TASKS.length;
/** The column behind the tasks: their sum. */
export const ALL_TASKS = TASK_COUNT;
/** A subject that no model or endpoint can be called: all of them together, always in epoch 0. */
export const EVERYONE = '';
const COLUMNS = TASK_COUNT + 1;
/** Models of each other type have sums of their own, where all their work is one cell: that of `unknown`. */
const taskToIndex = new Map<string, number>([
  ...TASKS.map((task, index): [string, number] => [task, index]),
  ...OPERATION_TASKS.map((task): [string, number] => [task, TASKS.indexOf('unknown')]),
]);

/** The column of a task; −1 for a label that is not (or no longer) one. */
export function taskIndexOf(task: AnyTask): number {
  return taskToIndex.get(task) ?? -1;
}

/**
 * Each change alarm leaves a tenth of what was known: evidence d epochs old counts 0.1^d. Were it a tenth whatever
 * its age, a second alarm would also discount what the first had made room for, and the oldest would win again.
 */
export const OLDER_EPOCH_WEIGHT = 0.1;
/** Far above any honest row. A broken one is left out whole: clamped, it would still outweigh all that is known. */
const DELTA_LIMIT = 1e9;
/** Keeps infinities from being born by addition. */
const SUM_LIMIT = 1e12;

/**
 * Sums (a, b, c) per subject × measure × task, where a subject is a model or an endpoint. What is kept is weighted by
 * the age of its epoch, so the order in which epochs and evidence arrive does not matter.
 */
export interface BeliefSums {
  /** Subjects ever heard of; their indices are 0 … count − 1 and never change. */
  readonly count: () => number;
  /** −1 when nothing was ever said about it. */
  readonly indexOf: (subject: string) => number;
  /** Undefined for an index that nobody has. */
  readonly subjectAt: (index: number) => string | undefined;
  readonly register: (subject: string) => number;
  readonly epochOf: (subject: string) => number;
  readonly openEpoch: (subject: string, epoch: number) => void;
  /** False when the numbers made no sense and nothing was added. */
  readonly add: (
    subject: string,
    measure: number,
    taskIndex: number,
    epoch: number,
    a: number,
    b: number,
    c: number,
  ) => boolean;
  /** Where a subject's three sums of a measure and a task (or `ALL_TASKS`) start in `effective()`. */
  readonly offsetOf: (subjectIndex: number, measure: number, taskIndex: number) => number;
  /** The weighted sums. Signed: a correction may arrive before what it corrects. */
  readonly effective: () => Float64Array;
}

export function createBeliefSums(measureCount: number): BeliefSums {
  const stride = measureCount * COLUMNS * 3;
  const subjectToIndex = new Map<string, number>();
  const subjects: string[] = [];
  let epochs = new Float64Array(8);
  let effective = new Float64Array(8 * stride);

  function register(subject: string): number {
    const known = subjectToIndex.get(subject);
    if (known !== undefined) return known;
    const index = subjectToIndex.size;
    if (index === epochs.length) {
      epochs = grown(epochs, index);
      effective = grown(effective, (index + 1) * stride - 1);
    }
    subjectToIndex.set(subject, index);
    subjects.push(subject);
    return index;
  }

  function advance(index: number, epoch: number): void {
    const weight = OLDER_EPOCH_WEIGHT ** (epoch - at(epochs, index));
    epochs[index] = epoch;
    for (let row = index * stride; row < (index + 1) * stride; row += 1) {
      effective[row] = at(effective, row) * weight;
    }
  }

  function openEpoch(subject: string, epoch: number): void {
    if (!isEpoch(epoch)) return;
    const index = register(subject);
    if (epoch > at(epochs, index)) advance(index, epoch);
  }

  function offsetOf(subjectIndex: number, measure: number, taskIndex: number): number {
    return subjectIndex * stride + (measure * COLUMNS + taskIndex) * 3;
  }

  function addTo(offset: number, weight: number, a: number, b: number, c: number): void {
    effective[offset] = clamp(at(effective, offset) + weight * a, -SUM_LIMIT, SUM_LIMIT);
    effective[offset + 1] = clamp(at(effective, offset + 1) + weight * b, -SUM_LIMIT, SUM_LIMIT);
    effective[offset + 2] = clamp(at(effective, offset + 2) + weight * c, -SUM_LIMIT, SUM_LIMIT);
  }

  return {
    count: () => subjectToIndex.size,
    indexOf: (subject) => subjectToIndex.get(subject) ?? -1,
    subjectAt: (index) => subjects[index],
    register,
    epochOf: (subject) => {
      const index = subjectToIndex.get(subject);
      return index === undefined ? 0 : at(epochs, index);
    },
    openEpoch,
    add: (subject, measure, taskIndex, epoch, a, b, c) => {
      if (taskIndex < 0 || !isEpoch(epoch)) return false;
      if (!isHonest(a) || !isHonest(b) || !isHonest(c)) return false;
      const index = register(subject);
      // Another replica saw the alarm first: its evidence tells us.
      if (epoch > at(epochs, index)) advance(index, epoch);
      const age = at(epochs, index) - epoch;
      const weight = age === 0 ? 1 : OLDER_EPOCH_WEIGHT ** age;
      addTo(offsetOf(index, measure, taskIndex), weight, a, b, c);
      addTo(offsetOf(index, measure, ALL_TASKS), weight, a, b, c);
      return true;
    },
    offsetOf,
    effective: () => effective,
  };
}

/** A typed array's element; its absence (never inside the bounds) reads as 0. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

/** NaN becomes the lower bound. */
export function clamp(value: number, low: number, high: number): number {
  return value > low ? (value < high ? value : high) : low;
}

function isHonest(amount: number): boolean {
  return Math.abs(amount) <= DELTA_LIMIT;
}

function isEpoch(epoch: number): boolean {
  return Number.isSafeInteger(epoch) && epoch >= 0;
}

/** A copy with room for `index`, at least twice as long. */
export function grown(values: Float64Array<ArrayBuffer>, index: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(values.length * 2, index + 1));
  larger.set(values);
  return larger;
}
