import type { Prospect } from './prospect.ts';

/** Most of the choices that a model may get, 0–1, by model. */
export type ShareCaps = ReadonlyMap<string, number>;

/** Below, a share over its cap is rounding. */
const NOTHING = 1e-12;

/**
 * Holds every model to its cap, all endpoints of one together, in place; what is taken goes to those with room, in
 * proportion to their shares, or where those have none to the first of `order` that has room. The vector stays the true
 * probability of the choice, as the choice is drawn from it.
 *
 * Somebody has to answer: where the caps of all who may serve come to less than 1, what is left over is shared in proportion
 * to the caps (evenly where all are 0).
 *
 * @param shares π per arm, summing to 1
 * @param order  indices of all arms, who is preferred first
 * @param unsafe model that must not be a guess here: it takes nothing over while another can
 * @returns the models that were cut
 */
export function capShares(
  arms: readonly Prospect[],
  shares: Float64Array,
  caps: ShareCaps,
  order: ArrayLike<number>,
  unsafe: string | undefined,
): string[] {
  const cut = new Set<string>();
  const capOf = (modelId: string) => caps.get(modelId) ?? 1;
  // Each round brings at least one more model to its cap, and none of those takes anything again.
  for (let round = 0; round <= arms.length; round += 1) {
    const excess = cutToCaps(arms, shares, capOf, cut);
    if (excess <= NOTHING) return [...cut];
    const modelToShare = sharesOfModels(arms, shares);
    const hasRoom = ({ model }: Prospect) => capOf(model.id) - (modelToShare.get(model.id) ?? 0) > NOTHING;
    const takers = arms.filter((arm) => hasRoom(arm) && arm.model.id !== unsafe);
    const able = takers.length > 0 ? takers : arms.filter(hasRoom);
    if (able.length === 0) {
      shareOutByCaps(arms, shares, capOf, excess);
      return [...cut];
    }
    giveTo(new Set(able), arms, shares, order, excess);
  }
  return [...cut];
}

/** @returns what was taken */
function cutToCaps(
  arms: readonly Prospect[],
  shares: Float64Array,
  capOf: (modelId: string) => number,
  cut: Set<string>,
): number {
  let excess = 0;
  const modelToShare = sharesOfModels(arms, shares);
  for (const [index, { model }] of arms.entries()) {
    const modelShare = modelToShare.get(model.id) ?? 0;
    const cap = capOf(model.id);
    if (modelShare <= cap + NOTHING) continue;
    cut.add(model.id);
    const share = shares[index] as number;
    shares[index] = (share * cap) / modelShare;
    excess += share - (shares[index] as number);
  }
  return excess;
}

function giveTo(
  takers: ReadonlySet<Prospect>,
  arms: readonly Prospect[],
  shares: Float64Array,
  order: ArrayLike<number>,
  excess: number,
): void {
  let taken = 0;
  for (const [index, arm] of arms.entries()) if (takers.has(arm)) taken += shares[index] as number;
  for (let place = 0; place < order.length; place += 1) {
    const index = order[place] as number;
    if (!takers.has(arms[index] as Prospect)) continue;
    const share = shares[index] as number;
    if (taken <= NOTHING) {
      shares[index] = share + excess;
      return;
    }
    shares[index] = share + (excess * share) / taken;
  }
}

function shareOutByCaps(
  arms: readonly Prospect[],
  shares: Float64Array,
  capOf: (modelId: string) => number,
  excess: number,
): void {
  let total = 0;
  for (const { model } of arms) total += capOf(model.id);
  for (const [index, { model }] of arms.entries()) {
    const part = total > 0 ? capOf(model.id) / total : 1 / arms.length;
    shares[index] = (shares[index] as number) + excess * part;
  }
}

function sharesOfModels(arms: readonly Prospect[], shares: Float64Array): Map<string, number> {
  const modelToShare = new Map<string, number>();
  for (const [index, { model }] of arms.entries()) {
    modelToShare.set(model.id, (modelToShare.get(model.id) ?? 0) + (shares[index] as number));
  }
  return modelToShare;
}
