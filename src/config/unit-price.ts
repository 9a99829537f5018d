import type { ModelType } from '../core/catalog/model.ts';

/** Prices of an endpoint in the units that some types of models are sold by, beside tokens: what one unit costs, by key. */
export const UNIT_PRICES = {
  usd_per_image: { type: 'image', unitsPerPrice: 1 },
  usd_per_minute: { type: 'transcription', unitsPerPrice: 60 },
  input_usd_per_million_characters: { type: 'speech', unitsPerPrice: 1_000_000 },
  usd_per_1k_searches: { type: 'rerank', unitsPerPrice: 1_000 },
} as const satisfies Record<string, { readonly type: ModelType; readonly unitsPerPrice: number }>;
export type UnitPriceKey = keyof typeof UNIT_PRICES;

export const UNIT_PRICE_KEYS = Object.keys(UNIT_PRICES) as UnitPriceKey[];

/** USD for one unit (image, second, character, search), undefined where the table names no such price. */
export function unitUsdOf(table: Readonly<Partial<Record<UnitPriceKey, number>>>): number | undefined {
  for (const key of UNIT_PRICE_KEYS) {
    const price = table[key];
    if (price !== undefined) return price / UNIT_PRICES[key].unitsPerPrice;
  }
  return undefined;
}

/** The price keys that say nothing about a model of this type. */
export function foreignPricesOf(
  type: ModelType,
  table: Readonly<Partial<Record<UnitPriceKey, unknown>>>,
): UnitPriceKey[] {
  return UNIT_PRICE_KEYS.filter((key) => table[key] !== undefined && UNIT_PRICES[key].type !== type);
}
