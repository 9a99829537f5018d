import { createRandom } from '../../src/core/learning/random.ts';
import {
  type BaselineContext,
  betaThompsonPolicy,
  epsilonGreedyPolicy,
  fixedPolicy,
  meanCostUsd,
  meanUtilities,
  randomPolicy,
  taskOraclePolicy,
  ucb1Policy,
} from './baselines.ts';
import { linUcbPolicy } from './lin-ucb.ts';
import type { OutcomeTable } from './outcome-table.ts';
import { outriderPolicy, type ReplayJudge } from './outrider-policy.ts';
import type { Policy } from './policy.ts';
import type { TableCatalog } from './table-catalog.ts';
import { type PriorName, priorOfTable } from './table-prior.ts';

export const POLICIES = [
  'outrider',
  'best-fixed',
  'cheapest',
  'dearest',
  'random',
  'task-oracle',
  'beta-ts',
  'epsilon-greedy',
  'ucb1',
  'linucb',
] as const;
export type PolicyName = (typeof POLICIES)[number];

/** Those that choose otherwise under another λ. */
export const PRICED_POLICIES: readonly PolicyName[] = [
  'outrider',
  'best-fixed',
  'task-oracle',
  'beta-ts',
  'epsilon-greedy',
  'ucb1',
  'linucb',
];

/** V of λ = 0: dollars no longer matter. */
const QUALITY_ONLY_VALUE_USD = 1e6;

export function valueOfQualityUsd(lambda: number): number {
  return lambda > 0 ? 1 / lambda : QUALITY_ONLY_VALUE_USD;
}

export function makePolicy(
  name: PolicyName,
  context: {
    readonly table: OutcomeTable;
    readonly catalog: TableCatalog;
    readonly lambda: number;
    readonly seed: number;
    readonly labelSource: 'human' | 'judge';
    /** For the router alone: a judge beside the labels. */
    readonly judge?: Omit<ReplayJudge, 'random'>;
    /** For the router alone: what a request may cost on average. */
    readonly budgetUsd?: number;
    /** For the router alone: what it knows before the first outcome. */
    readonly prior?: PriorName;
    /** For the router alone: ε. */
    readonly floorShare?: number;
    /** Text components per prompt, for LinUCB. */
    readonly features: { readonly values: Float64Array; readonly dimension: number } | undefined;
  },
): Policy {
  const { table, catalog, lambda, seed } = context;
  const random = createRandom(seed);
  const baseline: BaselineContext = { table, lambda, random };
  const costs = table.models.map((_, model) => meanCostUsd(table, model));
  switch (name) {
    case 'outrider':
      return outriderPolicy(
        catalog,
        {
          valueOfQualityUsd: valueOfQualityUsd(lambda),
          explore: true,
          source: context.labelSource,
          judge: context.judge && { ...context.judge, random: createRandom(seed + 29) },
          budgetUsd: context.budgetUsd,
          floorShare: context.floorShare,
          prior: priorOfTable(context.prior ?? 'none', catalog, table.tasks, createRandom(seed + 17)),
        },
        random,
      );
    case 'best-fixed':
      return fixedPolicy(indexOfLargest(meanUtilities(table, lambda)), baseline);
    case 'cheapest':
      return fixedPolicy(costs.indexOf(Math.min(...costs)), baseline);
    case 'dearest':
      return fixedPolicy(indexOfLargest(costs), baseline);
    case 'random':
      return randomPolicy(baseline);
    case 'task-oracle':
      return taskOraclePolicy(baseline);
    case 'beta-ts':
      return betaThompsonPolicy(baseline);
    case 'epsilon-greedy':
      return epsilonGreedyPolicy(baseline);
    case 'ucb1':
      return ucb1Policy(baseline);
    case 'linucb':
      return linUcbPolicy(table, lambda, context.features);
  }
}

export function indexOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
