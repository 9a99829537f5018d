import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fitTemperature, type LinearModel, pruneModel, trainLinearModel } from './classifier/logistic.ts';
import { seededRandom } from './classifier/random.ts';
import { type PromptFile, readPromptFiles } from './classifier/templates.ts';
import {
  codesOf,
  passagesOf,
  publicExamples,
  readLabelledLines,
  withCodes,
  writtenExamples,
} from './classifier/training-set.ts';

/**
 * `npm run train:classifier`: prompts → `src/core/task/classifier-weights.ts`. Deterministic: same prompts, same bytes.
 * Public prompts come from `OUTRIDER_DATA` (default `../shared/data`), our own from `scripts/classifier/prompts`.
 */
const SEED = 20_240;
const OPTIONS = { epochs: 5, rate: 0.12, decay: 1e-5, dropout: 0.35, smoothing: 0.05 };
const VARIANTS = 12;
/** Hashed rows that are shipped. */
const ROWS = 56_000;
/** One plain prompt counts as so many expansions of a template. */
const PLAIN_WEIGHT = 4;

const root = path.resolve(import.meta.dirname, '..');
const dataFolder = process.env.OUTRIDER_DATA ?? path.resolve(root, '../shared/data');
const plainFolder = path.join(root, 'scripts/classifier/plain');
const target = path.join(root, 'src/core/task/classifier-weights.ts');

const startedMs = performance.now();
const random = seededRandom(SEED);
const published = publicExamples(dataFolder);
const passages = passagesOf(published);
const files = withCodes(readPromptFiles(path.join(root, 'scripts/classifier/prompts')), codesOf(published));
const plain = readdirSync(plainFolder)
  .sort()
  .flatMap((name) => readLabelledLines(readFileSync(path.join(plainFolder, name), 'utf8'), name))
  .map((example) => ({ ...example, weight: PLAIN_WEIGHT }));

// Confidence is fitted on templates that the model has not seen: every fifth is left out of a first training.
const firstModel = trainLinearModel(
  [...published, ...plain, ...writtenExamples(everyFifth(files, false), VARIANTS, passages, random)],
  OPTIONS,
  random,
);
const unseen = writtenExamples(everyFifth(files, true), 4, passages, random);
const temperature = fitTemperature(firstModel, unseen);

const written = writtenExamples(files, VARIANTS, passages, random);
const examples = [...published, ...plain, ...written];
console.log(`${published.length} public prompts, ${plain.length + written.length} of our own`);
const model = trainLinearModel(examples, OPTIONS, random);
const rows = pruneModel(model, examples, ROWS);
writeFileSync(target, weightsModule(model, rows, temperature));
console.log(
  `temperature ${temperature.toFixed(3)}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s → ${path.relative(root, target)}`,
);

function everyFifth(all: readonly PromptFile[], isFifth: boolean): PromptFile[] {
  return all.map((file) => ({
    ...file,
    templates: file.templates.filter((_template, index) => (index % 5 === 0) === isFifth),
  }));
}

/** Weights as signed bytes; the temperature is folded into scale and biases. */
function weightsModule(trained: LinearModel, kept: readonly number[], divisor: number): string {
  const classes = trained.biases.length;
  const weights = Float32Array.from(
    kept.flatMap((row) => [...trained.weights.subarray(row * classes, (row + 1) * classes)]),
  );
  const sizes = weights.map(Math.abs).sort();
  // The largest few in 10,000 are clipped: one outlier would cost every other weight its precision.
  const largest = sizes[Math.floor(sizes.length * 0.9999)] ?? 1;
  const step = largest / 127;
  const bytes = Int8Array.from(weights, (weight) => Math.max(-127, Math.min(127, Math.round(weight / step))));
  const biases = Array.from(trained.biases, (bias) => Number((bias / divisor).toFixed(4))).join(', ');
  return [
    '// Written by `npm run train:classifier`; do not edit.',
    '',
    `export const CLASSIFIER_SCALE = ${Number((step / divisor).toPrecision(6))};`,
    'export const CLASSIFIER_BIASES: readonly number[] = [',
    `  ${biases},`,
    '];',
    '/** Rows of features that have weights, as gaps between them: a byte each, 255 goes on. */',
    'export const CLASSIFIER_ROWS =',
    `  '${Buffer.from(gapsOf(kept)).toString('base64')}';`,
    '/** Those rows × classes, signed bytes. */',
    'export const CLASSIFIER_WEIGHTS =',
    `  '${Buffer.from(bytes.buffer).toString('base64')}';`,
    '',
  ].join('\n');
}

function gapsOf(ascending: readonly number[]): number[] {
  let before = -1;
  return ascending.flatMap((row) => {
    let gap = row - before;
    before = row;
    const bytes: number[] = [];
    for (; gap >= 255; gap -= 255) bytes.push(255);
    return [...bytes, gap];
  });
}
