import { randomBeta } from 'd3-random';
import type { Random } from '../../src/core/learning/random.ts';
import type { OutcomeTable } from './outcome-table.ts';
import type { Policy, ReplayRequest, ReplayWorld } from './policy.ts';

/** What every baseline is told beside the stream: how dear a model is on average, as a price list would tell. */
export interface BaselineContext {
  readonly table: OutcomeTable;
  /** λ: u = quality − λ·cost in USD. */
  readonly lambda: number;
  readonly random: Random;
}

const EPSILON = 0.05;
/** Answers that a model's average cost is worth against what was seen in the cell. */
const COST_STRENGTH = 3;

/** Always the same model, or a random one while that is absent. */
export function fixedPolicy(model: number, { table, random }: BaselineContext): Policy {
  return perTask(table, () => model, random);
}

/** Always the model that is best for the true task in hindsight. */
export function taskOraclePolicy(context: BaselineContext): Policy {
  const best = bestByTask(context.table, context.lambda);
  return perTask(
    context.table,
    ({ prompt }) => best[context.table.promptToTask[prompt] ?? 0] ?? 0,
    context.random,
  );
}

export function randomPolicy({ table, random }: BaselineContext): Policy {
  return perTask(table, () => Math.floor(random() * table.models.length), random);
}

/** Thompson sampling on every (task, model) cell alone, from Beta(1, 1). */
export function betaThompsonPolicy(context: BaselineContext): Policy {
  const beta = randomBeta.source(context.random);
  return cellPolicy(context, (cell) => beta(1 + cell.successes, 1 + cell.count - cell.successes)());
}

/** Best mean per task, one request in twenty at random; untried models first. */
export function epsilonGreedyPolicy(context: BaselineContext): Policy {
  const { random } = context;
  return cellPolicy(
    context,
    (cell) => (cell.count === 0 ? 2 + random() : cell.successes / cell.count),
    () => random() < EPSILON,
  );
}

/** mean + √(2 ln t / n) per task (Auer et al. 2002). */
export function ucb1Policy(context: BaselineContext): Policy {
  return cellPolicy(context, (cell, taskCount) =>
    cell.count === 0
      ? 3 + context.random()
      : cell.successes / cell.count + Math.sqrt((2 * Math.log(taskCount + 1)) / cell.count),
  );
}

/** Mean utility per model over the whole table. */
export function meanUtilities(table: OutcomeTable, lambda: number): number[] {
  return table.models.map((_, model) => {
    let sum = 0;
    for (let prompt = 0; prompt < table.promptIds.length; prompt += 1)
      sum += utilityOf(table, lambda, prompt, model);
    return sum / table.promptIds.length;
  });
}

/** The model with the highest mean utility, per task of the table. */
export function bestByTask(table: OutcomeTable, lambda: number): number[] {
  const sums = table.tasks.map(() => table.models.map(() => 0));
  for (const [prompt, task] of table.promptToTask.entries()) {
    const row = sums[task] ?? [];
    for (const model of table.models.keys())
      row[model] = (row[model] ?? 0) + utilityOf(table, lambda, prompt, model);
  }
  return sums.map((row) => row.indexOf(Math.max(...row)));
}

export function utilityOf(table: OutcomeTable, lambda: number, prompt: number, model: number): number {
  const cell = prompt * table.models.length + model;
  return (table.quality[cell] ?? 0) - lambda * (table.costUsd[cell] ?? 0);
}

/** The given choice, or a random present model in its stead. */
function perTask(table: OutcomeTable, choice: (request: ReplayRequest) => number, random: Random): Policy {
  let world: ReplayWorld | undefined;
  return {
    enter: (next) => {
      world = next;
    },
    choose: (request) => {
      let model = choice(request);
      while (world !== undefined && !world.isPresent(model))
        model = Math.floor(random() * table.models.length);
      return model;
    },
    observe: () => undefined,
    learn: () => undefined,
  };
}

interface Cell {
  successes: number;
  count: number;
  costUsd: number;
  answers: number;
}

/** Scores every present model's cell of the task, takes off λ·E[cost], and takes the best. */
function cellPolicy(
  { table, lambda, random }: BaselineContext,
  scoreOf: (cell: Cell, taskCount: number) => number,
  isRandomNow: () => boolean = () => false,
): Policy {
  const cells = table.tasks.map(() =>
    table.models.map((): Cell => ({ successes: 0, count: 0, costUsd: 0, answers: 0 })),
  );
  const listCosts = table.models.map((_, model) => meanCostUsd(table, model));
  const taskCounts = table.tasks.map(() => 0);
  let world: ReplayWorld | undefined;
  return {
    enter: (next) => {
      world = next;
    },
    choose: (request) => {
      const row = cells[request.task] ?? [];
      const isRandom = isRandomNow();
      let best = -1;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (const [model, cell] of row.entries()) {
        if (world !== undefined && !world.isPresent(model)) continue;
        const listCost = (listCosts[model] ?? 0) * (world?.priceFactor(model) ?? 1);
        const cost = (cell.costUsd + COST_STRENGTH * listCost) / (cell.answers + COST_STRENGTH);
        const score = isRandom ? random() : scoreOf(cell, taskCounts[request.task] ?? 0) - lambda * cost;
        if (score > bestScore) {
          bestScore = score;
          best = model;
        }
      }
      return best;
    },
    observe: (request, model, { costUsd }) => {
      const cell = cells[request.task]?.[model];
      if (cell === undefined) return;
      cell.costUsd += costUsd;
      cell.answers += 1;
    },
    learn: (request, model, quality) => {
      const cell = cells[request.task]?.[model];
      if (cell === undefined) return;
      cell.successes += quality;
      cell.count += 1;
      taskCounts[request.task] = (taskCounts[request.task] ?? 0) + 1;
    },
  };
}

export function meanCostUsd(table: OutcomeTable, model: number): number {
  let sum = 0;
  for (let prompt = 0; prompt < table.promptIds.length; prompt += 1) {
    sum += table.costUsd[prompt * table.models.length + model] ?? 0;
  }
  return sum / table.promptIds.length;
}
