import { createPacer, type Pacer } from './pacer.ts';

/** How fast requests come is measured over a 96th of the window: a quarter of an hour of a day. */
const MEMORY_SHARE = 1 / 96;
/** A burst at the very beginning is no pace yet. */
const LEAST_AGE_MS = 60_000;
/** A request that costs more than so many times what the budget allows raises the price no faster. */
const MOST_OVERSPENT = 10;

/** Spreads what is left of a budget over what is left of its window, by making money dearer while spending runs ahead. */
export interface WindowPacer {
  /**
   * What an attempt of a choice cost, USD.
   *
   * @param isRequestOver whether it was the last of its request
   * @param leftUsd       what is left of the budget
   * @param leftMs        what is left of the window
   */
  readonly observe: (
    costUsd: number,
    isRequestOver: boolean,
    nowMs: number,
    leftUsd: number,
    leftMs: number,
  ) => void;
  /** For `ChoiceInput.costPenalty` under a strategy that values a perfect answer at V dollars. */
  readonly costPenalty: (valueOfQualityUsd: number) => number;
}

/**
 * The dual pacer of `pacer.ts` under a target that moves: B = left/N dollars a request, with N = max(1, λ̂·left time)
 * the requests still to come. λ̂ = w/(τ(1 − e^(−age/τ))) is their rate, w the requests so far, each faded by
 * e^(−age/τ). While spending is behind the clock B is above what a request costs, and nothing is dearer.
 *
 * @param windowMs length of the window
 */
export function createWindowPacer(windowMs: number): WindowPacer {
  const memoryMs = windowMs * MEMORY_SHARE;
  let pacer: Pacer | undefined;
  let firstMs = 0;
  let lastMs = 0;
  let weight = 0;

  function count(nowMs: number): void {
    if (weight === 0) firstMs = nowMs;
    // A clock that was set back would make the past heavier than it was.
    weight = weight * Math.exp(-Math.max(0, nowMs - lastMs) / memoryMs) + 1;
    lastMs = nowMs;
  }

  function requestsToCome(nowMs: number, leftMs: number): number {
    const ageMs = Math.max(LEAST_AGE_MS, nowMs - firstMs);
    const perMs = weight / (memoryMs * (1 - Math.exp(-ageMs / memoryMs)));
    return Math.max(1, perMs * Math.max(0, leftMs));
  }

  return {
    observe(costUsd, isRequestOver, nowMs, leftUsd, leftMs) {
      if (!(costUsd >= 0) || costUsd === Number.POSITIVE_INFINITY) return;
      if (isRequestOver) {
        count(nowMs);
        const wantedUsd = Math.max(0, leftUsd) / requestsToCome(nowMs, leftMs);
        const meanUsd = pacer?.state().meanCostUsd ?? costUsd;
        const targetUsd = Math.max(wantedUsd, meanUsd / MOST_OVERSPENT);
        if (targetUsd > 0) {
          pacer ??= createPacer(targetUsd);
          pacer.retarget(targetUsd);
        }
      }
      pacer?.observe(costUsd, isRequestOver);
    },
    costPenalty: (valueOfQualityUsd) => pacer?.costPenalty(valueOfQualityUsd) ?? 0,
  };
}
