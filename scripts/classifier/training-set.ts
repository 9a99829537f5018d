import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TASKS, type Task } from '../../src/core/task/task.ts';
import { pick } from './random.ts';
import { expand, type PromptFile, shield } from './templates.ts';

export interface Example {
  readonly text: string;
  readonly task: Task;
  readonly source: string;
  readonly weight: number;
}

/** Fine labels of the data set → the coarse tasks of the router. */
const COARSE: Readonly<Record<string, Task>> = {
  analysis: 'question_answering',
  brainstorm_advice: 'question_answering',
  chat: 'conversation',
  classification: 'extraction',
  code_debug_review: 'code_review',
  code_generation: 'code_generation',
  creative_writing: 'creative_writing',
  extraction: 'extraction',
  logic_puzzle: 'reasoning_math',
  math_reasoning: 'reasoning_math',
  question_answering: 'question_answering',
  rewriting: 'creative_writing',
  summarization: 'summarization',
  tool_use: 'tool_use',
  translation: 'translation',
  writing_functional: 'creative_writing',
};

/** Benchmark wording is narrow: many rows of it say little more than a few. */
const SOURCE_WEIGHT: readonly (readonly [name: string, weight: number])[] = [
  // Its prompts are plain questions that came with tools on offer; without them they are questions.
  ['BFCL', 0],
  ['BELLE', 0.7],
  ['MBPP', 0.3],
  ['T0/P3', 0.2],
  ['ZeroEval (gsm)', 0.5],
  ['ZeroEval (math', 0.4],
  ['ZeroEval (mmlu', 0.4],
  ['ZeroEval', 0.1],
  ['DebugBench', 0.08],
];

interface DataRow {
  readonly text: string;
  readonly label: string;
  readonly source: string;
  readonly license: string;
}

/** Rows of a `prompts_tasks_*.jsonl.gz`, with what the licence allows left to the caller. */
export function readDataRows(folder: string, name: string): (DataRow & { readonly task: Task })[] {
  if (!existsSync(path.join(folder, name))) throw new Error(`no ${name} in ${folder}: set OUTRIDER_DATA`);
  return gunzipSync(readFileSync(path.join(folder, name)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as DataRow;
      const task = COARSE[row.label];
      if (!task) throw new Error(`${name}: no coarse task for label "${row.label}"`);
      return { ...row, task };
    });
}

export function publicExamples(folder: string): Example[] {
  return readDataRows(folder, 'prompts_tasks_train.jsonl.gz')
    .filter((row) => !/evaluation only/i.test(row.license))
    .map((row) => ({
      text: row.text,
      task: row.task,
      source: row.source,
      weight: SOURCE_WEIGHT.find(([name]) => row.source.includes(name))?.[1] ?? 0.3,
    }))
    .filter((example) => example.weight > 0);
}

/** Stretches of running text out of long public prompts, without the instruction at either end. */
export function passagesOf(examples: readonly Example[]): string[] {
  const margin = 200;
  return examples
    .filter(({ text, source }) => source.includes('T0/P3') && text.length > 700)
    .map(({ text }) =>
      text.slice(text.indexOf(' ', margin) + 1, text.lastIndexOf(' ', text.length - margin)),
    );
}

/** Real functions, some hundred characters long, out of the public debugging prompts. */
export function codesOf(examples: readonly Example[]): string[] {
  return examples
    .filter(({ source }) => source.includes('DebugBench'))
    .map(({ text }) => text.slice(text.indexOf('\n\n') + 2));
}

/** `files` with more fillers for the slot `code`. */
export function withCodes(files: readonly PromptFile[], codes: readonly string[]): PromptFile[] {
  const verbatim = codes.map(shield);
  return files.map((file) => ({
    ...file,
    slots: new Map([...file.slots, ['code', [...(file.slots.get('code') ?? []), ...verbatim]]]),
  }));
}

/**
 * `variants` prompts of every template, some of them in haste: lower case, without a stop, with a typo; some with a
 * `passage` of unrelated text before or after, so that length and subject say little about the task.
 */
export function writtenExamples(
  files: readonly PromptFile[],
  variants: number,
  passages: readonly string[],
  random: () => number,
): Example[] {
  const examples: Example[] = [];
  for (const file of files) {
    // The public passages are English; elsewhere a language's own articles serve.
    const texts = file.language === 'en' ? passages : (file.slots.get('article') ?? []);
    for (const template of file.templates) {
      const seen = new Set<string>();
      const choices = /[({]/.test(template.text) ? variants : Math.ceil(variants / 2);
      for (let variant = 0; variant < choices; variant += 1) {
        const prompt = inMood(expand(template.text, file, random), file, random);
        const text = random() < PASSAGE_SHARE[template.task] ? withPassage(prompt, texts, random) : prompt;
        if (seen.has(text)) continue;
        seen.add(text);
        examples.push({ text, task: template.task, source: `written:${file.language}`, weight: 1 });
      }
    }
  }
  return examples;
}

/**
 * Plain prompts as templates without slots, so that they come in haste, with greetings and with passages too; taken as
 * they stand they are all short. `examples` are named by the file they are from, `en-3.tsv`; mixed ones have no language.
 */
export function asPromptFiles(examples: readonly Example[], files: readonly PromptFile[]): PromptFile[] {
  return files.map((file) => ({
    ...file,
    templates: examples
      .filter(({ source }) => source.startsWith(`${file.language}-`))
      .map(({ task, text }) => ({ task, text: shield(text) })),
  }));
}

/** How often a task's prompts come with a passage. */
const PASSAGE_SHARE: Readonly<Record<Task, number>> = {
  code_generation: 0.08,
  code_review: 0.05,
  reasoning_math: 0.05,
  question_answering: 0.25,
  summarization: 0.3,
  extraction: 0.3,
  translation: 0.2,
  creative_writing: 0.35,
  tool_use: 0.05,
  conversation: 0,
  unknown: 0,
};

function withPassage(prompt: string, passages: readonly string[], random: () => number): string {
  if (passages.length === 0) return prompt;
  const passage = pick(passages, random).slice(0, 80 + Math.floor(random() ** 2 * 3_000));
  const gap = pick(['\n', '\n\n', ' ', '\n\n"'], random);
  return random() < 0.7 ? `${prompt}${gap}${passage}` : `${passage}${gap}${prompt}`;
}

function inMood(prompt: string, file: PromptFile, random: () => number): string {
  let text = prompt;
  const opening = file.slots.get('opening');
  const closing = file.slots.get('closing');
  if (opening && random() < 0.12) text = `${pick(opening, random)} ${text}`;
  if (closing && random() < 0.1) text = `${text} ${pick(closing, random)}`;
  if (random() < 0.2) text = text.toLowerCase();
  if (random() < 0.15) text = text.replace(/[.?!。？！]$/, '');
  if (random() < 0.1) text = withTypo(text, random);
  return text;
}

/** Two neighbouring letters swapped, or one lost, somewhere in the first sixty characters. */
function withTypo(text: string, random: () => number): string {
  const at = Math.floor(random() * Math.min(60, text.length - 2));
  if (at < 1) return text;
  const [first = '', second = ''] = [text[at], text[at + 1]];
  return text.slice(0, at) + (random() < 0.5 ? second + first : second) + text.slice(at + 2);
}

/** Lines `task<TAB>text` (`\n` breaks a line): prompts kept apart from training, one file per language. */
export function readLabelledLines(text: string, source: string): Example[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const [name = '', prompt = ''] = line.split('\t');
      const task = TASKS.find((known) => known === name);
      if (!task || prompt === '') throw new Error(`${source}:${index + 1}: expected task<TAB>prompt`);
      return { text: prompt.replaceAll('\\n', '\n'), task, source, weight: 1 };
    });
}
