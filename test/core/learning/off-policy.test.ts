import { describe, expect, test } from 'vitest';
import type { LoggedChoice } from '../../../src/core/learning/logged-choice.ts';
import { evaluateOffPolicy } from '../../../src/core/learning/off-policy.ts';
import { createRandom, type Random } from '../../../src/core/learning/random.ts';

/** Quality by kind of request and arm: the better arm depends on the kind, and the log prefers the worse. */
const TRUTH = [
  [0.9, 0.5, 0.2],
  [0.3, 0.4, 0.8],
];
const PROPENSITIES = [
  [0.1, 0.6, 0.3],
  [0.5, 0.4, 0.1],
];
const BEST = [0, 2];

interface Row extends LoggedChoice {
  readonly kind: number;
  /** What every arm would have got. */
  readonly outcomes: readonly number[];
}

function logOf(random: Random, count: number, predictionOf?: (kind: number, arm: number) => number): Row[] {
  return Array.from({ length: count }, () => {
    const kind = random() < 0.3 ? 1 : 0;
    const propensities = PROPENSITIES[kind] ?? [];
    let chosen = 0;
    let remaining = random() - (propensities[0] ?? 0);
    while (remaining > 0 && chosen < 2) {
      chosen += 1;
      remaining -= propensities[chosen] ?? 0;
    }
    const outcomes = [0, 1, 2].map((arm) => (random() < (TRUTH[kind]?.[arm] ?? 0) ? 1 : 0));
    return {
      kind,
      propensities,
      predictions: predictionOf && [0, 1, 2].map((arm) => predictionOf(kind, arm)),
      chosen,
      reward: outcomes[chosen] ?? 0,
      outcomes,
    };
  });
}

/** Thompson sampling of three arms that are nearly alike: it settles on any of them. */
function learnerLog(random: Random, count: number): Row[] {
  const wins = [1, 1, 1];
  const losses = [1, 1, 1];
  const levels = [0.75, 0.73, 0.7];
  return Array.from({ length: count }, () => {
    const shares = [0, 0, 0];
    for (let draw = 0; draw < 16; draw += 1) {
      const drawn = [0, 1, 2].map((arm) => {
        const [won, lost] = [wins[arm] ?? 1, losses[arm] ?? 1];
        const spread = Math.sqrt((won * lost) / ((won + lost) ** 2 * (won + lost + 1)));
        return won / (won + lost) + spread * (random() + random() + random() - 1.5) * 2;
      });
      const winner = drawn.indexOf(Math.max(...drawn));
      shares[winner] = (shares[winner] ?? 0) + 1 / 16;
    }
    const propensities = shares.map((share) => 0.98 * share + 0.02 / 3);
    let chosen = 0;
    let remaining = random() - (propensities[0] ?? 0);
    while (remaining > 0 && chosen < 2) {
      chosen += 1;
      remaining -= propensities[chosen] ?? 0;
    }
    const outcomes = levels.map((level) => (random() < level ? 1 : 0));
    const reward = outcomes[chosen] ?? 0;
    wins[chosen] = (wins[chosen] ?? 0) + reward;
    losses[chosen] = (losses[chosen] ?? 0) + 1 - reward;
    return { kind: 0, propensities, chosen, reward, outcomes };
  });
}

const best = ({ kind }: Row) => [0, 1, 2].map((arm) => (arm === BEST[kind] ? 1 : 0));
const clusterOf = ({ kind }: Row) => kind;
/** What the best arms would have achieved on these very requests. */
const truthOf = (log: readonly Row[]) =>
  log.reduce((sum, { outcomes, kind }) => sum + (outcomes[BEST[kind] ?? 0] ?? 0), 0) / log.length;
const known = (kind: number, arm: number) => TRUTH[kind]?.[arm] ?? 0;
const wrong = () => 0.5;

describe('the best arm per kind, from a log that prefers others, 300 logs of 2,000', () => {
  for (const [name, prediction] of [
    ['with true predictions', known],
    ['with useless ones', wrong],
    ['with the means of their kinds', undefined],
  ] as const) {
    test(`is found by both, and 90 % intervals hold nine times in ten, ${name}`, () => {
      const errors = { snips: 0, doublyRobust: 0 };
      const covered = { snips: 0, doublyRobust: 0 };
      const widths = { snips: 0, doublyRobust: 0 };
      for (let seed = 1; seed <= 300; seed += 1) {
        const log = logOf(createRandom(seed), 2000, prediction);
        const truth = truthOf(log);
        const result = evaluateOffPolicy(log, best, { clusterOf });
        for (const kind of ['snips', 'doublyRobust'] as const) {
          const { mean, low90, high90 } = result[kind] ?? { mean: Number.NaN, low90: 0, high90: 0 };
          errors[kind] += (mean - truth) / 300;
          widths[kind] += (high90 - low90) / 300;
          if (low90 <= truth && truth <= high90) covered[kind] += 1 / 300;
        }
      }
      expect(Math.abs(errors.snips)).toBeLessThan(0.004);
      expect(Math.abs(errors.doublyRobust)).toBeLessThan(0.004);
      // SNIPS's interval allows for more than this log has: thin cells.
      expect(covered.snips).toBeGreaterThan(0.86);
      expect(covered.doublyRobust).toBeGreaterThan(0.86);
      expect(covered.doublyRobust).toBeLessThan(0.94);
      expect(widths.doublyRobust).toBeLessThan(widths.snips);
    });
  }

  test('what the log itself did is its own mean, with every choice effective', () => {
    const rows = logOf(createRandom(1), 2000, known);
    const result = evaluateOffPolicy(rows, ({ propensities }) => propensities);
    const mean = rows.reduce((sum, { reward }) => sum + reward, 0) / 2000;
    expect(result.snips?.mean).toBeCloseTo(mean, 12);
    expect(result.effectiveSampleSize).toBeCloseTo(2000, 6);
    expect(result.unsupportedShare).toBe(0);
  });
});

describe('a router that leaves arms after a few unlucky outcomes, 150 logs of 1,500', () => {
  test('is estimated no worse than by SNIPS, and the interval allows for it', () => {
    const errors = { snips: [] as number[], doublyRobust: [] as number[] };
    let covered = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const log = learnerLog(createRandom(seed), 1500);
      const truth = log.reduce((sum, { outcomes }) => sum + (outcomes[0] ?? 0), 0) / log.length;
      const result = evaluateOffPolicy(log, () => [1, 0, 0], { clusterOf });
      if (result.snips === undefined || result.doublyRobust === undefined) continue;
      errors.snips.push(Math.abs(result.snips.mean - truth));
      errors.doublyRobust.push(Math.abs(result.doublyRobust.mean - truth));
      const { low90, high90 } = result.doublyRobust;
      if (low90 <= truth && truth <= high90) covered += 1;
    }
    const meanOf = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(errors.snips.length).toBeGreaterThan(100);
    expect(meanOf(errors.doublyRobust)).toBeLessThan(meanOf(errors.snips));
    expect(covered / errors.snips.length).toBeGreaterThan(0.86);
  });
});

describe('thin support', () => {
  test('below 50 effective choices there is no estimate, from 50 on there is', () => {
    const row: Row = { kind: 0, propensities: [0.5, 0.5, 0], chosen: 0, reward: 1, outcomes: [1, 0, 0] };
    const rows = (count: number) => Array.from({ length: count }, () => row);
    const refused = evaluateOffPolicy(rows(49), best);
    expect(refused).toMatchObject({ samples: 49, snips: undefined, doublyRobust: undefined });
    expect(refused.effectiveSampleSize).toBeCloseTo(49, 9);
    expect(evaluateOffPolicy(rows(50), best).snips?.mean).toBeCloseTo(1, 12);
    // A thousand choices of another arm add nothing.
    const others = Array.from({ length: 1000 }, () => ({ ...row, chosen: 1 }));
    expect(evaluateOffPolicy([...rows(49), ...others], best).snips).toBeUndefined();
    expect(evaluateOffPolicy([], best)).toMatchObject({
      samples: 0,
      effectiveSampleSize: 0,
      unsupportedShare: 0,
    });
  });

  test('choices that the log could not make are counted, and stand at what is known of their arm, with doubt', () => {
    const supported = {
      kind: 0,
      propensities: [1, 0, 0],
      predictions: [0.5, 0.5, 0.1],
      chosen: 0,
      reward: 1,
    };
    const rows = Array.from({ length: 400 }, (_, index) => ({ ...supported, kind: index < 300 ? 0 : 1 }));
    const { unsupportedShare, snips, doublyRobust } = evaluateOffPolicy(
      rows,
      ({ kind }) => (kind === 0 ? [1, 0, 0] : [0, 0, 1]),
      { clusterOf: ({ kind }) => kind },
    );
    expect(unsupportedShare).toBeCloseTo(0.25, 12);
    expect(snips?.mean).toBeCloseTo(1, 12);
    // .75 of the value 1 of what was tried, all but 15/315 of 1 − g of it, and .25 of the prediction .1.
    const doubt = 400 / (300 ** 2 + 400);
    const leaning = (0.5 * 15) / 315;
    expect(doublyRobust?.mean).toBeCloseTo(0.75 * (1 - leaning * doubt) + 0.025, 9);
    // An arm of which nothing is known may be off by δ = .1.
    const half = ((doublyRobust?.high90 ?? 0) - (doublyRobust?.low90 ?? 0)) / 2;
    expect(half).toBeGreaterThan(1.64 * 0.1 * 0.25);
    const wider = evaluateOffPolicy(rows, ({ kind }) => (kind === 0 ? [1, 0, 0] : [0, 0, 1]), {
      clusterOf: ({ kind }) => kind,
      armDeviation: 0.5,
    }).doublyRobust;
    expect(((wider?.high90 ?? 0) - (wider?.low90 ?? 0)) / 2).toBeGreaterThan(1.2 * half);
  });
});

test('choices that nobody was free to make are left out', () => {
  const rows = logOf(createRandom(3), 500, known);
  const forced = ['sticky', 'explicit', 'judge'].map((reason) => ({
    ...(rows[0] as Row),
    propensities: [1, 0, 0],
    chosen: 0,
    reward: 0,
    reason,
  }));
  const free = rows.map((row) => ({ ...row, reason: 'explore' }));
  const result = evaluateOffPolicy([...forced, ...free], best, { clusterOf });
  expect(result).toEqual({ ...evaluateOffPolicy(rows, best, { clusterOf }), leftOut: 3 });
});

test('rows that make no sense are left out and counted', () => {
  const rows = logOf(createRandom(2), 500, known);
  const whole = evaluateOffPolicy(rows, best, { clusterOf });
  const row = rows[0] as Row;
  const broken: Row[] = [
    { ...row, reward: Number.NaN },
    { ...row, propensities: [0, 0, 0] },
    { ...row, propensities: [1e-300, 1e-300, 1e-300] },
    { ...row, propensities: [7, 7, 7] },
    { ...row, predictions: [] },
    { ...row, chosen: 17 },
    { ...row, chosen: 0.5 },
    { ...row, chosen: -1 },
  ];
  expect(evaluateOffPolicy([...broken, ...rows], best, { clusterOf })).toEqual({ ...whole, leftOut: 8 });
  const strange = evaluateOffPolicy(rows, () => [Number.NaN, 1, 0], { clusterOf });
  expect(strange).toMatchObject({
    samples: 0,
    leftOut: 500,
    effectiveSampleSize: 0,
    doublyRobust: undefined,
  });
});
