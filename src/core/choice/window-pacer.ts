import { createPacer, type Pacer } from './pacer.ts';

/** How fast requests come is measured over a 96th of the window: a quarter of an hour of a day. */
const MEMORY_SHARE = 1 / 96;
/** A burst at the very beginning is no pace yet. */
const LEAST_AGE_MS = 60_000;
/** A request that costs more than so many times what the budget allows raises the price no faster. */
const MOST_OVERSPENT = 10;

/** A budget in its present window. */
export interface Purse {
  readonly limitUsd: number;
  readonly spentUsd: number;
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
}

/** Spreads a budget over its window, by making money dearer while spending runs ahead of the clock. */
export interface WindowPacer {
  /**
   * What an attempt of a choice cost, USD.
   *
   * @param isRequestOver whether it was the last of its request
   * @param purse         that cost included
   */
  readonly observe: (costUsd: number, isRequestOver: boolean, nowMs: number, purse: Purse) => void;
  /** For `ChoiceInput.costPenalty` under a strategy that values a perfect answer at V dollars. */
  readonly costPenalty: (valueOfQualityUsd: number, nowMs: number) => number;
}

/**
 * The dual pacer of `pacer.ts` under a target that moves: B = left/N dollars a request, with N = max(1, λ̂·left time)
 * the requests still to come. λ̂ = w/(τ(1 − e^(−age/τ))) is their rate, w the requests so far, each faded by
 * e^(−age/τ). Only while more is spent than this share of the window would have: whoever is behind the clock spends as
 * before, however fast.
 *
 * @param windowMs length of the window
 */
export function createWindowPacer(windowMs: number): WindowPacer {
  const memoryMs = windowMs * MEMORY_SHARE;
  let pacer: Pacer | undefined;
  let firstMs = 0;
  let lastMs = 0;
  let weight = 0;
  /** When an even spending would have come to what is spent. */
  let aheadUntilMs = Number.NEGATIVE_INFINITY;

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

  function aim(costUsd: number, nowMs: number, { limitUsd, spentUsd, startsAtMs, resetsAtMs }: Purse): void {
    count(nowMs);
    const spentShare = limitUsd > 0 ? Math.min(1, spentUsd / limitUsd) : 1;
    aheadUntilMs = startsAtMs + spentShare * (resetsAtMs - startsAtMs);
    const wantedUsd = Math.max(0, limitUsd - spentUsd) / requestsToCome(nowMs, resetsAtMs - nowMs);
    const meanUsd = pacer?.state().meanCostUsd ?? costUsd;
    const leastUsd = nowMs < aheadUntilMs ? meanUsd / MOST_OVERSPENT : Math.max(meanUsd, costUsd);
    const targetUsd = Math.max(wantedUsd, leastUsd);
    if (!(targetUsd > 0)) return;
    pacer ??= createPacer(targetUsd);
    pacer.retarget(targetUsd);
  }

  return {
    observe(costUsd, isRequestOver, nowMs, purse) {
      if (!(costUsd >= 0) || costUsd === Number.POSITIVE_INFINITY) return;
      if (isRequestOver) aim(costUsd, nowMs, purse);
      pacer?.observe(costUsd, isRequestOver);
    },
    costPenalty: (valueOfQualityUsd, nowMs) =>
      nowMs < aheadUntilMs ? (pacer?.costPenalty(valueOfQualityUsd) ?? 0) : 0,
  };
}
