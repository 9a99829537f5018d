import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readCsv } from '../../src/core/evaluation/read-csv.ts';

/** What every model answered to every prompt. Cells lie at `prompt · models.length + model`. */
export interface OutcomeTable {
  readonly promptIds: readonly string[];
  readonly tasks: readonly string[];
  readonly promptToTask: Int32Array;
  readonly models: readonly string[];
  /** 0–1. */
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
  /** NaN throughout where the table does not say. */
  readonly inputTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** Prompts left out because some model has no outcome for them. */
  readonly incompletePrompts: number;
}

const REQUIRED_COLUMNS = ['prompt_id', 'task', 'model', 'quality', 'cost_usd'] as const;

/** The text of a file, unpacked when its name ends in `.gz`. @throws Error naming the file. */
export function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
    if (file.endsWith('.gz')) bytes = gunzipSync(bytes);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return bytes.toString('utf8');
}

/**
 * Reads a table with the columns prompt_id, task, model, quality (0–1), cost_usd (≥ 0) and, where known, input_tokens
 * and output_tokens; one row per prompt and model.
 *
 * @param source how errors name it
 * @param keptModels names; the others' outcomes are read and left out, so prompts that only they lack stay
 * @throws Error saying what is wrong with which line: a missing column, a number that is none, two rows for one cell,
 * two tasks for one prompt, no prompt that all models answered; or that a model named is not there.
 */
export function parseOutcomeTable(
  text: string,
  source: string,
  keptModels?: readonly string[],
): OutcomeTable {
  const { header, rows } = readCsv(text, source);
  const missing = REQUIRED_COLUMNS.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    const found = header.length > 0 ? `. Its header is: ${header.join(',').slice(0, 200)}` : '';
    throw new Error(`${source} lacks the column${plural(missing)} ${missing.join(', ')}${found}`);
  }
  if (rows.length === 0) throw new Error(`${source} has no outcomes`);
  const columnOf = (name: string) => header.indexOf(name);
  const column = {
    prompt: columnOf('prompt_id'),
    task: columnOf('task'),
    model: columnOf('model'),
    quality: columnOf('quality'),
    cost: columnOf('cost_usd'),
    input: columnOf('input_tokens'),
    output: columnOf('output_tokens'),
  };
  const models = new Map<string, number>();
  const tasks = new Map<string, number>();
  const prompts = new Map<string, { readonly task: number; readonly modelToRow: Map<number, number> }>();
  const cells: number[] = [];

  for (const [index, row] of rows.entries()) {
    const where = `${source}, row ${index + 2}`;
    const promptId = named(row[column.prompt], 'prompt_id', where);
    const task = indexIn(tasks, named(row[column.task], 'task', where));
    const model = indexIn(models, named(row[column.model], 'model', where));
    let prompt = prompts.get(promptId);
    if (prompt === undefined) {
      prompt = { task, modelToRow: new Map() };
      prompts.set(promptId, prompt);
    }
    if (prompt.task !== task) throw new Error(`${where}: prompt ${promptId} has another task before`);
    if (prompt.modelToRow.has(model)) {
      throw new Error(`${where}: a second outcome of ${row[column.model]} for prompt ${promptId}`);
    }
    prompt.modelToRow.set(model, index);
    cells.push(
      numberIn(row[column.quality], 'quality', where, 1),
      numberIn(row[column.cost], 'cost_usd', where, 1e6),
      tokensIn(row[column.input], 'input_tokens', where),
      tokensIn(row[column.output], 'output_tokens', where),
    );
  }

  const names = keptModels ?? [...models.keys()];
  const kept = names.map((name) => {
    const model = models.get(name);
    if (model !== undefined) return model;
    throw new Error(`the table has no model ${name}. It has: ${[...models.keys()].join(', ')}`);
  });
  const whole = [...prompts].filter(([, { modelToRow }]) => kept.every((model) => modelToRow.has(model)));
  if (whole.length === 0) {
    const which = keptModels === undefined ? `its ${kept.length}` : `the ${kept.length} named`;
    const hint = kept.length > 2 ? '; fewer can be named with --models' : '';
    throw new Error(`${source}: no prompt has an outcome of each of ${which} models${hint}`);
  }
  const take = (field: number) =>
    Float64Array.from(
      whole.flatMap(([, { modelToRow }]) =>
        kept.map((model) => cells[(modelToRow.get(model) ?? 0) * 4 + field] ?? 0),
      ),
    );
  const table = {
    promptIds: whole.map(([id]) => id),
    tasks: [...tasks.keys()],
    promptToTask: Int32Array.from(whole, ([, prompt]) => prompt.task),
    models: names,
    quality: take(0),
    costUsd: take(1),
    inputTokens: take(2),
    outputTokens: take(3),
    incompletePrompts: prompts.size - whole.length,
  };
  // Without the tasks of which no prompt is left.
  return restrictTable(table, {});
}

/**
 * The part of a table with these prompts and models, in the order of the models given.
 *
 * @throws Error when a model is not in the table, or nothing is left.
 */
export function restrictTable(
  table: OutcomeTable,
  keep: { readonly promptIds?: { has(id: string): boolean }; readonly models?: readonly string[] },
): OutcomeTable {
  const models = keep.models ?? table.models;
  const columns = models.map((model) => {
    const index = table.models.indexOf(model);
    if (index < 0) throw new Error(`the table has no model ${model}. It has: ${table.models.join(', ')}`);
    return index;
  });
  const prompts: number[] = [];
  for (const [index, id] of table.promptIds.entries())
    if (keep.promptIds?.has(id) ?? true) prompts.push(index);
  if (prompts.length === 0) throw new Error('none of the prompts with a text is in the table');
  const usedTasks = [...new Set(prompts.map((prompt) => table.promptToTask[prompt] ?? 0))].sort(
    (a, b) => a - b,
  );
  const take = (cells: Float64Array) =>
    Float64Array.from(
      prompts.flatMap((prompt) => columns.map((model) => cells[prompt * table.models.length + model] ?? 0)),
    );
  return {
    promptIds: prompts.map((prompt) => table.promptIds[prompt] ?? ''),
    tasks: usedTasks.map((task) => table.tasks[task] ?? ''),
    promptToTask: Int32Array.from(prompts, (prompt) => usedTasks.indexOf(table.promptToTask[prompt] ?? 0)),
    models,
    quality: take(table.quality),
    costUsd: take(table.costUsd),
    inputTokens: take(table.inputTokens),
    outputTokens: take(table.outputTokens),
    incompletePrompts: table.incompletePrompts,
  };
}

/** Prompt texts by id, from lines of `{"prompt_id", "prompt"}`; empty ones are left out. @throws Error naming the line. */
export function parsePromptTexts(text: string, source: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw new Error(`${source}, line ${index + 1} is not JSON`);
    }
    const { prompt_id: id, prompt } = (row ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string') throw new Error(`${source}, line ${index + 1} has no prompt_id`);
    if (typeof prompt === 'string' && prompt !== '') texts.set(id, prompt);
  }
  if (texts.size === 0) throw new Error(`${source} has no prompt with a text`);
  return texts;
}

function indexIn(names: Map<string, number>, name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}

function named(value: string | undefined, column: string, where: string): string {
  if (value === undefined || value.trim() === '') throw new Error(`${where}: ${column} is empty`);
  return value;
}

function numberIn(value: string | undefined, column: string, where: string, limit: number): number {
  const number = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
  if (number >= 0 && number <= limit) return number;
  throw new Error(`${where}: ${column} is '${(value ?? '').slice(0, 40)}', not a number from 0 to ${limit}`);
}

function tokensIn(value: string | undefined, column: string, where: string): number {
  if (value === undefined || value.trim() === '') return Number.NaN;
  return numberIn(value, column, where, 1e9);
}

function plural(names: readonly string[]): string {
  return names.length === 1 ? '' : 's';
}
