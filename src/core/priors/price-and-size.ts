import type { ModelName } from './model-name.ts';

/**
 * What a stranger is expected to be worth, from its list price and its size: the points of WildBench, over ten, that went
 * with them. `npx tsx scripts/fit-priors.ts` prints the fits:
 *
 *     .46 + .037·ln(USD per million output tokens)    slope: mean quality over panel12's eight tasks, 12 models, r² .48
 *     .13 + .070·ln(billions of parameters)           WildBench, 18 models that name their size, r² .38
 *     .45 or .50 by words such as `mini` or `opus`    WildBench, 4 and 5 models: only where nothing else is known
 *
 * Both r² are low and prices fall every year: hence `RULE_STRENGTH`.
 */
const PRICE = { atOne: 0.46, slope: 0.037 } as const;
const SIZE = { atOne: 0.13, slope: 0.07 } as const;
const TIER_SCORES = { small: 0.45, large: 0.5 } as const;

/** Pseudo-outcomes that the rule counts at a new task: enough to break ties, gone after a handful of labels. */
export const RULE_STRENGTH = 4;

/** Outside of these the lines were not fitted. */
const PRICE_RANGE_USD = [0.05, 100] as const;
const SIZE_RANGE_BILLIONS = [1, 700] as const;

/**
 * A guess on an arbitrary scale: only differences between models mean something, in quality points. Undefined when neither
 * price nor size nor a telling word is known. With price and size it is the mean of both.
 *
 * @param outputUsdPerMillion undefined or 0 where it is not known, or costs nothing: that says nothing about quality
 */
export function guessByPriceAndSize(
  name: ModelName,
  outputUsdPerMillion: number | undefined,
): number | undefined {
  const guesses: number[] = [];
  if (outputUsdPerMillion !== undefined && outputUsdPerMillion > 0) {
    guesses.push(PRICE.atOne + PRICE.slope * Math.log(within(PRICE_RANGE_USD, outputUsdPerMillion)));
  }
  if (name.sizeBillions !== undefined && name.sizeBillions > 0) {
    guesses.push(SIZE.atOne + SIZE.slope * Math.log(within(SIZE_RANGE_BILLIONS, name.sizeBillions)));
  }
  if (guesses.length === 0) return name.tier && TIER_SCORES[name.tier];
  return guesses.reduce((sum, guess) => sum + guess, 0) / guesses.length;
}

function within([low, high]: readonly [number, number], value: number): number {
  return Math.min(high, Math.max(low, value));
}
