import { createPacer, type Pacer, type PacerState } from './pacer.ts';
import { readState } from './read-state.ts';
import type { Strategy } from './strategy.ts';

/** The budgets of all strategies that have one, each with its pacer. */
export interface Budgets {
  /** Takes the strategies of another configuration: who had a budget and still has one goes on where it was. */
  readonly setStrategies: (strategies: Readonly<Record<string, Strategy>>) => void;
  /** For `ChoiceInput.costPenalty`; 0 without a budget. */
  readonly costPenaltyOf: (strategy: Strategy) => number;
  /**
   * What an attempt of a choice by this strategy cost.
   *
   * @param isLast whether the request came to its end with it: another attempt of the same request is none of its own
   */
  readonly spent: (strategyName: string, costMicroUsd: number, isLast: boolean) => void;
  /** Undefined without a budget. */
  readonly standingOf: (strategy: Strategy) => BudgetStanding | undefined;
  /** By strategy, to be given to `createBudgets` after a restart. */
  readonly states: () => Readonly<Record<string, PacerState>>;
}

export interface BudgetStanding {
  readonly usdPer1kRequests: number;
  /** c̄ for 1,000 requests: a moving average over about twenty. */
  readonly spentUsdPer1kRequests: number;
  /** λ, 0–50. */
  readonly multiplier: number;
  /** Dollars of disutility per dollar of expected cost that λ comes to. */
  readonly costPenalty: number;
}

/** @param before states by strategy, as `states` gave them; those that are no longer any are left out */
export function createBudgets(
  strategies: Readonly<Record<string, Strategy>>,
  before: Readonly<Record<string, PacerState>> = {},
): Budgets {
  let nameToPacer = new Map<string, Pacer>();
  setStrategies(strategies);

  function setStrategies(next: Readonly<Record<string, Strategy>>): void {
    const former = nameToPacer;
    nameToPacer = new Map();
    for (const { name, budgetUsdPer1kRequests } of Object.values(next)) {
      if (budgetUsdPer1kRequests === undefined) continue;
      const targetUsd = budgetUsdPer1kRequests / 1000;
      const state = former.get(name)?.state() ?? (Object.hasOwn(before, name) ? before[name] : undefined);
      nameToPacer.set(name, createPacer(targetUsd, state));
    }
  }

  return {
    setStrategies,
    costPenaltyOf: ({ name, valueOfQualityUsd }) =>
      nameToPacer.get(name)?.costPenalty(valueOfQualityUsd) ?? 0,
    spent: (strategyName, costMicroUsd, isLast) =>
      nameToPacer.get(strategyName)?.observe(costMicroUsd / 1_000_000, isLast),
    standingOf: ({ name, valueOfQualityUsd }) => {
      const pacer = nameToPacer.get(name);
      if (pacer === undefined) return undefined;
      const { targetUsd, meanCostUsd, multiplier } = pacer.state();
      return {
        usdPer1kRequests: 1000 * targetUsd,
        spentUsdPer1kRequests: 1000 * meanCostUsd,
        multiplier,
        costPenalty: pacer.costPenalty(valueOfQualityUsd),
      };
    },
    states: () => Object.fromEntries([...nameToPacer].map(([name, pacer]) => [name, pacer.state()])),
  };
}

/** The states in a text that `JSON.stringify(states())` once made; what makes no sense in it is left out. */
export function readPacerStates(text: string): Record<string, PacerState> {
  const states: Record<string, PacerState> = {};
  for (const [name, value] of Object.entries(readState(text))) {
    const { targetUsd, meanCostUsd, multiplier } = (value ?? {}) as Partial<PacerState>;
    if (!(Number(targetUsd) > 0) || !isAmount(targetUsd) || !isAmount(meanCostUsd) || !isAmount(multiplier))
      continue;
    states[name] = { targetUsd, meanCostUsd, multiplier };
  }
  return states;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
