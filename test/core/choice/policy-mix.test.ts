import { describe, expect, test } from 'vitest';
import {
  type GroupMix,
  type MixGroup,
  type MixPolicy,
  mixInSteps,
  type TaskBelief,
} from '../../../src/core/choice/policy-mix.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

const random = createRandom(7);
const MEANS = [0.9, 0.7, 0.5];
/** Qualities around their means, as wide as a few dozen outcomes leave them. */
const belief: TaskBelief = {
  means: Float64Array.from(MEANS),
  outcomes: Float64Array.from([40, 40, 3]),
  draws: Float64Array.from({ length: 256 * 3 }, (_, at) => (MEANS[at % 3] ?? 0) + 0.2 * (random() - 0.5)),
};
const group = (changes: Partial<MixGroup> = {}): MixGroup => ({
  belief,
  requests: 100,
  costUsd: [0.01, 0.001, 0.0001],
  seconds: [1, 2, 4],
  isOffered: [true, true, true],
  ...changes,
});
const policy = (changes: Partial<MixPolicy> = {}): MixPolicy => ({
  kind: 'bandit',
  valueOfQualityUsd: 0.03,
  valueOfSecondUsd: 0,
  minQuality: 0,
  budgetUsdPer1kRequests: undefined,
  ...changes,
});
/** Whom it comes to, and how many turns it leaves to others until then. */
function finish(...question: Parameters<typeof mixInSteps>) {
  const steps = mixInSteps(...question);
  for (let turns = 0; ; turns += 1) {
    const { done, value } = steps.next();
    if (done) return { mix: value, turns };
  }
}
const mixOf = (...question: Parameters<typeof mixInSteps>): readonly (GroupMix | undefined)[] =>
  finish(...question).mix;
const sharesOf = (changes: Partial<MixPolicy>, of = [group()], floor = 0) =>
  mixOf(of, policy(changes), floor).map((mix) => mix && [...mix.shares]);
const costPer1k = (shares: readonly number[] | undefined) =>
  1000 * (shares ?? []).reduce((sum, share, model) => sum + share * (group().costUsd[model] ?? 0), 0);

describe('whom a policy would choose', () => {
  test('the best where only quality counts, the cheapest where it is worth nothing, the quickest where time counts most', () => {
    expect(sharesOf({ valueOfQualityUsd: 100 })[0]?.[0]).toBeGreaterThan(0.95);
    expect(sharesOf({ valueOfQualityUsd: 0 })).toEqual([[0, 0, 1]]);
    expect(sharesOf({ valueOfQualityUsd: 0, valueOfSecondUsd: 1 })).toEqual([[1, 0, 0]]);
  });

  test('leaves a turn to others with each price of a dollar that it tries', () => {
    expect(finish([group()], policy(), 0).turns).toBe(0);
    expect(finish([group()], policy({ budgetUsdPer1kRequests: 0.5 }), 0).turns).toBe(24);
  });

  test('shares add up, the floor goes to those near the best only', () => {
    const [shares = []] = sharesOf({ valueOfQualityUsd: 1 }, [group()], 0.2);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const [free = []] = sharesOf({ valueOfQualityUsd: 1 });
    expect(shares[0]).toBeCloseTo(0.8 * (free[0] ?? 0) + 0.2, 12);
    expect(shares[2]).toBeCloseTo(0.8 * (free[2] ?? 0), 12);
  });

  test('none that is not offered, none below the floor of quality once it is known to be', () => {
    expect(sharesOf({ valueOfQualityUsd: 100 }, [group({ isOffered: [false, true, true] })])[0]?.[0]).toBe(0);
    // The third has three outcomes: too few to shut it out.
    expect(sharesOf({ valueOfQualityUsd: 0, minQuality: 0.8 })).toEqual([[0, 0, 1]]);
    expect(sharesOf({ minQuality: 0.8 }, [group({ isOffered: [false, true, false] })])).toEqual([undefined]);
  });

  test('in the order of the configuration under priority', () => {
    expect(sharesOf({ kind: 'priority' })).toEqual([[1, 0, 0]]);
    expect(sharesOf({ kind: 'priority' }, [group({ isOffered: [false, true, true] })])).toEqual([[0, 1, 0]]);
  });

  test('as much as a budget allows, over all groups together', () => {
    const cheap = group({ costUsd: [0.0001, 0.0001, 0.0001] });
    const free = costPer1k(sharesOf({ valueOfQualityUsd: 100 })[0]);
    const [bound, other] = sharesOf({ valueOfQualityUsd: 100, budgetUsdPer1kRequests: 2 }, [group(), cheap]);
    expect(free).toBeGreaterThan(9);
    const spent = (costPer1k(bound) + 0.1) / 2;
    expect(spent).toBeLessThanOrEqual(2);
    expect(spent).toBeGreaterThan(1.5);
    expect(other?.[0]).toBeGreaterThan(0.9);
  });

  test('the cheapest under a budget that nobody keeps', () => {
    const shares = sharesOf({ valueOfQualityUsd: 100, budgetUsdPer1kRequests: 0 });
    expect(shares).toEqual([[0, 0, 1]]);
  });

  test.each([
    [1_000_000, 0],
    [0, 1_000_000],
    [1_000_000, 1_000_000],
  ])('a budget is kept whatever quality ($%d) and a second ($%d) are worth', (quality, second) => {
    const cents = group({ costUsd: [0.0001, 0.00001, 0.000001] });
    const wish = { valueOfQualityUsd: quality, valueOfSecondUsd: second };
    expect(sharesOf({ ...wish, budgetUsdPer1kRequests: 0 }, [cents])).toEqual([[0, 0, 1]]);
    const [shares = []] = sharesOf({ ...wish, budgetUsdPer1kRequests: 0.005 }, [cents]);
    expect(100 * 0.001 * (shares[0] ?? 0) + 0.01 * (shares[1] ?? 0)).toBeLessThanOrEqual(0.005);
  });

  test('with slopes that are how much a share rises with the mean', () => {
    const [mix] = mixOf([group()], policy(), 0);
    const moved = (model: number, by: number) => {
      const draws = belief.draws.map((draw, at) => (at % 3 === model ? draw + by : draw));
      return mixOf([group({ belief: { ...belief, draws } })], policy(), 0)[0]?.shares[model] ?? 0;
    };
    for (const model of [0, 1, 2]) {
      const slope = (moved(model, 0.02) - moved(model, -0.02)) / 0.04;
      expect(mix?.slopes[model]).toBeCloseTo(slope, 1);
    }
    expect(Math.max(...(mix?.slopes ?? []))).toBeGreaterThan(1);
  });
});
