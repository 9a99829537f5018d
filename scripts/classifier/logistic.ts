import { CLASSIFIED_TASKS, type Task } from '../../src/core/task/task.ts';
import {
  FEATURE_ROWS,
  HASHED_ROWS,
  hashFeatures,
  newFeatureBuffer,
  normOf,
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

interface HashedExample {
  readonly groups: readonly { readonly rows: Int32Array; readonly norm: number; readonly drops: boolean }[];
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

/** Multinomial logistic regression by AdaGrad over shuffled examples. */
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
  const logits = new Float64Array(CLASSES);
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const example of shuffle([...hashed], random)) {
      const kept = example.groups.map((group) =>
        group.drops && options.dropout > 0
          ? group.rows.filter(() => random() >= options.dropout)
          : group.rows,
      );
      const norms = example.groups.map((group, index) =>
        group.drops ? normOf(kept[index]?.length ?? 0) : group.norm,
      );
      logits.set(biases);
      kept.forEach((rows, index) => {
        addRows(rows, norms[index] ?? 0, weights, logits);
      });
      softmax(logits);
      for (let label = 0; label < CLASSES; label += 1) {
        const wanted = label === example.target ? 1 - options.smoothing : options.smoothing / (CLASSES - 1);
        const slope = example.weight * ((logits[label] as number) - wanted);
        logits[label] = slope;
        biasSquares[label] = (biasSquares[label] as number) + slope * slope;
        biases[label] =
          (biases[label] as number) - (options.rate * slope) / Math.sqrt((biasSquares[label] as number) + 1);
      }
      kept.forEach((rows, index) => {
        const norm = norms[index] ?? 0;
        for (const row of rows) {
          const at = row * CLASSES;
          for (let label = 0; label < CLASSES; label += 1) {
            const weight = weights[at + label] as number;
            const slope = (logits[label] as number) * norm + options.decay * example.weight * weight;
            const square = (squares[at + label] as number) + slope * slope;
            squares[at + label] = square;
            weights[at + label] = weight - (options.rate * slope) / Math.sqrt(square + ADAGRAD_FLOOR);
          }
        }
      });
    }
  }
  return { weights, biases };
}

/** Log-odds of each class for a text. */
export function logitsOf(model: LinearModel, text: string): Float64Array {
  const logits = Float64Array.from(model.biases);
  for (const { rows, norm } of hashText(text)) addRows(rows, norm, model.weights, logits);
  return logits;
}

const buffer = newFeatureBuffer();

function hashText(text: string): HashedExample['groups'] {
  hashFeatures(text, buffer);
  const instruction = buffer.instruction.slice(0, buffer.instructionCount);
  const body = buffer.body.slice(0, buffer.bodyCount);
  return [
    { rows: instruction, norm: normOf(instruction.length), drops: true },
    { rows: body, norm: normOf(body.length), drops: true },
    { rows: buffer.structure.slice(), norm: 1, drops: false },
  ];
}

function hashExamples(examples: readonly Example[]): HashedExample[] {
  const mass = new Map<string, number>();
  for (const example of examples) mass.set(example.task, (mass.get(example.task) ?? 0) + example.weight);
  const total = examples.reduce((sum, example) => sum + example.weight, 0);
  return examples.map((example) => ({
    groups: hashText(example.text),
    target: CLASSIFIED_TASKS.indexOf(example.task),
    weight:
      example.weight *
      ((TRAFFIC_SHARE[example.task] * total) / (mass.get(example.task) ?? total)) ** TRAFFIC_PULL,
  }));
}

function addRows(rows: Int32Array, norm: number, weights: Float32Array, logits: Float64Array): void {
  for (const row of rows) {
    const at = row * CLASSES;
    for (let label = 0; label < CLASSES; label += 1) {
      logits[label] = (logits[label] as number) + norm * (weights[at + label] as number);
    }
  }
}

export function softmax(logits: Float64Array): void {
  const largest = Math.max(...logits);
  let sum = 0;
  logits.forEach((logit, index) => {
    logits[index] = Math.exp(logit - largest);
    sum += logits[index] as number;
  });
  logits.forEach((value, index) => {
    logits[index] = value / sum;
  });
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
    for (const row of new Set(hashText(example.text).flatMap(({ rows }) => [...rows]))) {
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
