import type { RequestProfile } from '../task/task.ts';

/** What was decided for one request, and why. Logged as it stands: `propensity` is the true probability. */
export interface Decision {
  readonly profile: RequestProfile;
  readonly strategy: string;
  /** `judge`: no client's request, but one of the judge about an answer. */
  readonly reason: 'explicit' | 'auto' | 'explore' | 'sticky' | 'dry-run' | 'judge';
  readonly valueOfQualityUsd: number;
  readonly valueOfSecondUsd: number;
  /** Best first: the endpoint chosen, then the fallbacks in the order of the same draw. */
  readonly ranking: readonly RankedCandidate[];
  readonly excluded: readonly ExcludedCandidate[];
  /** Whether chance decided: `propensity` is then what it decided by, also where that was 1. */
  readonly isDrawn?: boolean;
  /** With which probability its answer was drawn to be judged; 0 or undefined where it was not. */
  readonly judgedWith?: number;
  /** Undefined where nothing out of the ordinary had a part in it: nearly always. Stored and explained with the rest. */
  readonly circumstances: Circumstances | undefined;
}

/** What moved a choice beside the utilities of its strategy. */
export interface Circumstances {
  /** Dollars of disutility per dollar of expected cost, on top of the cost itself, to keep a budget. */
  readonly costPenalty?: number;
  /** Where the conversation stayed: what its warm cache saves, and what was to be gained elsewhere, USD. */
  readonly staying?: { readonly warmCacheUsd: number; readonly gainUsd: number };
  /** Models whose share was cut, as an operator allows them no more. */
  readonly capped?: readonly string[];
  /** Models that were on trial. */
  readonly trials?: readonly string[];
  /** What would have been served while the baseline is; the ranking may be empty. */
  readonly dryRun?: Pick<Decision, 'reason' | 'ranking' | 'excluded'>;
}

export interface RankedCandidate {
  readonly endpointId: string;
  readonly modelId: string;
  readonly provider: string;
  /** Probability with which this endpoint would have been the first choice, 0–1; sums to 1 over the ranking. */
  readonly propensity: number;
  /** Mean utility in USD under current belief. */
  readonly utilityUsd: number;
  /** Posterior mean of quality, 0–1. */
  readonly quality: number;
  readonly expectedCostMicroUsd: number;
  readonly expectedOutputTokens: number;
  readonly expectedTtftMs: number;
  readonly expectedLatencyMs: number;
}

export interface ExcludedCandidate {
  readonly endpointId: string;
  readonly modelId: string;
  readonly reason: ExclusionReason;
  /** Epoch ms at which it may serve again, for reasons that pass. */
  readonly retryAtMs?: number;
  /** What a bound of the request itself would have to be for it, in the bound's own unit: USD, ms or a quality. Not stored. */
  readonly needed?: number;
}

export type ExclusionReason =
  | 'wrong_type'
  | 'missing_capability'
  /** The provider's own API has no place for something that the request asks for. */
  | 'not_carried'
  | 'context_length'
  | 'not_allowed_for_key'
  | 'not_in_route'
  | 'unsupported_parameter'
  | 'over_price_ceiling'
  | 'price_unknown'
  | 'over_cost_ceiling'
  | 'budget'
  | 'over_latency_ceiling'
  | 'below_min_quality'
  | 'breaker_open'
  | 'cooling'
  | 'waking'
  | 'disabled'
  | 'paused';
