import { holderName } from '../../core/money/budget.ts';
import { type BudgetStanding, shareOf } from '../../core/money/spending-ledger.ts';

/** Told once for each threshold of a budget in each of its windows. */
export interface BudgetWarning {
  /** The same one each time it is told, so that who hears it twice can tell. */
  readonly id: string;
  /** Share of the budget, 0–1. */
  readonly threshold: number;
  readonly standing: BudgetStanding;
}

/** The thresholds that are reached and were not told of yet in this process. */
export interface WarningWatch {
  readonly reached: (standing: BudgetStanding, warnAt: readonly number[]) => readonly BudgetWarning[];
  /** It could not be told after all: the next look finds it again. */
  readonly untold: (warning: BudgetWarning) => void;
}

const NONE: readonly BudgetWarning[] = Object.freeze([]);

/** Remembers, per budget, what was told in its latest window. */
export function createWarningWatch(): WarningWatch {
  const nameToTold = new Map<string, { epoch: string; readonly ids: Set<string> }>();

  function toldOf(standing: BudgetStanding): { epoch: string; readonly ids: Set<string> } {
    const name = `${holderName(standing.holder)}:${standing.window}`;
    // A budget that is changed is another one.
    const epoch = `${name}:${standing.startsAtMs}:${standing.limitMicroUsd}`;
    let told = nameToTold.get(name);
    if (told?.epoch !== epoch) {
      told = { epoch, ids: new Set() };
      nameToTold.set(name, told);
    }
    return told;
  }

  return {
    reached(standing, warnAt) {
      const share = shareOf(standing);
      if (!(share >= Math.min(...warnAt))) return NONE;
      const { epoch, ids } = toldOf(standing);
      const fresh = warnAt
        .filter((threshold) => share >= threshold && !ids.has(`${epoch}:${threshold}`))
        .map((threshold) => ({ id: `${epoch}:${threshold}`, threshold, standing }));
      for (const { id } of fresh) ids.add(id);
      return fresh;
    },
    untold: ({ id, standing }) => {
      toldOf(standing).ids.delete(id);
    },
  };
}
