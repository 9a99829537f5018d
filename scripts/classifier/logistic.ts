import { CLASSIFIED_TASKS, type Task } from '../../src/core/task/task.ts';
import {
  FEATURE_ROWS,
  HASHED_ROWS,
  newTextFeatures,
  normOf,
  rowOf,
  scanText,
} from '../../src/core/task/text-features.ts';
import { shuffle } from './random.ts';
import type { Example } from './training-set.ts';

export interface LinearModel {
  /** `FEATURE_ROWS` × classes. */
  readonly weights: Float32Array;
  readonly biases: Float64Array;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly rate: number;
  readonly decay: number;
  /** Share of an example's hashed features left out in each pass. */
  readonly dropout: number;
  /** Probability mass that the target gives to the other classes. */
  readonly smoothing: number;
}

/** Groups of features one after the other in `rows`; group g ends before `ends[g]`. The last is `structure`. */
interface HashedText {
  readonly rows: Int32Array;
  readonly ends: readonly number[];
}
interface HashedExample extends HashedText {
  readonly target: number;
  readonly weight: number;
}

const CLASSES = CLASSIFIED_TASKS.length;
const ADAGRAD_FLOOR = 1e-6;

/**
 * What people ask of assistants, roughly, from published usage studies: the mass of each class tends to this share,
 * so that a rare task has to earn its guesses.
 */
const TRAFFIC_SHARE: Readonly<Record<Task, number>> = {
  code_generation: 0.09,
  code_review: 0.07,
  reasoning_math: 0.08,
  question_answering: 0.28,
  summarization: 0.05,
  extraction: 0.06,
  translation: 0.05,
  creative_writing: 0.26,
  tool_use: 0.02,
  conversation: 0.04,
  unknown: 0,
};
/** 1 would weight classes to those shares exactly, 0 leave them as the prompts happen to be. */
const TRAFFIC_PULL = 0.7;

/**
 * Multinomial logistic regression by AdaGrad over shuffled examples, with a step size for each weight that falls to a
 * tenth over the passes. One step size for a whole row would take half the time, but cost a point or two.
 */
export function trainLinearModel(
  examples: readonly Example[],
  options: TrainingOptions,
  random: () => number,
): LinearModel {
  const hashed = hashExamples(examples);
  const weights = new Float32Array(FEATURE_ROWS * CLASSES);
  const squares = new Float32Array(FEATURE_ROWS * CLASSES);
  const biases = new Float64Array(CLASSES);
  const biasSquares = new Float64Array(CLASSES);
  const slopes = new Float64Array(CLASSES);
  const kept = new Int32Array(Math.max(...hashed.map(({ rows }) => rows.length)));
  const norms = new Float64Array(kept.length);
  const steps = options.epochs * hashed.length;
  let step = 0;
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const example of shuffle([...hashed], random)) {
      const rate = options.rate * (1 - (0.9 * step) / steps);
      step += 1;
      const count = keepSome(example, options.dropout, random, kept, norms);
      slopes.set(biases);
      for (let index = 0; index < count; index += 1) {
        const at = (kept[index] as number) * CLASSES;
        const norm = norms[index] as number;
        for (let label = 0; label < CLASSES; label += 1) {
          slopes[label] = (slopes[label] as number) + norm * (weights[at + label] as number);
        }
      }
      softmax(slopes);
      const decay = options.decay * example.weight;
      for (let label = 0; label < CLASSES; label += 1) {
        const wanted = label === example.target ? 1 - options.smoothing : options.smoothing / (CLASSES - 1);
        const slope = example.weight * ((slopes[label] as number) - wanted);
        slopes[label] = slope;
        biasSquares[label] = (biasSquares[label] as number) + slope * slope;
        biases[label] =
          (biases[label] as number) - (rate * slope) / Math.sqrt((biasSquares[label] as number) + 1);
      }
      for (let index = 0; index < count; index += 1) {
        const norm = norms[index] as number;
        const at = (kept[index] as number) * CLASSES;
        for (let label = 0; label < CLASSES; label += 1) {
          const weight = weights[at + label] as number;
          const slope = (slopes[label] as number) * norm + decay * weight;
          const square = (squares[at + label] as number) + slope * slope;
          squares[at + label] = square;
          weights[at + label] = weight - (rate * slope) / Math.sqrt(square + ADAGRAD_FLOOR);
        }
      }
    }
  }
  return { weights, biases };
}

/** Leaves out a share of the hashed features; fills `kept` and `norms` and returns how many are left. */
function keepSome(
  example: HashedExample,
  dropout: number,
  random: () => number,
  kept: Int32Array,
  norms: Float64Array,
): number {
  let count = 0;
  let from = 0;
  example.ends.forEach((end, group) => {
    const isStructure = group === example.ends.length - 1;
    const first = count;
    for (let index = from; index < end; index += 1) {
      if (isStructure || random() >= dropout) kept[count++] = example.rows[index] as number;
    }
    norms.fill(isStructure ? 1 : normOf(count - first), first, count);
    from = end;
  });
  return count;
}

/** Log-odds of each class for a text. */
export function logitsOf(model: LinearModel, text: string): Float64Array {
  const logits = Float64Array.from(model.biases);
  const { rows, ends } = hashText(text);
  let from = 0;
  ends.forEach((end, group) => {
    const norm = group === ends.length - 1 ? 1 : normOf(end - from);
    for (; from < end; from += 1) {
      const at = (rows[from] as number) * CLASSES;
      for (let label = 0; label < CLASSES; label += 1) {
        logits[label] = (logits[label] as number) + norm * (model.weights[at + label] as number);
      }
    }
  });
  return logits;
}

const scan = newTextFeatures();

function hashText(text: string): HashedText {
  scanText(text, scan);
  const groups = [
    scan.lead.subarray(0, scan.leadCount).map(rowOf),
    scan.instruction.subarray(0, scan.instructionCount).map(rowOf),
    scan.grams.subarray(0, scan.gramCount).map(rowOf),
    scan.body.subarray(0, scan.bodyCount).map(rowOf),
    scan.structure,
  ];
  const ends: number[] = [];
  let end = 0;
  for (const group of groups) {
    end += group.length;
    ends.push(end);
  }
  const rows = new Int32Array(end);
  groups.forEach((group, index) => {
    rows.set(group, (ends[index] as number) - group.length);
  });
  return { rows, ends };
}

function hashExamples(examples: readonly Example[]): HashedExample[] {
  const mass = new Map<string, number>();
  for (const example of examples) mass.set(example.task, (mass.get(example.task) ?? 0) + example.weight);
  const total = examples.reduce((sum, example) => sum + example.weight, 0);
  return examples.map((example) => ({
    ...hashText(example.text),
    target: CLASSIFIED_TASKS.indexOf(example.task),
    weight:
      example.weight *
      ((TRAFFIC_SHARE[example.task] * total) / (mass.get(example.task) ?? total)) ** TRAFFIC_PULL,
  }));
}

function softmax(logits: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < CLASSES; index += 1) largest = Math.max(largest, logits[index] as number);
  let sum = 0;
  for (let index = 0; index < CLASSES; index += 1) {
    const mass = Math.exp((logits[index] as number) - largest);
    logits[index] = mass;
    sum += mass;
  }
  for (let index = 0; index < CLASSES; index += 1) logits[index] = (logits[index] as number) / sum;
}

/** The temperature that minimises log-loss on `examples`, by golden-section search over [0.3, 5]. */
export function fitTemperature(model: LinearModel, examples: readonly Example[]): number {
  const rows = examples.map((example) => ({
    logits: logitsOf(model, example.text),
    target: CLASSIFIED_TASKS.indexOf(example.task),
  }));
  const loss = (temperature: number): number => {
    let sum = 0;
    for (const { logits, target } of rows) {
      const scaled = logits.map((logit) => logit / temperature);
      softmax(scaled);
      sum -= Math.log(Math.max(1e-9, scaled[target] ?? 0));
    }
    return sum;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = 0.3;
  let high = 5;
  for (let step = 0; step < 30; step += 1) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

/**
 * Zeroes all but the `keep` hashed rows that move scores most (norm of the row × √examples it occurs in) and returns
 * the rows left, `structure` included, ascending. Accuracy does not fall: what goes is the noise of rare words.
 */
export function pruneModel(model: LinearModel, examples: readonly Example[], keep: number): number[] {
  const occurrences = new Float64Array(FEATURE_ROWS);
  for (const example of examples) {
    for (const row of new Set(hashText(example.text).rows)) {
      occurrences[row] = (occurrences[row] as number) + 1;
    }
  }
  const moves = occurrences.map((count, row) => {
    let square = 0;
    for (const weight of model.weights.subarray(row * CLASSES, (row + 1) * CLASSES))
      square += weight * weight;
    return Math.sqrt(square * count);
  });
  const least = moves.slice(0, HASHED_ROWS).sort()[HASHED_ROWS - keep] ?? 0;
  const kept: number[] = [];
  moves.forEach((move, row) => {
    if (row >= HASHED_ROWS || (move > 0 && move >= least)) kept.push(row);
    else model.weights.fill(0, row * CLASSES, (row + 1) * CLASSES);
  });
  return kept;
}
