import type { Price } from '../catalog/model.ts';

/**
 * Prices are held to a millionth of a micro-USD per token. In whole units of that, tokens × price is exact up to
 * 2⁵³ (an answer of $9,000), so a sum does not depend on its order and `100 × 0.145` is 14.5, not 14.499999999999998.
 */
const UNITS_PER_MICRO_USD = 1_000_000;

/**
 * What an answer costs, in whole micro-USD, half rounded up. USD per million tokens is micro-USD per token.
 * Cached input tokens are charged at their own price, and are part of `inputTokens`. A price that is not a
 * positive number counts as free: the cost can never be negative or NaN.
 */
export function costMicroUsd(
  usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedInputTokens: number },
  price: Price,
): number {
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const units =
    (usage.inputTokens - cached) * unitsPerToken(price.inputUsdPerMillion) +
    cached * unitsPerToken(price.cachedInputUsdPerMillion) +
    usage.outputTokens * unitsPerToken(price.outputUsdPerMillion);
  return Math.round(units / UNITS_PER_MICRO_USD);
}

/**
 * What a request will probably cost, in whole micro-USD, before it is sent: nothing cached, the expected answer
 * cut to the client's bound, once per choice asked for.
 */
export function estimateCostMicroUsd(
  request: {
    readonly inputTokens: number;
    /** Of one choice. */
    readonly expectedOutputTokens: number;
    readonly maxOutputTokens?: number;
    readonly choices: number;
  },
  price: Price,
): number {
  const perChoice = Math.min(
    Math.ceil(request.expectedOutputTokens),
    request.maxOutputTokens ?? Number.POSITIVE_INFINITY,
  );
  const outputTokens = perChoice * request.choices;
  return costMicroUsd({ inputTokens: request.inputTokens, outputTokens, cachedInputTokens: 0 }, price);
}

function unitsPerToken(usdPerMillion: number): number {
  return usdPerMillion > 0 && Number.isFinite(usdPerMillion)
    ? Math.round(usdPerMillion * UNITS_PER_MICRO_USD)
    : 0;
}
