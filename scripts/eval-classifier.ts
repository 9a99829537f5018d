import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { profileRequest } from '../src/core/task/profile-request.ts';
import { CLASSIFIED_TASKS, type Task } from '../src/core/task/task.ts';
import { readDataRows, readLabelledLines } from './classifier/training-set.ts';

/**
 * Accuracy and calibration of the shipped classifier, per source: `npx tsx scripts/eval-classifier.ts [--confusion]`.
 * Every prompt goes through `profileRequest` as a lone user message; `unknown` counts as wrong.
 */
const root = path.resolve(import.meta.dirname, '..');
const dataFolder = process.env.OUTRIDER_DATA ?? path.resolve(root, '../shared/data');
const heldoutFolder = path.join(root, 'scripts/classifier/heldout');

interface Verdict {
  readonly source: string;
  readonly text: string;
  readonly label: string;
  readonly wanted: Task;
  readonly guessed: Task;
  readonly confidence: number;
}

const rows = [
  ...readDataRows(dataFolder, 'prompts_tasks_eval.jsonl.gz').map((row) => ({
    ...row,
    source: row.source.replace(/ .*/, '') + (row.source.startsWith('ZeroEval') ? ` ${row.label}` : ''),
  })),
  ...readdirSync(heldoutFolder)
    .sort()
    .flatMap((name) =>
      readLabelledLines(
        readFileSync(path.join(heldoutFolder, name), 'utf8'),
        `held out ${name.slice(0, -4)}`,
      ).map((example) => ({ ...example, label: example.task })),
    ),
];

const verdicts: Verdict[] = rows.map(({ source, text, label, task: wanted }) => {
  const { task: guessed, confidence } = profileRequest({ messages: [{ role: 'user', content: text }] });
  return { source, text, label, wanted, guessed, confidence };
});

const sources = new Map<string, Verdict[]>();
for (const verdict of verdicts)
  sources.set(verdict.source, [...(sources.get(verdict.source) ?? []), verdict]);
console.log(`${'source'.padEnd(38)}      n  accuracy   ECE  unknown`);
for (const [source, group] of sources) report(source, group);
const heldout = verdicts.filter((verdict) => verdict.source.startsWith('held out'));
if (heldout.length > 0) report('held out, all languages', heldout);

const chosen = process.argv[2] ?? '';
if (chosen !== '') {
  const group = verdicts.filter((verdict) => verdict.source.includes(chosen));
  confusion(group);
  perLabel(group);
  if (process.argv.includes('--wrong')) {
    for (const row of group.filter((each) => each.guessed !== each.wanted)) {
      console.log(`${row.wanted} → ${row.guessed} ${row.confidence.toFixed(2)}: ${row.text.slice(0, 140)}`);
    }
  }
}

function report(name: string, group: readonly Verdict[]): void {
  const right = group.filter((verdict) => verdict.guessed === verdict.wanted).length;
  const unknown = group.filter((verdict) => verdict.guessed === 'unknown').length;
  console.log(
    `${name.padEnd(38)} ${String(group.length).padStart(6)}      ${(right / group.length).toFixed(3)} ${expectedCalibrationError(group).toFixed(3)}    ${(unknown / group.length).toFixed(3)}`,
  );
}

/** Ten equal bins of confidence: Σ share × |accuracy − mean confidence|. */
function expectedCalibrationError(group: readonly Verdict[]): number {
  let error = 0;
  for (let bin = 0; bin < 10; bin += 1) {
    const members = group.filter(({ confidence }) => Math.min(9, Math.floor(confidence * 10)) === bin);
    const right = members.filter((verdict) => verdict.guessed === verdict.wanted).length;
    const confidence = members.reduce((sum, verdict) => sum + verdict.confidence, 0);
    error += Math.abs(right - confidence);
  }
  return error / group.length;
}

function confusion(group: readonly Verdict[]): void {
  const columns: readonly Task[] = [...CLASSIFIED_TASKS, 'unknown'];
  console.log(
    `\n${'wanted ↓ guessed →'.padEnd(20)} ${columns.map((task) => task.slice(0, 6).padStart(6)).join(' ')}`,
  );
  for (const wanted of CLASSIFIED_TASKS) {
    const members = group.filter((verdict) => verdict.wanted === wanted);
    const counts = columns.map((task) => members.filter((verdict) => verdict.guessed === task).length);
    console.log(`${wanted.padEnd(20)} ${counts.map((count) => String(count).padStart(6)).join(' ')}`);
  }
}

function perLabel(group: readonly Verdict[]): void {
  console.log('');
  for (const label of [...new Set(group.map((verdict) => verdict.label))].sort()) {
    report(
      `  ${label}`,
      group.filter((verdict) => verdict.label === label),
    );
  }
}
