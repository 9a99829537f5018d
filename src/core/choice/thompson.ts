import { drawJointQualities } from '../learning/joint-draws.ts';
import type { Random } from '../learning/random.ts';
import { capShares, type ShareCaps } from './cap-shares.ts';
import { capUntried } from './exposure.ts';
import type { Prospect } from './prospect.ts';
import { mixInTrials } from './trials.ts';

/** Joint samples of θ per choice: the resolution of p̂ is 1/64. */
export const JOINT_DRAWS = 64;
/** ε: share given evenly to the arms in E, so that no eligible arm's propensity is 0 and off-policy estimates hold. */
export const FLOOR_SHARE = 0.02;
/** E: arms whose mean utility is within this share of V of the best. A floor over all arms keeps buying the dearest. */
export const ELIGIBLE_SHARE = 0.1;

export interface ThompsonChoice {
  /** π: the probability with which each arm was going to be chosen; sums to 1. */
  readonly propensities: Float64Array;
  /** Indices of all arms: the chosen, then the others by their utility in one joint draw that chose it. */
  readonly order: Int32Array;
  /** Models whose share was cut. */
  readonly capped: readonly string[];
}

// Reused by every choice: choosing is synchronous, and 6 kB a request would keep the collector busy.
let qualities = new Float64Array(JOINT_DRAWS * 16);
let slots = new Int32Array(16);
let burdens = new Float64Array(16);
let utilities = new Float64Array(16);
const winners = new Int32Array(JOINT_DRAWS);

/**
 * Thompson sampling with exact propensities: p̂ is the share of joint draws that an arm wins, E the arms near the best
 * mean utility,
 *
 *     π = (1 − ε)·p̂ + ε·1[arm ∈ E]/|E|,  ε = 0.02
 *
 * and the choice is drawn from π itself, so the vector logged is the true probability, not an estimate of one.
 *
 * @param arms   at least one
 * @param cells  posterior of each model slot, as `readCell` writes them
 * @param valueOfQualityUsd V
 * @param unsafe model that gets nothing but the floor
 * @param floorShare ε, 0–1
 * @param trials models that get a share whatever is believed of them (`trials.ts`)
 * @param caps   what models get at most, whatever is believed of them (`cap-shares.ts`)
 */
export function chooseByThompson(
  arms: readonly Prospect[],
  cells: Float64Array,
  modelCount: number,
  valueOfQualityUsd: number,
  unsafe: string | undefined,
  random: Random,
  floorShare = FLOOR_SHARE,
  trials?: ReadonlySet<string>,
  caps?: ShareCaps,
): ThompsonChoice {
  makeRoom(arms.length, modelCount);
  for (const [index, arm] of arms.entries()) {
    slots[index] = arm.modelSlot;
    burdens[index] = arm.burdenUsd;
  }
  drawJointQualities(cells, modelCount, JOINT_DRAWS, random, qualities);
  const propensities = winShares(arms.length, modelCount, valueOfQualityUsd);
  capUntried(arms, propensities, unsafe);
  mixInFloor(arms, valueOfQualityUsd, propensities, floorShare);
  if (trials !== undefined) mixInTrials(arms, propensities, trials, unsafe);
  const capped = caps === undefined ? NOBODY : capShares(arms, propensities, caps, byUtility(arms), unsafe);
  const chosen = pick(propensities, random);
  const draw = drawChoosing(chosen, random);
  return { propensities, order: orderIn(draw, chosen, arms.length, modelCount, valueOfQualityUsd), capped };
}

const NOBODY: readonly string[] = Object.freeze([]);

function byUtility(arms: readonly Prospect[]): number[] {
  return arms
    .map((_, index) => index)
    .sort((one, other) => (arms[other]?.utilityUsd ?? 0) - (arms[one]?.utilityUsd ?? 0));
}

/** p̂: the share of joint draws in which each arm has the highest utility. */
function winShares(armCount: number, modelCount: number, valueOfQualityUsd: number): Float64Array {
  // Module variables are read again on every use, locals are not: 768 times a choice.
  const [draws, armToSlot, armToBurden] = [qualities, slots, burdens];
  const shares = new Float64Array(armCount);
  for (let draw = 0; draw < JOINT_DRAWS; draw += 1) {
    const row = draw * modelCount;
    let winner = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (let arm = 0; arm < armCount; arm += 1) {
      const theta = draws[row + (armToSlot[arm] as number)] as number;
      const utility = valueOfQualityUsd * theta - (armToBurden[arm] as number);
      if (utility > best) {
        best = utility;
        winner = arm;
      }
    }
    winners[draw] = winner;
    shares[winner] = (shares[winner] as number) + 1 / JOINT_DRAWS;
  }
  return shares;
}

function mixInFloor(
  arms: readonly Prospect[],
  valueOfQualityUsd: number,
  shares: Float64Array,
  floorShare: number,
): void {
  let best = Number.NEGATIVE_INFINITY;
  for (const arm of arms) best = Math.max(best, arm.utilityUsd);
  const threshold = best - ELIGIBLE_SHARE * valueOfQualityUsd;
  let eligibleCount = 0;
  for (const arm of arms) if (arm.utilityUsd >= threshold) eligibleCount += 1;
  for (const [index, arm] of arms.entries()) {
    const floor = arm.utilityUsd >= threshold ? floorShare / eligibleCount : 0;
    shares[index] = (1 - floorShare) * (shares[index] as number) + floor;
  }
}

/** An index with probability `propensities[index]`. */
export function pick(propensities: Float64Array, random: Random): number {
  let remaining = random();
  let last = 0;
  for (let arm = 0; arm < propensities.length; arm += 1) {
    const propensity = propensities[arm] as number;
    if (propensity === 0) continue;
    if (remaining < propensity) return arm;
    remaining -= propensity;
    last = arm;
  }
  // Rounding can leave 1e−16 over: it belongs to the last arm that had a chance.
  return last;
}

/** One of the joint draws that this arm won; any draw for an arm that won none and came in by the floor. */
function drawChoosing(chosen: number, random: Random): number {
  const start = Math.floor(random() * JOINT_DRAWS);
  for (let step = 0; step < JOINT_DRAWS; step += 1) {
    const draw = (start + step) % JOINT_DRAWS;
    if (winners[draw] === chosen) return draw;
  }
  return start;
}

/** The chosen arm, then the others by falling utility in the given joint draw (insertion sort: arms are few). */
function orderIn(
  draw: number,
  chosen: number,
  armCount: number,
  modelCount: number,
  valueOfQualityUsd: number,
): Int32Array {
  const order = new Int32Array(armCount);
  for (let arm = 0; arm < armCount; arm += 1) {
    const utility =
      arm === chosen ? Number.POSITIVE_INFINITY : utilityIn(draw, arm, modelCount, valueOfQualityUsd);
    utilities[arm] = utility;
    let place = arm;
    while (place > 0 && (utilities[order[place - 1] as number] as number) < utility) {
      order[place] = order[place - 1] as number;
      place -= 1;
    }
    order[place] = arm;
  }
  return order;
}

/** V·θ − burden of an arm in one joint draw. */
function utilityIn(draw: number, arm: number, modelCount: number, valueOfQualityUsd: number): number {
  const theta = qualities[draw * modelCount + (slots[arm] as number)] as number;
  return valueOfQualityUsd * theta - (burdens[arm] as number);
}

function makeRoom(armCount: number, modelCount: number): void {
  if (qualities.length < modelCount * JOINT_DRAWS) qualities = new Float64Array(modelCount * JOINT_DRAWS * 2);
  if (slots.length >= armCount) return;
  slots = new Int32Array(armCount * 2);
  burdens = new Float64Array(armCount * 2);
  utilities = new Float64Array(armCount * 2);
}
