/**
 * Prints the slopes that `src/core/priors` rests on: quality by list price, score by size and by word of the name, and
 * quality by WildBench's scores. Reads panel12, its list prices and the leaderboard from `OUTRIDER_DATA`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { linearRegression, linearRegressionLine, mean, rSquared } from 'simple-statistics';
import { readCsv } from '../src/core/evaluation/read-csv.ts';
import { indexLeaderboard } from '../src/core/priors/leaderboard.ts';
import { readModelName } from '../src/core/priors/model-name.ts';
import { WILDBENCH } from '../src/core/priors/wildbench.ts';
import {
  type OutcomeTable,
  parseOutcomeTable,
  parsePromptTexts,
  readText,
  restrictTable,
} from './learning/outcome-table.ts';

/** panel12's tasks → WildBench's columns that speak about them. */
const TASK_TO_COLUMNS: Readonly<Record<string, readonly number[]>> = {
  code_reasoning: [1],
  knowledge_qa: [3],
  logic_puzzle: [2, 4],
  math_hard: [2, 4],
  math_word: [2, 4],
};
const ALL_COLUMNS = [0, 1, 2, 3, 4];

const folder = process.env.OUTRIDER_DATA ?? '../shared/data';
if (existsSync(folder)) {
  print();
} else {
  process.stderr.write(
    `fit-priors: there is no ${folder}. Set OUTRIDER_DATA to the folder of the outcome tables.\n`,
  );
  process.exitCode = 1;
}

function print(): void {
  const table = readPanel();
  const price = readPrices();
  const wildBenchOf = indexLeaderboard(WILDBENCH);
  const scoreOf = (model: string, columns: readonly number[]) => {
    const scores = wildBenchOf([model])?.scores;
    return scores === undefined ? undefined : mean(columns.map((column) => scores[column] ?? 0)) / 10;
  };

  say('quality (panel12) by ln(output price in USD per million tokens)');
  for (const [task, name] of table.tasks.entries()) {
    line(
      name,
      table.models.map((model, index) => [lnOf(price.get(model)), qualityOf(table, index, task)]),
    );
  }
  line(
    'mean over tasks',
    table.models.map((model, index) => [lnOf(price.get(model)), meanQuality(table, index)]),
  );

  say('\nWildBench score / 10, mean over categories');
  const listed = Object.keys(WILDBENCH.scores);
  const priced = [...price].map(([model, usd]): Pair => [lnOf(usd), scoreOf(model, ALL_COLUMNS)]);
  line('by ln(output price)', priced);
  line(
    'by ln(billions of parameters)',
    listed.map((model) => [lnOf(readModelName(model).sizeBillions), scoreOf(model, ALL_COLUMNS)]),
  );
  for (const tier of ['small', 'large', undefined] as const) {
    const scores = listed
      .filter(
        (model) => readModelName(model).tier === tier && readModelName(model).sizeBillions === undefined,
      )
      .map((model) => scoreOf(model, ALL_COLUMNS) ?? 0);
    say(
      `  ${`words: ${tier ?? 'neither'}`.padEnd(32)} mean ${mean(scores).toFixed(3)} over ${scores.length}`,
    );
  }

  say('\nquality (panel12) by WildBench score / 10');
  for (const [task, name] of table.tasks.entries()) {
    const columns = TASK_TO_COLUMNS[name] ?? ALL_COLUMNS;
    line(
      name,
      table.models.map((model, index) => [scoreOf(model, columns), qualityOf(table, index, task)]),
    );
  }
}

type Pair = readonly [number | undefined, number | undefined];

function line(name: string, pairs: readonly Pair[]): void {
  const points = pairs.filter(
    (pair): pair is [number, number] => pair[0] !== undefined && pair[1] !== undefined,
  );
  const fit = linearRegression(points);
  const share = rSquared(points, linearRegressionLine(fit));
  say(
    `  ${name.padEnd(32)} slope ${fit.m.toFixed(4)}  at 0 ${fit.b.toFixed(3)}  r² ${share.toFixed(2)}  ${points.length} models`,
  );
}

function readPanel(): OutcomeTable {
  const file = join(folder, 'outcomes_panel12.csv.gz');
  const texts = join(folder, 'prompts_panel12.jsonl.gz');
  const table = parseOutcomeTable(readText(file), file);
  return restrictTable(table, { promptIds: parsePromptTexts(readText(texts), texts) });
}

function readPrices(): Map<string, number> {
  const file = join(folder, 'prices_used.csv');
  const { header, rows } = readCsv(readText(file), file);
  const model = header.indexOf('model');
  const output = header.indexOf('usd_per_1m_out');
  return new Map(rows.map((row) => [row[model] ?? '', Number(row[output])]));
}

function qualityOf(table: OutcomeTable, model: number, task: number): number {
  const cells = Array.from(table.promptToTask.keys()).filter((prompt) => table.promptToTask[prompt] === task);
  return mean(cells.map((prompt) => table.quality[prompt * table.models.length + model] ?? 0));
}

function meanQuality(table: OutcomeTable, model: number): number {
  return mean(table.tasks.map((_, task) => qualityOf(table, model, task)));
}

function lnOf(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? Math.log(value) : undefined;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
