import { betaQuantile } from './beta-quantile.ts';
import type { QualityBelief } from './contract.ts';

/** What is believed of a whole task never counts more outcomes than this for a part of it. */
const WHOLE_STRENGTH = 20;
/** What α and β of the rest are at least: a part may hold more verdicts than the belief still counts. */
const LEAST_OUTCOMES = 2;

/** Verdicts that count on answers of a part of a task's traffic: Σw·q, Σw·(1−q), Σw². */
export interface PartOutcomes {
  readonly successes: number;
  readonly shortfalls: number;
  readonly squares: number;
}

/**
 * Quality of a model on a part of a task's traffic (its long prompts, say): the part's own outcomes, and the belief about
 * the task without them, which counts 20 outcomes at most:
 *
 *     p = (α − s)/(α + β − n),  κ = min(20, α + β − n)     Beta(s + κp, f + κ(1−p))
 *
 * so a few verdicts move it a little, and none is a mean of its own. `observed`: they outweigh the task's; `prior`: there
 * are none.
 */
export function beliefOfPart(
  whole: Pick<QualityBelief, 'alpha' | 'beta' | 'mean' | 'low90' | 'high90'>,
  { successes, shortfalls, squares }: PartOutcomes,
): Pick<QualityBelief, 'mean' | 'low90' | 'high90' | 'samples' | 'evidence'> {
  const s = Math.max(0, successes);
  const f = Math.max(0, shortfalls);
  const weight = s + f;
  // Taken back to nothing, sums of halves may leave 1e−16.
  if (!(weight > 1e-9)) {
    const { mean, low90, high90 } = whole;
    return { mean, low90, high90, samples: 0, evidence: 'prior' };
  }
  const restSuccesses = Math.max(whole.alpha - s, LEAST_OUTCOMES * whole.mean);
  const restShortfalls = Math.max(whole.beta - f, LEAST_OUTCOMES * (1 - whole.mean));
  const rest = restSuccesses + restShortfalls;
  const strength = Math.min(WHOLE_STRENGTH, rest);
  const alpha = s + (strength * restSuccesses) / rest;
  const beta = f + (strength * restShortfalls) / rest;
  return {
    mean: alpha / (alpha + beta),
    low90: betaQuantile(0.05, alpha, beta),
    high90: betaQuantile(0.95, alpha, beta),
    samples: squares > 0 ? Math.min(weight, (weight * weight) / squares) : weight,
    evidence: weight > strength ? 'observed' : 'mixed',
  };
}
