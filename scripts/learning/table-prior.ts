import type { QualityPrior } from '../../src/core/learning/contract.ts';
import type { Random } from '../../src/core/learning/random.ts';
import { priorOfCells, shippedPrior } from '../../src/core/priors/shipped-prior.ts';
import type { AnyTask } from '../../src/core/task/operation-task.ts';
import type { Task } from '../../src/core/task/task.ts';
import { parseTask } from '../../src/core/task/task-alias.ts';
import type { TableCatalog } from './table-catalog.ts';

/** `shuffled`: every model is told what is known of another one. `inverted`: the opposite of what is known. */
export const PRIORS = ['none', 'shipped', 'shuffled', 'inverted'] as const;
export type PriorName = (typeof PRIORS)[number];

/** What the tasks of panel12 and K4 are in our words; a replay gives them our labels in their own order. */
const TABLE_TASK_TO_MEANING: Readonly<Record<string, Task>> = {
  code_reasoning: 'code_generation',
  mbpp: 'code_generation',
  knowledge_qa: 'question_answering',
  arc_challenge: 'question_answering',
  mmlu: 'question_answering',
  openbookqa: 'question_answering',
  truthful_qa: 'question_answering',
  hellaswag: 'conversation',
  bbh: 'reasoning_math',
  gsm8k: 'reasoning_math',
  logic_puzzle: 'reasoning_math',
  math_hard: 'reasoning_math',
  math_word: 'reasoning_math',
  winogrande: 'reasoning_math',
  tool_parallel: 'tool_use',
  tool_relevance: 'tool_use',
  tool_single: 'tool_use',
};

/** The offline prior of the server for a table's models; undefined for `none`. */
export function priorOfTable(
  name: PriorName,
  catalog: TableCatalog,
  tableTasks: readonly string[],
  random: Random,
): QualityPrior | undefined {
  if (name === 'none') return undefined;
  const labelToMeaning = new Map<AnyTask, Task>();
  for (const [index, label] of catalog.tableTaskToTask.entries()) {
    const tableTask = tableTasks[index] ?? '';
    const meaning = TABLE_TASK_TO_MEANING[tableTask] ?? parseTask(tableTask) ?? 'unknown';
    labelToMeaning.set(label, label === 'unknown' ? 'unknown' : meaning);
  }
  const shipped = priorOfCells(shippedPrior(catalog.models));
  const ids = catalog.models.map(({ id }) => id);
  const told = name === 'shuffled' ? exchanged(ids, random) : ids;
  const sourceOf = new Map(ids.map((id, index) => [id, told[index] ?? id]));
  const sign = name === 'inverted' ? -1 : 1;
  return {
    deviationOf: (task, modelId) => {
      const deviation = shipped.deviationOf(meaningOf(task), sourceOf.get(modelId) ?? modelId);
      return deviation === undefined ? undefined : sign * deviation;
    },
    strengthOf: (task, modelId) =>
      shipped.strengthOf?.(meaningOf(task), sourceOf.get(modelId) ?? modelId) ?? 0,
  };

  function meaningOf(label: AnyTask): Task {
    return labelToMeaning.get(label) ?? 'unknown';
  }
}

/** A random order in which nobody stands in their own place (Sattolo 1986). */
function exchanged(ids: readonly string[], random: Random): string[] {
  const order = [...ids];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * last);
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
