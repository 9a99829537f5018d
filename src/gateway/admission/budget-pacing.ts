import { createWindowPacer, type Purse, type WindowPacer } from '../../core/choice/window-pacer.ts';
import { DAY_MS } from '../../core/durations.ts';
import {
  type BudgetHolder,
  type BudgetTerms,
  type BudgetWindow,
  holderName,
} from '../../core/money/budget.ts';
import type { BudgetStanding } from '../../core/money/spending-ledger.ts';

/** The price that budgets which leave requests to cheaper models put on a dollar, each with a pacer for its windows. */
export interface BudgetPacing {
  /** Of the window that presses hardest; 0 for a budget that stops, or none. */
  costPenaltyOf(
    holder: string,
    terms: BudgetTerms | undefined,
    valueOfQualityUsd: number,
    nowMs: number,
  ): number;
  /**
   * What an attempt cost that a strategy chose.
   *
   * @param isLast whether its request came to its end with it
   */
  spent(
    holder: BudgetHolder,
    standings: readonly BudgetStanding[],
    costMicroUsd: number,
    isLast: boolean,
    nowMs: number,
  ): void;
}

export function createBudgetPacing(): BudgetPacing {
  const holderToPacers = new Map<string, Readonly<Record<BudgetWindow, WindowPacer>>>();

  function pacersOf(holder: string): Readonly<Record<BudgetWindow, WindowPacer>> {
    let pacers = holderToPacers.get(holder);
    if (pacers === undefined) {
      pacers = { day: createWindowPacer(DAY_MS), month: createWindowPacer(30 * DAY_MS) };
      holderToPacers.set(holder, pacers);
    }
    return pacers;
  }

  return {
    costPenaltyOf(holder, terms, valueOfQualityUsd, nowMs) {
      if (terms?.onExhausted !== 'downgrade') return 0;
      const pacers = holderToPacers.get(holder);
      if (pacers === undefined) return 0;
      const { budgetMicroUsdPerDay, budgetMicroUsdPerMonth } = terms;
      return Math.max(
        budgetMicroUsdPerDay === undefined ? 0 : pacers.day.costPenalty(valueOfQualityUsd, nowMs),
        budgetMicroUsdPerMonth === undefined ? 0 : pacers.month.costPenalty(valueOfQualityUsd, nowMs),
      );
    },
    spent(holder, standings, costMicroUsd, isLast, nowMs) {
      const pacers = pacersOf(holderName(holder));
      for (const standing of standings) {
        pacers[standing.window].observe(costMicroUsd / 1_000_000, isLast, nowMs, purseOf(standing));
      }
    },
  };
}

function purseOf({ limitMicroUsd, spentMicroUsd, startsAtMs, resetsAtMs }: BudgetStanding): Purse {
  return {
    limitUsd: limitMicroUsd / 1_000_000,
    spentUsd: spentMicroUsd / 1_000_000,
    startsAtMs,
    resetsAtMs,
  };
}
