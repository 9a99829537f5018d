import type { Decision, RankedCandidate } from './decision.ts';

/** Logged propensities are kept to a billionth; what is summed of them is the same number as what is read back. */
const BILLION = 1e9;

/**
 * Whether chance chose among several models for a client: only such choices say what other policies would have done.
 * Not those of a client that named its model, of a conversation that stays, of an order by config, by cost or by mean
 * utility, of the baseline while routing is observed, of a judge; nor where only one model could serve.
 */
export function isFreeChoice({
  reason,
  isDrawn,
  ranking,
}: {
  readonly reason: string;
  readonly isDrawn?: boolean | undefined;
  readonly ranking: readonly RankedCandidate[];
}): boolean {
  if (isDrawn !== true || (reason !== 'auto' && reason !== 'explore')) return false;
  const first = ranking[0]?.modelId;
  for (let place = 1; place < ranking.length; place += 1) {
    if (ranking[place]?.modelId !== first) return true;
  }
  return false;
}

/** Probability that this model was going to be the first choice: that of all its endpoints, 0–1, to a billionth. */
export function chanceOf(ranking: Decision['ranking'], modelId: string): number {
  let billionths = 0;
  for (let place = 0; place < ranking.length; place += 1) {
    const one = ranking[place] as RankedCandidate;
    if (one.modelId === modelId) billionths += Math.round(one.propensity * BILLION);
  }
  return Math.min(BILLION, billionths) / BILLION;
}
