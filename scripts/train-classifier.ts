import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fitTemperature, type LinearModel, pruneModel, trainLinearModel } from './classifier/logistic.ts';
import { seededRandom } from './classifier/random.ts';
import { type PromptFile, parsePromptFile, readPromptFiles } from './classifier/templates.ts';
import {
  asPromptFiles,
  codesOf,
  type Example,
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
const OPTIONS = { epochs: 4, rate: 0.12, decay: 1e-5, dropout: 0.35, smoothing: 0.05 };
const VARIANTS = 16;
/** Hashed rows that are shipped. */
const ROWS = 56_000;
const MODELS = 3;
/** English prompts of a later sitting than the rest. */
const LATER_TEMPLATES = ['en-analysis.txt', 'en-natural.txt'];
const LATER_PLAIN = /^en-[3-6]\.tsv$/;
/** Prompts made of each plain one, besides itself. */
const PLAIN_VARIANTS = 5;

const root = path.resolve(import.meta.dirname, '..');
const dataFolder = process.env.OUTRIDER_DATA ?? path.resolve(root, '../shared/data');
const plainFolder = path.join(root, 'scripts/classifier/plain');
const promptFolder = path.join(root, 'scripts/classifier/prompts');
const target = path.join(root, 'src/core/task/classifier-weights.ts');

const startedMs = performance.now();
const random = seededRandom(SEED);
const published = publicExamples(dataFolder);
const passages = passagesOf(published);
const files = withCodes(readPromptFiles(promptFolder), codesOf(published));
const plain = readdirSync(plainFolder)
  .sort()
  .flatMap((name) => readLabelledLines(readFileSync(path.join(plainFolder, name), 'utf8'), name));
const plainFiles = asPromptFiles(plain, files);

// Confidence is fitted on English prompts of a later sitting, with a model that has seen none of it: that is as near as
// our own prompts come to a stranger's. On templates left out here and there the model comes out too sure of itself.
const laterTemplates = new Set(
  LATER_TEMPLATES.flatMap((name) =>
    parsePromptFile('en', readFileSync(path.join(promptFolder, name), 'utf8')).templates.map(
      ({ text }) => text,
    ),
  ),
);
const isLater = ({ source }: Example): boolean => LATER_PLAIN.test(source);
const earlierModel = trainLinearModel(
  [
    ...published,
    ...writtenExamples(
      asPromptFiles(
        plain.filter((example) => !isLater(example)),
        files,
      ),
      2 * PLAIN_VARIANTS,
      passages,
      random,
    ),
    ...writtenExamples(
      withTemplates(files, (text) => !laterTemplates.has(text)),
      VARIANTS,
      passages,
      random,
    ),
  ],
  OPTIONS,
  random,
);
const temperature = fitTemperature(earlierModel, [
  ...writtenExamples(
    withTemplates(files, (text) => laterTemplates.has(text)),
    8,
    passages,
    random,
  ),
  ...writtenExamples(asPromptFiles(plain.filter(isLater), files), 4, passages, random),
]);

const written = writtenExamples(files, VARIANTS, passages, random);
// A template without slots gives half as many prompts as one with.
const moodsOfPlain = writtenExamples(plainFiles, 2 * PLAIN_VARIANTS, passages, random);
const examples = [...published, ...plain, ...moodsOfPlain, ...written];
console.log(`${published.length} public prompts, ${examples.length - published.length} of our own`);
// The mean of linear models is all asked at once: what each learnt by chance counts a third.
const model = meanModel(Array.from({ length: MODELS }, () => trainLinearModel(examples, OPTIONS, random)));
const rows = pruneModel(model, examples, ROWS);
writeFileSync(target, weightsModule(model, rows, temperature));
console.log(
  `temperature ${temperature.toFixed(3)}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s → ${path.relative(root, target)}`,
);

function meanModel(models: readonly LinearModel[]): LinearModel {
  const [first, ...others] = models;
  if (!first) throw new Error('no model to take the mean of');
  const meanOf = (value: number, other: (each: LinearModel) => number): number =>
    others.reduce((sum, each) => sum + other(each), value) / models.length;
  return {
    weights: first.weights.map((weight, index) => meanOf(weight, (each) => each.weights[index] as number)),
    biases: first.biases.map((bias, index) => meanOf(bias, (each) => each.biases[index] as number)),
  };
}

function withTemplates(all: readonly PromptFile[], isWanted: (text: string) => boolean): PromptFile[] {
  return all.map((file) => ({ ...file, templates: file.templates.filter(({ text }) => isWanted(text)) }));
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
