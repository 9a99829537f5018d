import { readCsv } from './read-csv.ts';

/** One result as a file states it; models and tasks are still names. */
export interface StatedResult {
  /** For people: `row 3`, `line 12`, `results[4]`. */
  readonly place: string;
  readonly model: string;
  readonly task: string | undefined;
  readonly prompt: string | undefined;
  readonly score: number;
  readonly samples: number;
}

export interface EvaluationFile {
  readonly format: (typeof FILE_FORMATS)[number];
  readonly results: readonly StatedResult[];
  /** Results without a score because the call failed: an outage says nothing about quality. */
  readonly skipped: number;
}

export const FILE_FORMATS = ['csv', 'jsonl', 'json', 'promptfoo'] as const;
const FIELDS = ['model', 'task', 'prompt', 'score', 'samples'] as const;
/** promptfoo's `ResultFailureReason.ERROR`: the provider failed, no assertion did. */
const PROVIDER_FAILED = 2;

/**
 * Reads an evaluation: CSV with a header, JSON lines, the body of `POST /v1/intelligence/priors` (or its list alone), or
 * what `promptfoo eval --output results.json` writes.
 *
 * @param format undefined: by the name of the file, and by what is in it
 * @throws Error one line that says where and what is wrong
 */
export function readEvaluationFile(
  text: string,
  source: string,
  format?: EvaluationFile['format'],
): EvaluationFile {
  const bare = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (bare.trim() === '') throw new Error(`${source} is empty`);
  const asked = format ?? formatByName(source);
  if (asked === 'csv') return csvFile(bare, source);
  if (asked === 'jsonl') return jsonlFile(bare, source);
  return jsonFile(bare, source, asked);
}

function formatByName(source: string): EvaluationFile['format'] {
  const name = source.toLowerCase();
  if (name.endsWith('.csv')) return 'csv';
  if (name.endsWith('.jsonl') || name.endsWith('.ndjson')) return 'jsonl';
  if (name.endsWith('.json')) return 'json';
  throw new Error(`${source}: the name says neither csv, jsonl nor json; say it with --format`);
}

function csvFile(text: string, source: string): EvaluationFile {
  const { header, rows } = readCsv(text, source);
  const columns = header.map((name) => name.trim().toLowerCase());
  const unknown = columns.find((name) => !isField(name));
  if (unknown !== undefined) {
    throw new Error(`${source}: there is no column '${unknown}'; known are ${FIELDS.join(', ')}`);
  }
  for (const needed of ['model', 'score']) {
    if (!columns.includes(needed)) throw new Error(`${source}: the column '${needed}' is missing`);
  }
  return {
    format: 'csv',
    skipped: 0,
    results: someOf(
      rows.map((fields, index) => {
        const record: Record<string, unknown> = {};
        for (const [column, name] of columns.entries()) {
          const field = fields[column] ?? '';
          if (field.trim() === '') continue;
          record[name] = name === 'score' || name === 'samples' ? numberOf(field) : field;
        }
        return resultOf(record, `${source}, row ${index + 1}`);
      }),
      source,
    ),
  };
}

function jsonlFile(text: string, source: string): EvaluationFile {
  const results = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const place = `${source}, line ${index + 1}`;
    return [resultOf(objectOf(parseJson(line, place), place), place)];
  });
  return { format: 'jsonl', skipped: 0, results: someOf(results, source) };
}

function jsonFile(text: string, source: string, format: EvaluationFile['format']): EvaluationFile {
  const parsed = parseJson(text, source);
  const list = Array.isArray(parsed) ? parsed : objectOf(parsed, source).results;
  if (format !== 'promptfoo' && Array.isArray(list)) {
    const results = list.map((one, index) => {
      const place = `${source}, results[${index}]`;
      return resultOf(objectOf(one, place), place);
    });
    return { format: 'json', skipped: 0, results: someOf(results, source) };
  }
  return promptfooFile(list, source);
}

/** `{ results: { results: [{ provider, prompt, score, testCase, … }] } }` */
function promptfooFile(evaluation: unknown, source: string): EvaluationFile {
  const list = isObject(evaluation) ? evaluation.results : undefined;
  if (!Array.isArray(list)) {
    throw new Error(`${source}: neither a list of results nor the output of promptfoo (results.results)`);
  }
  let skipped = 0;
  const results = list.flatMap((one, index) => {
    const place = `${source}, results[${index}]`;
    const result = objectOf(one, place);
    if (result.failureReason === PROVIDER_FAILED) {
      skipped += 1;
      return [];
    }
    const provider = isObject(result.provider) ? result.provider.id : result.provider;
    const prompt = isObject(result.prompt) ? result.prompt.raw : result.prompt;
    const testCase = isObject(result.testCase) ? result.testCase : {};
    const task = [result.metadata, testCase.metadata, result.vars, testCase.vars].flatMap((holder) =>
      isObject(holder) && typeof holder.task === 'string' ? [holder.task] : [],
    )[0];
    return [resultOf({ model: provider, prompt, task, score: result.score }, place)];
  });
  return { format: 'promptfoo', skipped, results: someOf(results, source) };
}

function resultOf(record: Readonly<Record<string, unknown>>, place: string): StatedResult {
  const unknown = Object.keys(record).find((name) => !isField(name));
  if (unknown !== undefined) {
    throw new Error(`${place}: unknown field '${unknown.slice(0, 64)}'; known are ${FIELDS.join(', ')}`);
  }
  const { model, task, prompt, score, samples = 1 } = record;
  if (typeof model !== 'string' || model.trim() === '') throw new Error(`${place}: there is no model`);
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw new Error(`${place}: score must be a number from 0 to 1, not ${shown(score)}`);
  }
  if (typeof samples !== 'number' || !Number.isSafeInteger(samples) || samples < 1) {
    throw new Error(`${place}: samples must be a whole number of at least 1, not ${shown(samples)}`);
  }
  const text = textOf(prompt, 'prompt', place);
  return {
    place,
    model: model.trim(),
    task: textOf(task, 'task', place)?.trim(),
    prompt: text,
    score,
    samples,
  };
}

function textOf(value: unknown, name: string, place: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new Error(`${place}: ${name} must be a text, not ${shown(value)}`);
}

/** NaN for what is no number, spelt in digits: `Number` would take `0x1` and the empty text. */
function numberOf(field: string): number | string {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(field.trim()) ? Number(field) : field;
}

function someOf(results: readonly StatedResult[], source: string): readonly StatedResult[] {
  if (results.length === 0) throw new Error(`${source} holds no results`);
  return results;
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${place}: this is not valid JSON`);
  }
}

function objectOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw new Error(`${place}: expected an object, not ${shown(value)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isField(name: string): boolean {
  return FIELDS.some((field) => field === name);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 40);
}
