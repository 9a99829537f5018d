/** Smoothing of the spending per request. */
const MEMORY = 0.95;
const STEP = 0.02;
/**
 * The multiplier is what is owed: a request that overspends by B raises it by .02, so at most 2,500 requests' budget is
 * ever paid back. At 5 a budget between a model of 0.9·B and a much better one of 1.5·B was overspent by half for good
 * (docs/decisions/0030-a-budget-may-ask-for-any-price.md).
 */
const MULTIPLIER_CEILING = 50;
const PENALTY_SCALE = 0.05;

/** Keeps the mean cost of a request near a target by making money dearer while it is overspent. */
export interface Pacer {
  /**
   * Call it with what an attempt cost, USD; once per request with `isRequestOver`, true where left out. What failed
   * attempts before that cost belongs to the same request.
   */
  readonly observe: (costUsd: number, isRequestOver?: boolean) => void;
  /** Another B from now on. λ/B, the price of a dollar, stays. */
  readonly retarget: (targetUsd: number) => void;
  /** For `ChoiceInput.costPenalty` under a strategy that values a perfect answer at V dollars. */
  readonly costPenalty: (valueOfQualityUsd: number) => number;
  readonly state: () => PacerState;
}

/** What is to be found again after a restart. */
export interface PacerState {
  /** B, USD per request. */
  readonly targetUsd: number;
  /** c̄, USD per request. */
  readonly meanCostUsd: number;
  /** λ, 0–50. */
  readonly multiplier: number;
}

/**
 * Dual pacer: c̄ ← .95c̄ + .05c; λ ← clip(λ + .02(c̄/B − 1), 0, 50); a choice is charged λ·0.05·E[cost]/B quality
 * points, that is V times as many dollars.
 *
 * @param firstTargetUsd B > 0, mean cost of a request that the budget allows
 * @param before         where to go on. Under another target λ/B, the price of a dollar, stays: the world is the same.
 */
export function createPacer(firstTargetUsd: number, before?: PacerState): Pacer {
  let targetUsd = firstTargetUsd;
  let meanCostUsd = before === undefined ? targetUsd : before.meanCostUsd;
  let multiplier = before === undefined ? 0 : bounded(before.multiplier * (targetUsd / before.targetUsd));
  let spentAheadUsd = 0;
  return {
    observe: (costUsd, isRequestOver = true) => {
      if (!(costUsd >= 0) || costUsd === Number.POSITIVE_INFINITY) return;
      if (!isRequestOver) {
        spentAheadUsd += costUsd;
        return;
      }
      meanCostUsd = MEMORY * meanCostUsd + (1 - MEMORY) * (costUsd + spentAheadUsd);
      spentAheadUsd = 0;
      multiplier = bounded(multiplier + STEP * (meanCostUsd / targetUsd - 1));
    },
    retarget: (nextTargetUsd) => {
      multiplier = bounded(multiplier * (nextTargetUsd / targetUsd));
      targetUsd = nextTargetUsd;
    },
    costPenalty: (valueOfQualityUsd) => (valueOfQualityUsd * multiplier * PENALTY_SCALE) / targetUsd,
    state: () => ({ targetUsd, meanCostUsd, multiplier }),
  };
}

function bounded(multiplier: number): number {
  return Math.min(MULTIPLIER_CEILING, Math.max(0, multiplier));
}
