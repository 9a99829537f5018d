/** Smoothing of the spending per request. */
const MEMORY = 0.95;
const STEP = 0.02;
const MULTIPLIER_CEILING = 5;
const PENALTY_SCALE = 0.05;

/** Keeps the mean cost of a request near a target by making money dearer while it is overspent. */
export interface Pacer {
  /** Call once per request with what it cost, USD. */
  readonly observe: (costUsd: number) => void;
  /** For `ChoiceInput.costPenalty` under a strategy that values a perfect answer at V dollars. */
  readonly costPenalty: (valueOfQualityUsd: number) => number;
}

/**
 * Dual pacer: c̄ ← .95c̄ + .05c; λ ← clip(λ + .02(c̄/B − 1), 0, 5); a choice is charged λ·0.05·E[cost]/B quality
 * points, that is V times as many dollars.
 *
 * @param targetUsd B > 0, mean cost of a request that the budget allows
 */
export function createPacer(targetUsd: number): Pacer {
  let meanCostUsd = targetUsd;
  let multiplier = 0;
  return {
    observe: (costUsd) => {
      if (!(costUsd >= 0) || costUsd === Number.POSITIVE_INFINITY) return;
      meanCostUsd = MEMORY * meanCostUsd + (1 - MEMORY) * costUsd;
      const step = STEP * (meanCostUsd / targetUsd - 1);
      multiplier = Math.min(MULTIPLIER_CEILING, Math.max(0, multiplier + step));
    },
    costPenalty: (valueOfQualityUsd) => (valueOfQualityUsd * multiplier * PENALTY_SCALE) / targetUsd,
  };
}
