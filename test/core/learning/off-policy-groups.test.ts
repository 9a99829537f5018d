import { describe, expect, test } from 'vitest';
import {
  type Moments,
  momentsOf,
  NO_MOMENTS,
  plusMoments,
  transformedMoments,
} from '../../../src/core/learning/moments.ts';
import { evaluateOffPolicy } from '../../../src/core/learning/off-policy.ts';
import {
  evaluateGroups,
  type LoggedArm,
  type LoggedGroup,
  meanOfLogged,
  optimismOf,
} from '../../../src/core/learning/off-policy-groups.ts';
import { createRandom, type Random } from '../../../src/core/learning/random.ts';

/** Quality and cost by kind of request and model: which is better depends on the kind, and the dear one costs 20 times as much. */
const QUALITY = [
  [0.9, 0.5, 0.2],
  [0.3, 0.4, 0.8],
];
const COST = [
  [0.02, 0.001, 0.004],
  [0.2, 0.01, 0.04],
];
const CHANCES = [
  [0.1, 0.6, 0.3],
  [0.5, 0.4, 0.1],
];

interface Row {
  readonly kind: number;
  readonly chosen: number;
  readonly propensities: readonly number[];
  readonly qualities: readonly number[];
  readonly costs: readonly number[];
  readonly expected: readonly number[];
  readonly isRated: boolean;
}

function logOf(random: Random, count: number, ratedShare = 1): Row[] {
  return Array.from({ length: count }, () => {
    const kind = random() < 0.3 ? 1 : 0;
    const propensities = CHANCES[kind] ?? [];
    let chosen = 0;
    let remaining = random() - (propensities[0] ?? 0);
    while (remaining > 0 && chosen < 2) {
      chosen += 1;
      remaining -= propensities[chosen] ?? 0;
    }
    // Sizes vary by a factor of ten; what is expected knows them, and is 20 % too low.
    const size = 0.2 + 1.8 * random();
    return {
      kind,
      chosen,
      propensities,
      qualities: [0, 1, 2].map((arm) => Number(random() < (QUALITY[kind]?.[arm] ?? 0))),
      costs: [0, 1, 2].map((arm) => (COST[kind]?.[arm] ?? 0) * size * (0.5 + random())),
      expected: [0, 1, 2].map((arm) => 0.8 * (COST[kind]?.[arm] ?? 0) * size),
      isRated: random() < ratedShare,
    };
  });
}

function groupsOf(rows: readonly Row[], measure: 'quality' | 'cost'): LoggedGroup[] {
  return [0, 1].map((kind) => {
    const mine = rows.filter((row) => row.kind === kind);
    return {
      cluster: String(kind),
      requests: mine.length,
      arms: [0, 1, 2].map((arm): LoggedArm => {
        const chosen = mine.filter((row) => row.chosen === arm);
        const scale =
          measure === 'quality'
            ? 1
            : mine.reduce((sum, row) => sum + (row.expected[arm] ?? 0), 0) / mine.length;
        const told = chosen.filter((row) => measure === 'cost' || row.isRated);
        const outcomeOf = (row: Row) => (measure === 'quality' ? row.qualities[arm] : row.costs[arm]) ?? 0;
        const expectedOf = (row: Row) => (measure === 'quality' ? 0 : (row.expected[arm] ?? 0));
        return {
          supported: mine.length,
          chosen: chosen.length,
          outcomes: sumOf(told.map((row) => momentsOf(outcomeOf(row), row.propensities[arm] ?? 0))),
          errors: transformedMoments(
            sumOf(told.map((row) => momentsOf(outcomeOf(row) - expectedOf(row), row.propensities[arm] ?? 0))),
            1 / scale,
            0,
          ),
          scale,
        };
      }),
    };
  });
}

const sumOf = (moments: readonly Moments[]) => moments.reduce(plusMoments, NO_MOMENTS);
const BEST = [0, 2];
const best = (group: number, arm: number) => Number(arm === BEST[group]);
const truthOf = (rows: readonly Row[], read: (row: Row) => readonly number[]) =>
  rows.reduce((sum, row) => sum + (read(row)[BEST[row.kind] ?? 0] ?? 0), 0) / rows.length;

describe('sums of a log', () => {
  test('give what the log itself gives', () => {
    const rows = logOf(createRandom(7), 3_000);
    const bySums = evaluateGroups(groupsOf(rows, 'quality'), best, { isExpected: false });
    const byRows = evaluateOffPolicy(
      rows.map((row) => ({ ...row, reward: row.qualities[row.chosen] ?? 0 })),
      ({ kind }) => [0, 1, 2].map((arm) => best(kind, arm)),
      { clusterOf: ({ kind }) => kind },
    );
    expect(bySums.samples).toBe(byRows.samples);
    for (const name of ['effectiveSampleSize', 'unsupportedShare'] as const) {
      expect(bySums[name]).toBeCloseTo(byRows[name], 9);
    }
    for (const name of ['snips', 'doublyRobust'] as const) {
      for (const bound of ['mean', 'low90', 'high90'] as const) {
        expect(bySums[name]?.[bound]).toBeCloseTo(byRows[name]?.[bound] ?? Number.NaN, 9);
      }
    }
  });

  test('give the same however the requests are split into groups of a cluster', () => {
    const rows = logOf(createRandom(8), 2_000);
    const halves = [rows.slice(0, 700), rows.slice(700)].flatMap((some) => groupsOf(some, 'quality'));
    const whole = evaluateGroups(groupsOf(rows, 'quality'), best, { isExpected: false });
    const split = evaluateGroups(halves, (group, arm) => best(group % 2, arm), { isExpected: false });
    expect(split.doublyRobust?.mean).toBeCloseTo(whole.doublyRobust?.mean ?? Number.NaN, 9);
    expect(split.doublyRobust?.high90).toBeCloseTo(whole.doublyRobust?.high90 ?? Number.NaN, 9);
  });

  test.each([
    ['quality', (row: Row) => row.qualities],
    ['cost', (row: Row) => row.costs],
  ] as const)('find the %s of another policy, and its 90 %% intervals hold', (measure, read) => {
    let covered = { snips: 0, doublyRobust: 0 };
    const errors: number[] = [];
    const runs = 100;
    for (let seed = 1; seed <= runs; seed += 1) {
      const rows = logOf(createRandom(seed * 101), 2_000);
      const truth = truthOf(rows, read);
      const { snips, doublyRobust } = evaluateGroups(groupsOf(rows, measure), best, {
        isExpected: measure === 'cost',
      });
      const holds = (one: typeof snips) =>
        Number(one !== undefined && one.low90 <= truth && truth <= one.high90);
      covered = {
        snips: covered.snips + holds(snips),
        doublyRobust: covered.doublyRobust + holds(doublyRobust),
      };
      errors.push((doublyRobust?.mean ?? Number.NaN) / truth - 1);
    }
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / runs)).toBeLessThan(0.01);
    expect(covered.snips).toBeGreaterThanOrEqual(82);
    expect(covered.doublyRobust).toBeGreaterThanOrEqual(84);
  });

  test('are closer by what was expected than without', () => {
    const spread = (isExpected: boolean) => {
      let squares = 0;
      for (let seed = 1; seed <= 40; seed += 1) {
        const rows = logOf(createRandom(seed * 77), 1_000);
        const { snips, doublyRobust } = evaluateGroups(groupsOf(rows, 'cost'), best, { isExpected: true });
        squares +=
          (((isExpected ? doublyRobust : snips)?.mean ?? 0) / truthOf(rows, (row) => row.costs) - 1) ** 2;
      }
      return squares;
    };
    expect(spread(true)).toBeLessThan(spread(false));
  });

  test('refuse below fifty effective samples, and where most choices could not have been drawn', () => {
    const thin = evaluateGroups(groupsOf(logOf(createRandom(3), 60), 'quality'), best, { isExpected: false });
    expect(thin.doublyRobust).toBeUndefined();
    expect(thin.snips).toBeUndefined();
    const groups = groupsOf(logOf(createRandom(3), 3_000), 'quality').map((group) => ({
      ...group,
      arms: group.arms.map((arm) => ({ ...arm, supported: group.requests * 0.4 })),
    }));
    const unsupported = evaluateGroups(groups, best, { isExpected: false });
    expect(unsupported.unsupportedShare).toBeCloseTo(0.6, 9);
    expect(unsupported.doublyRobust).toBeUndefined();
  });

  test('of nothing give nothing', () => {
    expect(evaluateGroups([], best, { isExpected: false })).toEqual({
      samples: 0,
      leftOut: 0,
      effectiveSampleSize: 0,
      unsupportedShare: 0,
      snips: undefined,
      doublyRobust: undefined,
    });
    expect(meanOfLogged([])).toBeUndefined();
  });

  test('a cluster that nobody rated is taken to be like the others', () => {
    const rows = logOf(createRandom(5), 4_000).map((row) => ({ ...row, isRated: row.kind === 0 }));
    const { doublyRobust } = evaluateGroups(groupsOf(rows, 'quality'), best, { isExpected: false });
    expect(doublyRobust?.mean).toBeGreaterThan(0.5);
    expect(Number.isFinite(doublyRobust?.high90)).toBe(true);
  });
});

describe('a policy made of what the log taught', () => {
  /** Two models that are equally good, tried sixty times each on a thousand requests; who looks better gets them all. */
  function lucky(random: Random) {
    const outcomes = [0, 1].map(() => Array.from({ length: 1_000 }, () => Number(random() < 0.6)));
    const arms = outcomes.map((some): LoggedArm => {
      const seen = sumOf(some.slice(0, 60).map((outcome) => momentsOf(outcome, 0.06)));
      return { supported: 1_000, chosen: 60, outcomes: seen, errors: seen, scale: 1 };
    });
    const means = arms.map(({ errors }) => errors.sum / errors.count);
    const deviation = Math.sqrt(0.24 / 60);
    // As sure of it as chance allows: a normal cumulative of the difference.
    const margin = ((means[0] ?? 0) - (means[1] ?? 0)) / (deviation * Math.SQRT2);
    const share = 1 / (1 + Math.exp(-1.7 * margin));
    const slope = (1.7 * share * (1 - share)) / (deviation * Math.SQRT2);
    const groups: LoggedGroup[] = [{ cluster: 'one', requests: 1_000, arms }];
    const truths = outcomes.map((some) => some.reduce((sum, outcome) => sum + outcome, 0) / 1_000);
    return {
      groups,
      shares: [share, 1 - share],
      optimism: optimismOf(groups, () => slope),
      truth: share * (truths[0] ?? 0) + (1 - share) * (truths[1] ?? 0),
    };
  }

  test('promises too much, and the correction takes most of that off', () => {
    let promised = 0;
    let corrected = 0;
    const runs = 400;
    for (let seed = 1; seed <= runs; seed += 1) {
      const { groups, shares, optimism, truth } = lucky(createRandom(seed * 13));
      const { doublyRobust } = evaluateGroups(groups, (_, arm) => shares[arm] ?? 0, { isExpected: false });
      promised += ((doublyRobust?.mean ?? Number.NaN) - truth) / runs;
      corrected += ((doublyRobust?.mean ?? Number.NaN) - optimism - truth) / runs;
    }
    expect(promised).toBeGreaterThan(0.01);
    expect(Math.abs(corrected)).toBeLessThan(promised / 2);
  });

  test('promises nothing too much where it asks nobody, or where all is known', () => {
    const { groups } = lucky(createRandom(3));
    expect(optimismOf(groups, () => 0)).toBe(0);
    expect(optimismOf([], () => 1)).toBe(0);
  });
});

test('where costs are expected, fifty answers of a model tell of its cost where weights tell nothing', () => {
  const rows = logOf(createRandom(4), 3_000);
  const groups = groupsOf(rows, 'cost').map((group) => ({
    ...group,
    arms: group.arms.map((arm) => ({ ...arm, supported: 0.1 * group.requests })),
  }));
  const told = evaluateGroups(groups, best, { isExpected: true });
  expect(told.unsupportedShare).toBeCloseTo(0.9, 9);
  expect(told.snips).toBeUndefined();
  const truth = truthOf(rows, (row) => row.costs);
  expect(told.doublyRobust?.low90).toBeLessThan(truth);
  expect(told.doublyRobust?.high90).toBeGreaterThan(truth);
  const few = groupsOf(rows.slice(0, 100), 'cost').map((group) => ({
    ...group,
    arms: group.arms.map((arm) => ({ ...arm, supported: 0.1 * group.requests })),
  }));
  expect(evaluateGroups(few, best, { isExpected: true }).doublyRobust).toBeUndefined();
});

describe('what was chosen itself', () => {
  test('is known where all of it is rated', () => {
    const rows = logOf(createRandom(9), 1_000);
    const mean = rows.reduce((sum, row) => sum + (row.qualities[row.chosen] ?? 0), 0) / rows.length;
    const logged = meanOfLogged(groupsOf(rows, 'quality'));
    expect(logged?.mean).toBeCloseTo(mean, 9);
    expect(logged?.low90).toBeCloseTo(mean, 9);
  });

  test('has an interval that holds where a tenth is rated', () => {
    let covered = 0;
    for (let seed = 1; seed <= 100; seed += 1) {
      const rows = logOf(createRandom(seed * 31), 2_000, 0.1);
      const truth = rows.reduce((sum, row) => sum + (row.qualities[row.chosen] ?? 0), 0) / rows.length;
      const logged = meanOfLogged(groupsOf(rows, 'quality'));
      covered += Number(logged !== undefined && logged.low90 <= truth && truth <= logged.high90);
    }
    expect(covered).toBeGreaterThanOrEqual(84);
  });
});

test('moments of a line are the line of the moments', () => {
  const outcomes = [0.25, 1, 0.5];
  const plain = sumOf(outcomes.map((outcome, index) => momentsOf(outcome, 0.5 / (index + 1))));
  const moved = sumOf(outcomes.map((outcome, index) => momentsOf(2 * outcome - 3, 0.5 / (index + 1))));
  const found = transformedMoments(plain, 2, -3);
  for (const name of Object.keys(moved) as (keyof Moments)[]) expect(found[name]).toBeCloseTo(moved[name], 9);
});
