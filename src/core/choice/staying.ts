import type { Prospect } from './prospect.ts';

/** Where a conversation is, and what its provider's warm prompt cache saves there. */
export interface Staying {
  readonly endpointId: string;
  /** Dollars of disutility that this request costs more with a cold cache, elsewhere; above 0. */
  readonly warmCacheUsd: number;
}

/**
 * The order of a choice that stays: the conversation's endpoint, then the others by mean utility. Undefined when it
 * leaves: its endpoint may not serve this request, or somewhere else more is to be gained than the cache saves.
 *
 *     stay  ⟺  u[best] − u[here] ≤ cached tokens · (price − cached price)
 *
 * Deterministic given what is believed: its propensity is 1.
 *
 * @param greedy indices of all arms, best mean utility first
 */
export function orderOfStaying(
  arms: readonly Prospect[],
  greedy: readonly number[],
  { endpointId, warmCacheUsd }: Staying,
  unsafe: string | undefined,
): number[] | undefined {
  const here = arms.findIndex(({ endpoint }) => endpoint.id === endpointId);
  const arm = arms[here];
  const best = arms[greedy[0] ?? -1];
  if (arm === undefined || best === undefined || arm.model.id === unsafe) return undefined;
  if (best.utilityUsd - arm.utilityUsd > warmCacheUsd) return undefined;
  return [here, ...greedy.filter((index) => index !== here)];
}
