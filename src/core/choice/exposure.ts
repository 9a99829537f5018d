import type { Prospect } from './prospect.ts';
import type { Strategy } from './strategy.ts';

/** A model is untried until so many labelled outcomes are known of it, over all tasks … */
const TRIED_FROM = 10;
/** … and until then gets at most this share of a choice, while there is a tried model to take the rest. */
const UNTRIED_SHARE = 0.25;
/** Below this V (USD) a strategy asks for cheap answers, and gets them also where the task is not recognised. */
const SAFE_SIDE_FROM_USD = 0.01;

/**
 * The model that must not be a guess: where the task is not recognised, the cheapest one while it is untried.
 * Undefined when there is none, or nothing else to choose.
 */
export function unsafeModel(
  arms: readonly Prospect[],
  strategy: Strategy,
  isTaskUnknown: boolean,
): string | undefined {
  if (!isTaskUnknown || strategy.valueOfQualityUsd < SAFE_SIDE_FROM_USD) return undefined;
  let cheapest = arms[0];
  let isDearerThere = false;
  for (const arm of arms) {
    if (cheapest === undefined || arm.costMicroUsd === cheapest.costMicroUsd) continue;
    isDearerThere = true;
    if (arm.costMicroUsd < cheapest.costMicroUsd) cheapest = arm;
  }
  if (!isDearerThere || cheapest === undefined || isTried(cheapest)) return undefined;
  const unsafe = cheapest.model.id;
  return arms.some((arm) => arm.model.id !== unsafe) ? unsafe : undefined;
}

/**
 * Caps the shares of untried models in place (the unsafe model's at 0), all endpoints of one together, and gives what is
 * taken to the tried ones in proportion to theirs. At a cold start, where nobody is tried, only the unsafe model gives
 * way. Being a bound on each choice, it holds for any number of them made at the same time, before one has its outcome.
 *
 * @param shares p̂ per arm, summing to 1
 */
export function capUntried(
  arms: readonly Prospect[],
  shares: Float64Array,
  unsafe: string | undefined,
): void {
  const isAnyTried = arms.some(isTried);
  if (unsafe === undefined && (!isAnyTried || arms.every(isTried))) return;
  const untriedCap = isAnyTried ? UNTRIED_SHARE : 1;
  let takerShare = 0;
  let takerCount = 0;
  let excess = 0;
  const modelToShare = new Map<string, number>();
  for (const [index, arm] of arms.entries()) {
    const share = shares[index] ?? 0;
    if (isTaker(arm)) {
      takerShare += share;
      takerCount += 1;
    } else {
      modelToShare.set(arm.model.id, (modelToShare.get(arm.model.id) ?? 0) + share);
    }
  }
  for (const [index, arm] of arms.entries()) {
    const modelShare = modelToShare.get(arm.model.id);
    const cap = arm.model.id === unsafe ? 0 : untriedCap;
    if (isTaker(arm) || modelShare === undefined || modelShare <= cap) continue;
    const share = shares[index] ?? 0;
    shares[index] = (share * cap) / modelShare;
    excess += share - (shares[index] ?? 0);
  }
  if (excess === 0) return;
  for (const [index, arm] of arms.entries()) {
    if (!isTaker(arm)) continue;
    const share = shares[index] ?? 0;
    shares[index] = share + excess * (takerShare > 0 ? share / takerShare : 1 / takerCount);
  }

  function isTaker(arm: Prospect): boolean {
    return isAnyTried ? isTried(arm) : arm.model.id !== unsafe;
  }
}

function isTried(arm: Prospect): boolean {
  return arm.modelWeight >= TRIED_FROM;
}
