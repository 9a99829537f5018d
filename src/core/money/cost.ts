import type { Price } from '../catalog/model.ts';

/**
 * Prices are held to a millionth of a micro-USD per token, a pico-USD. In whole numbers of those, tokens × price is exact
 * up to 2⁵³ (an answer of $9,000), so a sum does not depend on its order and `100 × 0.145` is 14.5, not 14.499999999999998.
 */
export const PICO_USD_PER_MICRO_USD = 1_000_000;
const MICRO_USD_PER_USD = 1_000_000;

/** What an answer costs, in whole micro-USD, half rounded up. */
export function costMicroUsd(usage: Parameters<typeof costPicoUsd>[0], price: Price): number {
  return Math.round(costPicoUsd(usage, price) / PICO_USD_PER_MICRO_USD);
}

/** USD of micro-USD and parts of one: whole pico-USD divided once, which are written with the fewest digits. */
export function usdOf(microUsd: number): number {
  return Math.round(microUsd * PICO_USD_PER_MICRO_USD) / 1e12;
}

/**
 * What an answer costs, in whole pico-USD. USD per million tokens is micro-USD per token.
 * Cached input tokens, and those that are kept for the next time, are charged at their own prices and are part of `inputTokens`. Units are what else is charged: an
 * image, a second of audio, a character, a search. A price that is not a
 * positive number counts as free: the cost can never be negative or NaN.
 */
export function costPicoUsd(
  usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedInputTokens: number;
    readonly cacheWriteTokens?: number;
    readonly units?: number;
    readonly audioInputTokens?: number;
    readonly audioOutputTokens?: number;
  },
  price: Price,
): number {
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens - cached);
  const tokens =
    (usage.inputTokens - cached - written) * unitsPerToken(price.inputUsdPerMillion) +
    written * unitsPerToken(price.cacheWriteUsdPerMillion ?? price.inputUsdPerMillion) +
    cached * unitsPerToken(price.cachedInputUsdPerMillion) +
    usage.outputTokens * unitsPerToken(price.outputUsdPerMillion) +
    surchargeOf(usage.audioInputTokens, price.audioInputUsdPerMillion, price.inputUsdPerMillion) +
    surchargeOf(usage.audioOutputTokens, price.audioOutputUsdPerMillion, price.outputUsdPerMillion);
  return Math.round(tokens + amountOf(usage.units, price.unitUsd));
}

/**
 * What a request will probably cost, in micro-USD and parts of one, before it is sent: nothing cached, the expected answer
 * cut to the client's bound, once per choice asked for.
 */
export function estimateCostMicroUsd(
  request: {
    readonly inputTokens: number;
    /** Of one choice. */
    readonly expectedOutputTokens: number;
    readonly maxOutputTokens?: number;
    readonly choices: number;
    readonly units?: number;
  },
  price: Price,
): number {
  const perChoice = Math.min(
    Math.ceil(request.expectedOutputTokens),
    request.maxOutputTokens ?? Number.POSITIVE_INFINITY,
  );
  const outputTokens = perChoice * request.choices;
  const picoUsd = costPicoUsd(
    { inputTokens: request.inputTokens, outputTokens, cachedInputTokens: 0, units: request.units },
    price,
  );
  return picoUsd / PICO_USD_PER_MICRO_USD;
}

/** A fraction of a second or half an image is charged as such; the price of a unit is held as exactly as a token's. */
function amountOf(units: number | undefined, unitUsd: number | undefined): number {
  if (units === undefined || unitUsd === undefined || !(units > 0 && unitUsd > 0)) return 0;
  if (!Number.isFinite(units) || !Number.isFinite(unitUsd)) return 0;
  return units * Math.round(unitUsd * MICRO_USD_PER_USD * PICO_USD_PER_MICRO_USD);
}

/** What tokens of sound cost beyond what they were charged as text; less than nothing where sound is cheaper. */
function surchargeOf(tokens: number | undefined, usd: number | undefined, textUsd: number): number {
  if (tokens === undefined || usd === undefined || !(tokens > 0)) return 0;
  return tokens * (unitsPerToken(usd) - unitsPerToken(textUsd));
}

function unitsPerToken(usdPerMillion: number): number {
  return usdPerMillion > 0 && Number.isFinite(usdPerMillion)
    ? Math.round(usdPerMillion * PICO_USD_PER_MICRO_USD)
    : 0;
}
