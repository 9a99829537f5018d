import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Mistake, withStore } from './command-store.ts';
import type { Model, ModelType } from './core/catalog/model.ts';
import {
  EVALUATION_NAME,
  type EvaluationRow,
  type EvaluationScore,
  scoresOfRows,
} from './core/evaluation/evaluation.ts';
import { type EvaluationFile, readEvaluationFile, type StatedResult } from './core/evaluation/read-file.ts';
import { usualWorkOfModel, workOfModel } from './core/evaluation/work-of-model.ts';
import { type AnyTask, tasksOfType } from './core/task/operation-task.ts';

export interface ImportOptions {
  readonly config?: string;
  /** The evaluation's name; the file's own where left out. */
  readonly name?: string;
  /** Task of results that name none. */
  readonly task?: string;
  readonly format?: EvaluationFile['format'];
  /** `name in the file=model here`, any number of times. */
  readonly map?: readonly string[];
  readonly dryRun?: boolean;
}

/**
 * `outrider import`: an evaluation from a file, as `POST /v1/intelligence/priors` takes it. Everything is checked before
 * anything is written; running gateways take it over within five seconds.
 */
export function importCommand(
  file: string,
  options: ImportOptions,
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<void> {
  // Unlike keys, results may be about models of this machine's own servers.
  return withStore(options, { OUTRIDER_DETECT: 'all', ...env }, async (store, { models }) => {
    const name = options.name ?? nameOfFile(file);
    if (!EVALUATION_NAME.test(name))
      throw new Mistake(`The name '${name}' must match [A-Za-z0-9_.:-]{1,64}.`);
    const { format, results, skipped } = await read(file, options.format);
    const scores = await scoresOfRows(rowsOf(results, models, options), async () => undefined);
    if (!options.dryRun) await store.saveEvaluation({ name, pushedAtMs: Date.now(), scores });

    for (const line of tableOf(scores)) print(line);
    print(
      `${results.length} results (${format})${skipped > 0 ? `, ${skipped} failed calls left out` : ''}: ${scores.length} scores. ${
        options.dryRun
          ? 'Nothing is stored: this was a dry run.'
          : `Stored as '${name}'; running gateways take it over within five seconds.`
      }`,
    );
  });
}

async function read(file: string, format: ImportOptions['format']): Promise<EvaluationFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new Mistake(
      `${file} cannot be read${code === 'ENOENT' ? ': there is no such file' : ` (${code})`}.`,
    );
  }
  try {
    return readEvaluationFile(text, file, format);
  } catch (error) {
    throw new Mistake(`${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** @throws Mistake naming the first result that cannot be placed */
function rowsOf(
  results: readonly StatedResult[],
  models: readonly Model[],
  options: ImportOptions,
): EvaluationRow[] {
  const nameToModel = namesOf(models);
  const renamed = renamesOf(options.map ?? []);
  return results.map((result) => {
    const model = modelNamed(renamed.get(result.model) ?? result.model, nameToModel);
    if (model === undefined) {
      const names =
        models
          .slice(0, 20)
          .map(({ id }) => id)
          .join(', ') || 'none';
      throw new Mistake(
        `${result.place}: there is no model '${result.model.slice(0, 100)}' here. There are: ${names}. --map '${result.model.slice(0, 100)}=NAME' says which is meant.`,
      );
    }
    const { id: modelId, type } = model;
    const told = result.task ?? options.task;
    const place = result.task === undefined ? '--task' : result.place;
    const stated = told === undefined ? usualWorkOfModel(type) : workNamed(type, told, place);
    if (stated === undefined && result.prompt === undefined) {
      throw new Mistake(`${result.place}: neither a task nor a prompt. --task NAME gives one to all.`);
    }
    return { modelId, task: stated, prompt: result.prompt, score: result.score, samples: result.samples };
  });
}

/** Every name that a client may use for a model → that model. */
function namesOf(models: readonly Model[]): Map<string, Model> {
  const names = new Map<string, Model>();
  for (const model of models) {
    for (const { id, provider } of model.endpoints) {
      names.set(id, model);
      names.set(`${provider}/${model.id}`, model);
    }
  }
  for (const model of models) names.set(model.id, model);
  return names;
}

/** promptfoo writes `openai:gpt-4o`, `openai:chat:gpt-4o`, `ollama:chat:llama3.1:8b`. */
function modelNamed(text: string, nameToModel: ReadonlyMap<string, Model>): Model | undefined {
  const known = nameToModel.get(text);
  if (known !== undefined || !text.includes(':')) return known;
  const [provider = '', ...rest] = text.split(':');
  const name = rest.join(':');
  const withoutKind = rest.slice(1).join(':');
  for (const candidate of [`${provider}/${name}`, name, `${provider}/${withoutKind}`, withoutKind]) {
    const model = nameToModel.get(candidate);
    if (model !== undefined) return model;
  }
  return undefined;
}

function renamesOf(map: readonly string[]): Map<string, string> {
  return new Map(
    map.map((text) => {
      const split = text.lastIndexOf('=');
      if (split < 1 || split === text.length - 1)
        throw new Mistake(`--map '${text}' must be NAME_IN_FILE=MODEL.`);
      return [text.slice(0, split), text.slice(split + 1)];
    }),
  );
}

function workNamed(type: ModelType, text: string, place: string): AnyTask {
  const work = workOfModel(type, text);
  if (work !== undefined) return work;
  throw new Mistake(
    `${place}: models of the type ${type} have no task '${text.slice(0, 64)}'. They have: ${tasksOfType(type).join(', ')}.`,
  );
}

function nameOfFile(file: string): string {
  return basename(file)
    .replace(/\.[^.]+$/, '')
    .replaceAll(/[^A-Za-z0-9_.:-]+/g, '-')
    .slice(0, 64);
}

function tableOf(scores: readonly EvaluationScore[]): string[] {
  const width = Math.max(5, ...scores.map(({ modelId }) => modelId.length));
  return [
    `${'task'.padEnd(20)}${'model'.padEnd(width + 2)}score  samples`,
    ...scores.map(
      ({ task, modelId, score, samples }) =>
        `${task.padEnd(20)}${modelId.padEnd(width + 2)}${score.toFixed(3)}  ${samples}`,
    ),
  ];
}
