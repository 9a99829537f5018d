import { CELL_FIELDS, CELL_STRIDE, type Learner } from '../learning/contract.ts';
import { drawJointQualities } from '../learning/joint-draws.ts';
import { createRandom } from '../learning/random.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { OUTCOMES_TO_EXCLUDE } from './eligibility.ts';
import type { Strategy } from './strategy.ts';
import { ELIGIBLE_SHARE } from './thompson.ts';

/** Joint samples of a task's qualities: a share is known to a thirtieth at worst. */
const DRAWS = 256;
/** Points of quality within which an arm is as good as tied: what slopes are measured over. */
const TIED = 0.02;
/** The same question has the same answer, as long as the same is believed; and a grid of policies has one that is smooth. */
const SEED = 94;
/** Halvings of the price of a dollar: a budget is met to a thousandth where it can be met. */
const BUDGET_STEPS = 24;
/** Times what quality or a second are worth, from $1 on: then a difference of a ten-thousandth of a cent outweighs them. */
const HIGHEST_PENALTY = 1e6;

/** What is believed of the models in one task, with joint samples that all policies share. */
export interface TaskBelief {
  /** By model: posterior mean of quality, and the labelled outcomes behind it in this task. */
  readonly means: Float64Array;
  readonly outcomes: Float64Array;
  /** θ of model m in draw d at `d · models + m`. */
  readonly draws: Float64Array;
}

/** Shares of the models among alike requests, and by how much each rises with what is believed of the model's quality. */
export interface GroupMix {
  readonly shares: Float64Array;
  readonly slopes: Float64Array;
}

/** Alike requests of one task that a policy decides about. */
export interface MixGroup {
  readonly belief: TaskBelief;
  readonly requests: number;
  /** By model: what a request costs in USD, and takes in seconds. */
  readonly costUsd: ArrayLike<number>;
  readonly seconds: ArrayLike<number>;
  /** By model: whether it may be chosen; at least one may. */
  readonly isOffered: ArrayLike<boolean>;
}

export interface MixPolicy {
  readonly kind: Exclude<Strategy['kind'], 'cascade'>;
  readonly valueOfQualityUsd: number;
  readonly valueOfSecondUsd: number;
  readonly minQuality: number;
  readonly budgetUsdPer1kRequests: number | undefined;
}

export function readTaskBelief(learner: Learner, task: AnyTask, modelIds: readonly string[]): TaskBelief {
  const count = modelIds.length;
  const cells = new Float64Array(count * CELL_STRIDE);
  for (const [index, modelId] of modelIds.entries()) {
    learner.readCell(task, modelId, cells, index * CELL_STRIDE);
  }
  const draws = new Float64Array(count * DRAWS);
  drawJointQualities(cells, count, DRAWS, createRandom(SEED), draws);
  const fieldOf = (field: number) =>
    Float64Array.from(modelIds, (_, index) => cells[index * CELL_STRIDE + field] ?? 0);
  return { means: fieldOf(CELL_FIELDS.mean), outcomes: fieldOf(CELL_FIELDS.cellWeight), draws };
}

/**
 * Whom a policy would choose among alike requests, by what is believed now: shares by model and group, as `decide` would
 * draw them, (1 − ε)·p̂ + ε/|E|. Caps of untried models, conversations that stay and endpoints are left out. A budget is
 * kept by the price of a dollar, the same for all groups, that `core/choice/pacer.ts` would come to: it is looked for in two
 * dozen steps of some milliseconds, between which others may have their turn.
 *
 * @param floorShare ε
 * @returns undefined for a group of which the policy leaves no model
 */
export function* mixInSteps(
  groups: readonly MixGroup[],
  policy: MixPolicy,
  floorShare: number,
): Generator<undefined, readonly (GroupMix | undefined)[]> {
  const mixAt = (penalty: number) => groups.map((group) => sharesOf(group, policy, penalty, floorShare));
  const { budgetUsdPer1kRequests: budget } = policy;
  const free = mixAt(0);
  if (budget === undefined || policy.kind !== 'bandit' || costPer1k(groups, free) <= budget) return free;
  // Between powers: the price that is needed may be .1 or 1,000.
  let low = 0;
  let high = Math.log1p(HIGHEST_PENALTY * Math.max(1, policy.valueOfQualityUsd, policy.valueOfSecondUsd));
  for (let step = 0; step < BUDGET_STEPS; step += 1) {
    yield;
    const middle = (low + high) / 2;
    if (costPer1k(groups, mixAt(Math.expm1(middle))) <= budget) high = middle;
    else low = middle;
  }
  return mixAt(Math.expm1(high));
}

function costPer1k(groups: readonly MixGroup[], mix: readonly (GroupMix | undefined)[]): number {
  let cost = 0;
  let requests = 0;
  for (const [index, group] of groups.entries()) {
    const shares = mix[index]?.shares;
    if (shares === undefined) continue;
    requests += group.requests;
    for (const [model, share] of shares.entries())
      cost += share * group.requests * (group.costUsd[model] ?? 0);
  }
  return requests > 0 ? (1000 * cost) / requests : 0;
}

function sharesOf(
  { belief, costUsd, seconds, isOffered }: MixGroup,
  policy: MixPolicy,
  penalty: number,
  floorShare: number,
): GroupMix | undefined {
  const count = belief.means.length;
  const shares = new Float64Array(count);
  const slopes = new Float64Array(count);
  const arms: number[] = [];
  const burdens: number[] = [];
  for (let model = 0; model < count; model += 1) {
    if (isOffered[model] !== true) continue;
    const isBelow = (belief.means[model] ?? 0) < policy.minQuality;
    if (isBelow && (belief.outcomes[model] ?? 0) >= OUTCOMES_TO_EXCLUDE) continue;
    arms.push(model);
    burdens.push((1 + penalty) * (costUsd[model] ?? 0) + policy.valueOfSecondUsd * (seconds[model] ?? 0));
  }
  const [first] = arms;
  if (first === undefined) return undefined;
  if (policy.kind === 'priority') {
    shares[first] = 1;
    return { shares, slopes };
  }
  const value = policy.valueOfQualityUsd;
  const tied = value * TIED;
  const utilities = new Float64Array(arms.length);
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const row = draw * count;
    let winner = 0;
    let best = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let arm = 0; arm < arms.length; arm += 1) {
      const utility =
        value * (belief.draws[row + (arms[arm] as number)] as number) - (burdens[arm] as number);
      utilities[arm] = utility;
      if (utility > best) {
        second = best;
        best = utility;
        winner = arm;
      } else if (utility > second) second = utility;
    }
    add(shares, arms[winner] as number, 1 / DRAWS);
    if (best - second < tied) add(slopes, arms[winner] as number, 1);
    for (let arm = 0; arm < arms.length; arm += 1) {
      if (arm !== winner && best - (utilities[arm] as number) < tied) add(slopes, arms[arm] as number, 1);
    }
  }
  for (const model of arms) slopes[model] = ((1 - floorShare) * (slopes[model] ?? 0)) / (2 * TIED * DRAWS);
  mixInFloor(
    shares,
    arms,
    (arm) => value * (belief.means[arms[arm] as number] ?? 0) - (burdens[arm] ?? 0),
    value,
    floorShare,
  );
  return { shares, slopes };
}

function add(into: Float64Array, at: number, amount: number): void {
  into[at] = (into[at] ?? 0) + amount;
}

/** As `chooseByThompson` does. */
function mixInFloor(
  shares: Float64Array,
  arms: readonly number[],
  utilityOf: (arm: number) => number,
  valueOfQualityUsd: number,
  floorShare: number,
): void {
  let best = Number.NEGATIVE_INFINITY;
  for (let arm = 0; arm < arms.length; arm += 1) best = Math.max(best, utilityOf(arm));
  const eligible = arms.filter((_, arm) => utilityOf(arm) >= best - ELIGIBLE_SHARE * valueOfQualityUsd);
  for (const model of arms) shares[model] = (1 - floorShare) * (shares[model] ?? 0);
  for (const model of eligible) shares[model] = (shares[model] ?? 0) + floorShare / eligible.length;
}
