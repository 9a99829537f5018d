import { at } from './belief-sums.ts';
import { OUTCOME_VARIANCE } from './two-way-fit.ts';

/**
 * What the verdicts of a source say about quality: v = offset + slope·y + noise, where y is what people or tests say of
 * the same answer. One that says the opposite with probability r has slope 1 − 2r and offset r; a lenient one a high
 * offset; one that says the same of every answer slope 0.
 */
export interface Reliability {
  /** Answers with both a verdict and a label that this rests on, beside the expectation. */
  readonly pairs: number;
  readonly slope: number;
  readonly offset: number;
  /** Labelled outcomes that one verdict is worth, 0–1. */
  readonly weight: number;
  /** Variance of a verdict around what the quality says. */
  readonly noise: number;
  /** Over the pairs alone; undefined without any. */
  readonly meanLabel: number | undefined;
  readonly meanVerdict: number | undefined;
}

/** Pairs that the expectation is worth. At 120 pairs a slope is known to about a tenth. */
const EXPECTATION_PAIRS = 20;
const EXPECTED_MEAN = 0.65;
const EXPECTED_VARIANCE = EXPECTED_MEAN * (1 - EXPECTED_MEAN);
/** Noise expected of a judge that nobody has checked: then its word is taken as it is, and counts half a label. */
const EXPECTED_NOISE = OUTCOME_VARIANCE;
/** A source that tells good answers from bad ones less than this is not listened to. */
const SLOPE_FLOOR = 0.05;

/** What is kept of a source: n, Σy, Σv, Σyv, Σy², Σv² over its pairs. */
export const PAIR_SUMS = 6;

/**
 * The regression of verdicts on labels, held to the expectation by twenty pairs. Labels need not be a fair sample for it: whoever labels bad
 * answers rather than good ones changes how often each y is seen, not what the source says of it. Means and rates of agreement
 * would move.
 *
 *     slope = Cov(y, v)/Var(y)      offset = v̄ − slope·ȳ      noise = Var(v) − slope·Cov(y, v)
 *     q = (v − offset)/slope        weight = slope²·.2/(slope²·.2 + noise)
 *
 * q is unbiased where v is right about the source (for flips: Natarajan et al. 2013), also outside 0–1, and the weight is
 * the share of its variance that is the answers', .2, rather than the source's: what the squared correlation of verdicts
 * and labels would be among answers of one model and task. For flips at even odds that is about (1 − 2r)².
 *
 * @param sums `PAIR_SUMS` of them
 */
export function reliabilityOf(sums: Float64Array): Reliability {
  const pairs = at(sums, 0) > 0 ? at(sums, 0) : 0;
  const moment = (index: number, expected: number) =>
    ((pairs > 0 ? at(sums, index) : 0) + EXPECTATION_PAIRS * expected) / (pairs + EXPECTATION_PAIRS);
  const square = EXPECTED_MEAN * EXPECTED_MEAN;
  const label = moment(1, EXPECTED_MEAN);
  const verdict = moment(2, EXPECTED_MEAN);
  const covariance = moment(3, square + EXPECTED_VARIANCE) - label * verdict;
  const labelVariance = moment(4, square + EXPECTED_VARIANCE) - label * label;
  const verdictVariance = moment(5, square + EXPECTED_VARIANCE + EXPECTED_NOISE) - verdict * verdict;
  const slope = covariance / Math.max(1e-6, labelVariance);
  const noise = Math.max(0, verdictVariance - slope * covariance);
  const signal = slope * slope * OUTCOME_VARIANCE;
  return {
    pairs,
    slope,
    offset: verdict - slope * label,
    weight: slope > SLOPE_FLOOR ? signal / (signal + noise) : 0,
    noise,
    meanLabel: pairs > 0 ? at(sums, 1) / pairs : undefined,
    meanVerdict: pairs > 0 ? at(sums, 2) / pairs : undefined,
  };
}
