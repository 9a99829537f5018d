/**
 * Other gateways' words for the strategies there are here: OpenRouter's variants (`:floor`, `:nitro`) and
 * BrainstormRouter's names (`combined`). A strategy that an operator called so comes first.
 */
const ALIAS_TO_STRATEGY: Readonly<Record<string, string>> = {
  best: 'quality',
  'quality-first': 'quality',
  floor: 'price',
  cheapest: 'price',
  cost: 'price',
  'cost-first': 'price',
  fast: 'latency',
  fastest: 'latency',
  speed: 'latency',
  nitro: 'throughput',
  combined: 'balanced',
};

export const STRATEGY_ALIASES: readonly string[] = Object.keys(ALIAS_TO_STRATEGY);

/** The strategy's own name; what is no alias is returned as it is. */
export function strategyOfAlias(name: string): string {
  return Object.hasOwn(ALIAS_TO_STRATEGY, name) ? (ALIAS_TO_STRATEGY[name] as string) : name;
}
