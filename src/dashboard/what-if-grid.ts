/** Factors of what the strategy takes for the value of quality, and of a second. */
const QUALITY_FACTORS = [1 / 30, 1 / 10, 1 / 5, 1 / 2, 1, 2, 5, 10, 30] as const;
const SECOND_FACTORS = [0, 1 / 10, 1 / 3, 1, 3, 10, 30] as const;
/** What 'balanced' takes them for: where a strategy takes one for worth nothing, no factor leads away from there. */
const QUALITY_USD = 0.03;
const SECOND_USD = 0.0003;

export interface WhatIfGrid {
  /** Ascending; the strategy's own is among them. */
  readonly qualityUsd: readonly number[];
  readonly secondUsd: readonly number[];
  /** Where the strategy stands. */
  readonly ownQuality: number;
  readonly ownSecond: number;
}

/** The settings that the two sliders reach: 63, which one request of replay answers. */
export function gridAround(valueOfQualityUsd: number, valueOfSecondUsd: number): WhatIfGrid {
  const qualityUsd = around(valueOfQualityUsd, QUALITY_FACTORS, QUALITY_USD);
  const secondUsd = around(valueOfSecondUsd, SECOND_FACTORS, SECOND_USD);
  return {
    qualityUsd,
    secondUsd,
    ownQuality: qualityUsd.indexOf(valueOfQualityUsd),
    ownSecond: secondUsd.indexOf(valueOfSecondUsd),
  };
}

/** The setting at two places of the sliders, in the order in which `policiesOf` asks for them. */
export function placeOf(grid: WhatIfGrid, quality: number, second: number): number {
  return quality * grid.secondUsd.length + second;
}

export function policiesOf(
  grid: WhatIfGrid,
): { value_of_quality_usd: number; value_of_second_usd: number }[] {
  return grid.qualityUsd.flatMap((value_of_quality_usd) =>
    grid.secondUsd.map((value_of_second_usd) => ({ value_of_quality_usd, value_of_second_usd })),
  );
}

/** Two digits that count, as nobody weighs $0.0033333; its own value as it is. */
function around(own: number, factors: readonly number[], otherwise: number): number[] {
  return factors.map((factor, place) => {
    if (own <= 0) return place === 0 ? own : Number((factor * otherwise).toPrecision(2));
    return factor === 1 ? own : Number((factor * own).toPrecision(2));
  });
}
