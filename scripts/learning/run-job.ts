import { createRandom } from '../../src/core/learning/random.ts';
import { meanCostUsd, meanUtilities, utilityOf } from './baselines.ts';
import { indexOfLargest, makePolicy, type PolicyName } from './make-policy.ts';
import { measureRun, type RunMeasures } from './measure.ts';
import {
  type OutcomeTable,
  parseOutcomeTable,
  parsePromptTexts,
  readText,
  restrictTable,
} from './outcome-table.ts';
import { type Feedback, replay, shuffledStream } from './replay.ts';
import { type ScenarioName, scenarioNamed } from './scenario.ts';
import { catalogOfTable, type TableCatalog } from './table-catalog.ts';
import type { PriorName } from './table-prior.ts';
import { textComponents } from './text-components.ts';

/** Where the outcomes come from; every process loads them by itself. */
export interface TableSource {
  readonly data: string;
  readonly prompts?: string;
  /** Names, or how many (`bestModels`). */
  readonly models?: readonly string[] | number;
}

/** One stream to be played. */
export interface Job {
  readonly policy: PolicyName;
  readonly lambda: number;
  readonly seed: number;
  readonly requests: number;
  readonly feedback: Feedback;
  readonly scenario: ScenarioName;
  readonly budgetUsd?: number;
  readonly prior?: PriorName;
}

export interface LoadedTable {
  readonly table: OutcomeTable;
  readonly catalog: TableCatalog;
  /** Undefined where there are no prompt texts. */
  readonly texts: readonly string[] | undefined;
}

const TEXT_COMPONENTS = 25;

/** @throws Error with one clear line when a file is missing or makes no sense. */
export function loadTable(source: TableSource): LoadedTable {
  const named = typeof source.models === 'number' ? undefined : source.models;
  let table = parseOutcomeTable(readText(source.data), source.data, named);
  let texts: Map<string, string> | undefined;
  if (source.prompts !== undefined) {
    texts = parsePromptTexts(readText(source.prompts), source.prompts);
    table = restrictTable(table, { promptIds: texts });
  }
  if (typeof source.models === 'number')
    table = restrictTable(table, { models: bestModels(table, source.models) });
  if (table.models.length < 2)
    throw new Error(`${source.data} has ${table.models.length} model: there is no choice`);
  return {
    table,
    catalog: catalogOfTable(table),
    texts: texts === undefined ? undefined : table.promptIds.map((id) => texts.get(id) ?? ''),
  };
}

/** Plays jobs on one table; text components are made once, when a policy first asks for them. */
export function jobRunner({ table, catalog, texts }: LoadedTable): (job: Job) => RunMeasures {
  let features: { values: Float64Array; dimension: number } | undefined;
  return (job) => {
    if (job.policy === 'linucb' && texts !== undefined) {
      features ??= {
        values: textComponents(texts, TEXT_COMPONENTS, createRandom(1)),
        dimension: TEXT_COMPONENTS,
      };
    }
    const { judgeRate, judgeFlip, judgeReliability } = job.feedback;
    const utilities = meanUtilities(table, job.lambda);
    const ranked = utilities
      .map((_, model) => model)
      .sort((a, b) => (utilities[b] ?? 0) - (utilities[a] ?? 0));
    const costs = table.models.map((_, model) => meanCostUsd(table, model));
    const scenario = scenarioNamed(job.scenario, job.requests, ranked, indexOfLargest(costs));
    const trace = replay({
      table,
      catalog,
      stream: shuffledStream(table.promptIds.length, job.requests, createRandom(job.seed * 7919)),
      policy: makePolicy(job.policy, {
        table,
        catalog,
        lambda: job.lambda,
        seed: job.seed * 104_729 + 1,
        labelSource: judgeFlip > 0 && judgeRate === 0 ? 'judge' : 'human',
        judge:
          judgeRate > 0
            ? { share: judgeRate, flip: judgeFlip, reliability: judgeReliability ?? 'learnt' }
            : undefined,
        budgetUsd: job.budgetUsd,
        prior: job.prior,
        features,
      }),
      feedback: job.feedback,
      random: createRandom(job.seed * 31 + 5),
      scenario,
    });
    return measureRun(table, trace, job.lambda, scenario.subject);
  };
}

/**
 * The models worth having together: first the best, then each time the one that most raises the mean over prompts of
 * the best utility, where the cost of the best model counts a tenth of a perfect answer.
 */
function bestModels(table: OutcomeTable, count: number): string[] {
  const best = indexOfLargest(meanUtilities(table, 0));
  const lambda = 0.1 / Math.max(1e-12, meanCostUsd(table, best));
  const reached = Float64Array.from(table.promptIds, (_, prompt) => utilityOf(table, lambda, prompt, best));
  const chosen = [best];
  while (chosen.length < Math.min(count, table.models.length)) {
    const gains = table.models.map((_, model) => {
      if (chosen.includes(model)) return Number.NEGATIVE_INFINITY;
      return reached.reduce(
        (sum, value, prompt) => sum + Math.max(0, utilityOf(table, lambda, prompt, model) - value),
        0,
      );
    });
    const next = indexOfLargest(gains);
    chosen.push(next);
    for (const [prompt, value] of reached.entries()) {
      reached[prompt] = Math.max(value, utilityOf(table, lambda, prompt, next));
    }
  }
  return chosen.sort((one, other) => one - other).map((model) => table.models[model] ?? '');
}
