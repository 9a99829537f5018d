import type { Endpoint, Model, ModelType } from '../catalog/model.ts';
import type { Learner } from '../learning/contract.ts';
import type { Random } from '../learning/random.ts';
import type { RequestProfile } from '../task/task.ts';
import type { ShareCaps } from './cap-shares.ts';
import type { ExclusionReason } from './decision.ts';
import type { Judging } from './judging.ts';
import type { Staying } from './staying.ts';
import type { Strategy } from './strategy.ts';

/** One arm: a model at one provider. */
export interface Candidate {
  readonly model: Model;
  readonly endpoint: Endpoint;
}

/** Why the caller knows that an endpoint may not serve this request (breaker, cool-down, key, route wishes). */
export interface Refusal {
  readonly reason: ExclusionReason;
  readonly retryAtMs?: number;
}

/** Bounds the client set on this request. */
export interface ChoiceLimits {
  /** Ceiling on the expected cost of each attempt, USD. */
  readonly maxCostUsd?: number;
  /** Ceiling on the expected time to the whole answer. Excludes only where the endpoint's speed is known. */
  readonly maxLatencyMs?: number;
  /** 0–1. Excludes only where there is evidence. */
  readonly minQuality?: number;
}

export interface ChoiceInput {
  readonly profile: RequestProfile;
  /** In the order of the config, which `priority` follows. */
  readonly candidates: readonly Candidate[];
  readonly strategy: Strategy;
  readonly learner: Learner;
  readonly random: Random;
  /** What the endpoint of the API asks for; `chat` when absent. */
  readonly type?: ModelType;
  readonly refusalOf?: (endpoint: Endpoint, model: Model) => Refusal | undefined;
  readonly limits?: ChoiceLimits;
  /** What budgets leave for each attempt, micro-USD; undefined where none leaves requests to cheaper models. */
  readonly budgetMicroUsd?: number;
  /** False: exploit only, the best mean utility with propensity 1. */
  readonly explore: boolean;
  /** ε: share given evenly to the arms near the best; `FLOOR_SHARE` where left out. */
  readonly floorShare?: number;
  /** Undefined where no judge is asked. */
  readonly judging?: Judging;
  /** The client named the model; the candidates are its endpoints. */
  readonly isExplicit: boolean;
  /** Models that an operator wants looked at again: they get a share of the choices, and no strategy's floor holds for them. */
  readonly trials?: ReadonlySet<string>;
  /** What an operator allows models at most of the choices; holds for none that the client named. */
  readonly caps?: ShareCaps;
  /** What keeps this request where its conversation is; for strategies of kind `bandit`. */
  readonly staying?: Staying;
  /** Dollars of disutility per dollar of expected cost, on top of the cost itself (see `pacer.ts`). */
  readonly costPenalty?: number;
}
