import type { ChoiceInput } from './choice-input.ts';
import { decide } from './decide.ts';
import type { Decision, RankedCandidate } from './decision.ts';

/**
 * A choice among groups of candidates that stand in an order of their own: a list of fallbacks, providers by preference.
 * Each group is decided by itself, and whoever of a later one may serve stands behind all of an earlier one.
 *
 * The first group with somebody who may serve is where the choice is made: its reason, strategy and propensities are
 * the decision's, and nobody of a later group could have been first (propensity 0).
 *
 * @param tiers at least one; an endpoint belongs to one of them only
 */
export function decideInTiers(tiers: readonly ChoiceInput[]): Decision {
  const decisions = tiers.map(decide);
  const choosing = decisions.find(({ ranking }) => ranking.length > 0) ?? (decisions[0] as Decision);
  return {
    ...choosing,
    ranking: decisions.flatMap((decision) =>
      decision === choosing ? decision.ranking : decision.ranking.map(asStandIn),
    ),
    excluded: decisions.flatMap(({ excluded }) => excluded),
  };
}

function asStandIn(ranked: RankedCandidate): RankedCandidate {
  return { ...ranked, propensity: 0 };
}
