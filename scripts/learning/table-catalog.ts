import type { Model, Price } from '../../src/core/catalog/model.ts';
import { CLASSIFIED_TASKS, type Task } from '../../src/core/task/task.ts';
import type { OutcomeTable } from './outcome-table.ts';

/** What the router sees of a table: models with list prices, its tasks as ours, sizes in tokens. */
export interface TableCatalog {
  readonly models: readonly Model[];
  /** Per task of the table. With more than ten, the rarest share `unknown`. */
  readonly tableTaskToTask: readonly Task[];
  /** Per prompt, the same for every model, as the router estimates it before it chooses. */
  readonly inputTokens: Float64Array;
  /** Per cell. */
  readonly outputTokens: Float64Array;
}

/** Tokens an average answer gets where the table has no tokens: then price × tokens is the cost it has. */
const INVENTED_TOKENS = 300;

/**
 * A catalogue under which the router's own arithmetic (price × tokens) gives the table's costs: list prices are found
 * by least squares from tokens and cost. Where there are no tokens, answers get as many as their cost buys.
 */
export function catalogOfTable(table: OutcomeTable): TableCatalog {
  const modelCount = table.models.length;
  const promptCount = table.promptIds.length;
  const inputTokens = new Float64Array(promptCount);
  const outputTokens = new Float64Array(promptCount * modelCount);
  const prices = table.models.map((_, model) => priceFromTokens(table, model));
  const hasTokens = prices.every((price) => price !== undefined);
  const models = table.models.map((id, model): Model => {
    let price = hasTokens ? prices[model] : undefined;
    if (price === undefined)
      price = { input: 0, output: (meanCostUsd(table, model) * 1e6) / INVENTED_TOKENS };
    for (let prompt = 0; prompt < promptCount; prompt += 1) {
      const cell = prompt * modelCount + model;
      const cost = table.costUsd[cell] ?? 0;
      if (hasTokens) {
        outputTokens[cell] = table.outputTokens[cell] ?? 0;
        inputTokens[prompt] = (inputTokens[prompt] ?? 0) + (table.inputTokens[cell] ?? 0) / modelCount;
      } else outputTokens[cell] = price.output > 0 ? (cost * 1e6) / price.output : INVENTED_TOKENS;
    }
    return modelOf(id, {
      inputUsdPerMillion: price.input,
      outputUsdPerMillion: price.output,
      cachedInputUsdPerMillion: price.input,
    });
  });
  return { models, tableTaskToTask: tasksOf(table), inputTokens, outputTokens };
}

export function modelOf(id: string, price: Price): Model {
  return {
    id,
    type: 'chat',
    name: id,
    contextLength: 10_000_000,
    capabilities: new Set(),
    isSimulated: false,
    endpoints: [
      { id: `table/${id}`, modelId: id, provider: 'table', upstreamModel: id, price, isPriceKnown: true },
    ],
  };
}

/** The most frequent tasks get a label each, in our order; what is left over is `unknown`. */
function tasksOf(table: OutcomeTable): Task[] {
  const counts = table.tasks.map(() => 0);
  for (const task of table.promptToTask) counts[task] = (counts[task] ?? 0) + 1;
  const byCount = counts
    .map((_, task) => task)
    .sort((one, other) => (counts[other] ?? 0) - (counts[one] ?? 0));
  const kept = byCount.slice(0, CLASSIFIED_TASKS.length).sort((one, other) => one - other);
  return table.tasks.map((_, task) => CLASSIFIED_TASKS[kept.indexOf(task)] ?? 'unknown');
}

/** Least squares of cost on input and output tokens; undefined when tokens are missing or do not explain the cost. */
function priceFromTokens(table: OutcomeTable, model: number): { input: number; output: number } | undefined {
  let [inIn, inOut, outOut, inCost, outCost, total] = [0, 0, 0, 0, 0, 0];
  const cells = Array.from(table.promptIds, (_, prompt) => prompt * table.models.length + model);
  for (const cell of cells) {
    const input = table.inputTokens[cell] ?? Number.NaN;
    const output = table.outputTokens[cell] ?? Number.NaN;
    const cost = (table.costUsd[cell] ?? 0) * 1e6;
    inIn += input * input;
    inOut += input * output;
    outOut += output * output;
    inCost += input * cost;
    outCost += output * cost;
    total += cost;
  }
  const determinant = inIn * outOut - inOut * inOut;
  if (!(determinant > 1e-9 * inIn * outOut)) return undefined;
  const input = (inCost * outOut - outCost * inOut) / determinant;
  const output = (outCost * inIn - inCost * inOut) / determinant;
  let error = 0;
  for (const cell of cells) {
    const explained = input * (table.inputTokens[cell] ?? 0) + output * (table.outputTokens[cell] ?? 0);
    error += Math.abs(explained - (table.costUsd[cell] ?? 0) * 1e6);
  }
  const isExplained = input >= 0 && output >= 0 && error <= 0.05 * total;
  return isExplained ? { input, output } : undefined;
}

function meanCostUsd(table: OutcomeTable, model: number): number {
  let sum = 0;
  for (let prompt = 0; prompt < table.promptIds.length; prompt += 1) {
    sum += table.costUsd[prompt * table.models.length + model] ?? 0;
  }
  return sum / table.promptIds.length;
}
