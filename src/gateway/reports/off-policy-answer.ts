import {
  type Estimate,
  FEWEST_EFFECTIVE_SAMPLES,
  type OffPolicyEstimate,
} from '../../core/learning/off-policy.ts';
import { evaluateGroups, type LoggedGroup } from '../../core/learning/off-policy-groups.ts';
import { round } from '../round.ts';
import { intervalIn, type Measure } from './logged-choices.ts';

/**
 * δ of costs and times, relative to what was expected: how far a model that was hardly tried may lie off its list price
 * times learnt tokens.
 */
const RELATIVE_DEVIATION = 0.1;

export interface Refusal {
  readonly code:
    | 'no_traffic'
    | 'not_rated'
    | 'too_few_samples'
    | 'no_support'
    | 'no_model'
    | 'not_replayable';
  readonly message: string;
}

/** @param shareOf of the policy, by group and model */
export function evaluateMeasure(
  groups: readonly LoggedGroup[],
  measure: Measure,
  shareOf: (group: number, model: number) => number,
): OffPolicyEstimate {
  return measure === 'quality'
    ? evaluateGroups(groups, shareOf, { isExpected: false })
    : evaluateGroups(groups, shareOf, { isExpected: true, armDeviation: RELATIVE_DEVIATION });
}

/**
 * An estimate as it is told. Bounds that make no sense, such as a cost below 0, are cut off.
 *
 * @param unit what a request's mean is multiplied with
 * @param refused a reason from outside; else the estimate's own
 */
export function answerOf(
  estimate: OffPolicyEstimate,
  measure: Measure,
  unit = 1,
  refused: Refusal | undefined = undefined,
) {
  const refusal = refused ?? refusalOf(estimate, measure);
  const told = (one: Estimate | undefined) =>
    one === undefined || refusal !== undefined
      ? null
      : intervalIn(
          { mean: unit * one.mean, low90: unit * one.low90, high90: unit * one.high90 },
          measure === 'quality'
            ? { digits: 4, least: 0, most: 1 }
            : { digits: measure === 'cost' ? 9 : 3, least: 0 },
        );
  return {
    doubly_robust: told(estimate.doublyRobust),
    snips: told(estimate.snips),
    samples: estimate.samples,
    effective_sample_size: round(estimate.effectiveSampleSize, 1),
    unsupported_share: round(Math.min(1, Math.max(0, estimate.unsupportedShare)), 4),
    refusal: refusal ?? null,
  };
}

export function nothingLogged(): Refusal {
  return {
    code: 'no_traffic',
    message:
      'No request was chosen freely in this window. Send requests with model auto, or ask about a longer window.',
  };
}

function refusalOf(estimate: OffPolicyEstimate, measure: Measure): Refusal | undefined {
  if (estimate.doublyRobust !== undefined) return undefined;
  const { samples, effectiveSampleSize, unsupportedShare } = estimate;
  if (samples === 0) {
    return measure === 'quality'
      ? {
          code: 'not_rated',
          message:
            'Nobody said how good these answers were. Feedback (POST /v1/feedback/{request_id}), a judge or tests would.',
        }
      : nothingLogged();
  }
  if (unsupportedShare > 0.5) {
    return {
      code: 'no_support',
      message: `For ${Math.round(100 * unsupportedShare)} % of the requests this would have chosen what routing could not have chosen, so the log says nothing of it. A higher routing.exploration makes the next weeks tell more.`,
    };
  }
  const what = measure === 'quality' ? 'rated answers' : 'answers';
  return {
    code: 'too_few_samples',
    message: `The log is worth ${Math.floor(effectiveSampleSize)} ${what} of what this would have chosen; an estimate needs ${FEWEST_EFFECTIVE_SAMPLES}. ${measure === 'quality' ? 'More feedback, a' : 'A'} longer window or a higher routing.exploration would help.`,
  };
}
