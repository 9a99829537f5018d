import { describe, expect, test } from 'vitest';
import {
  evaluateOffPolicy,
  hindsightPredictions,
  type LoggedChoice,
} from '../../../src/core/learning/off-policy.ts';
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
}

function logOf(random: Random, count: number, predictionOf: (kind: number, arm: number) => number): Row[] {
  return Array.from({ length: count }, () => {
    const kind = random() < 0.3 ? 1 : 0;
    const propensities = PROPENSITIES[kind] ?? [];
    let chosen = 0;
    let remaining = random() - (propensities[0] ?? 0);
    while (remaining > 0 && chosen < 2) {
      chosen += 1;
      remaining -= propensities[chosen] ?? 0;
    }
    const reward = random() < (TRUTH[kind]?.[chosen] ?? 0) ? 1 : 0;
    return {
      kind,
      propensities,
      predictions: [0, 1, 2].map((arm) => predictionOf(kind, arm)),
      chosen,
      reward,
    };
  });
}

const best = ({ kind }: Row) => [0, 1, 2].map((arm) => (arm === BEST[kind] ? 1 : 0));
const TRUE_VALUE = 0.7 * 0.9 + 0.3 * 0.8;
const known = (kind: number, arm: number) => TRUTH[kind]?.[arm] ?? 0;
const wrong = () => 0.5;

describe('the best arm per kind, from a log that prefers others, 300 logs of 2,000', () => {
  for (const [name, prediction] of [
    ['with true predictions', known],
    ['with useless ones', wrong],
  ] as const) {
    test(`is found by both, and 90 % intervals hold nine times in ten, ${name}`, () => {
      const errors = { snips: 0, doublyRobust: 0 };
      const covered = { snips: 0, doublyRobust: 0 };
      const widths = { snips: 0, doublyRobust: 0 };
      for (let seed = 1; seed <= 300; seed += 1) {
        const result = evaluateOffPolicy(logOf(createRandom(seed), 2000, prediction), best);
        for (const kind of ['snips', 'doublyRobust'] as const) {
          const { mean, low90, high90 } = result[kind] ?? { mean: Number.NaN, low90: 0, high90: 0 };
          errors[kind] += (mean - TRUE_VALUE) / 300;
          widths[kind] += (high90 - low90) / 300;
          if (low90 <= TRUE_VALUE && TRUE_VALUE <= high90) covered[kind] += 1 / 300;
        }
      }
      for (const kind of ['snips', 'doublyRobust'] as const) {
        expect(Math.abs(errors[kind])).toBeLessThan(0.004);
        expect(covered[kind]).toBeGreaterThan(0.86);
        expect(covered[kind]).toBeLessThan(0.94);
      }
      if (prediction === known) expect(widths.doublyRobust).toBeLessThan(widths.snips);
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

describe('thin support', () => {
  test('below 50 effective choices there is no estimate, from 50 on there is', () => {
    const row = { kind: 0, propensities: [0.5, 0.5, 0], predictions: [0, 0, 0], chosen: 0, reward: 1 };
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

  test('choices that the log could not make are counted, and stand at their prediction', () => {
    const supported = {
      kind: 0,
      propensities: [1, 0, 0],
      predictions: [0.5, 0.5, 0.5],
      chosen: 0,
      reward: 1,
    };
    const unsupported = {
      kind: 1,
      propensities: [1, 0, 0],
      predictions: [0.5, 0.5, 0.1],
      chosen: 0,
      reward: 1,
    };
    const rows = [
      ...Array.from({ length: 300 }, () => supported),
      ...Array.from({ length: 100 }, () => unsupported),
    ];
    const result = evaluateOffPolicy(rows, best);
    expect(result.unsupportedShare).toBeCloseTo(0.25, 12);
    expect(result.snips?.mean).toBeCloseTo(1, 12);
    // .75 of the value 1 of what was tried, .25 of the prediction .1.
    expect(result.doublyRobust?.mean).toBeCloseTo(0.775, 12);
  });
});

test('rows that make no sense are left out', () => {
  const rows = logOf(createRandom(2), 500, known);
  const broken = rows.slice(0, 4).map((row, index) => {
    if (index === 0) return { ...row, reward: Number.NaN };
    if (index === 1) return { ...row, propensities: [0, 0, 0] };
    if (index === 2) return { ...row, predictions: [] };
    return { ...row, chosen: 17 };
  });
  expect(evaluateOffPolicy([...broken, ...rows], best)).toEqual(evaluateOffPolicy(rows, best));
});

describe('predictions in hindsight', () => {
  test('are means by cluster and arm, leaning on the cluster by five rewards', () => {
    const row = (kind: number, chosen: number, reward: number): Row => ({
      kind,
      propensities: [0.5, 0.5, 0],
      predictions: [0, 0, 0],
      chosen,
      reward,
    });
    const log = [
      ...Array.from({ length: 15 }, () => row(0, 0, 1)),
      ...Array.from({ length: 5 }, () => row(0, 1, 0)),
    ];
    const predict = hindsightPredictions(
      [...log, row(1, 0, 0.25), row(1, 1, Number.NaN), row(1, 2, 1)],
      ({ kind }) => kind,
    );
    const first = predict(row(0, 2, 0));
    expect([...Array.from(first)]).toEqual(
      [(15 + 5 * 0.75) / 20, (5 * 0.75) / 10, 0.75].map((mean) => expect.closeTo(mean, 12)),
    );
    expect(predict(row(1, 0, 0))[1]).toBeCloseTo(0.25, 12);
    // Nothing is known of a cluster that the log does not have.
    expect(Array.from(predict(row(7, 0, 0)))).toEqual([0, 0, 0]);
  });

  test('keep the doubly robust estimate near the truth where the early predictions were wrong and the log had no choice', () => {
    let [early, late] = [0, 0];
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = createRandom(seed);
      // In its first fifth the log never chooses what is best, and expects nothing of it.
      const log = logOf(random, 2000, known).map((row, index) =>
        index < 400
          ? {
              ...row,
              propensities: [0, 1, 0],
              chosen: 1,
              reward: random() < 0.45 ? 1 : 0,
              predictions: [0, 0.5, 0],
            }
          : row,
      );
      const predict = hindsightPredictions(log, ({ kind }) => kind);
      early += (evaluateOffPolicy(log, best).doublyRobust?.mean ?? 0) / 20;
      late +=
        (evaluateOffPolicy(
          log.map((row) => ({ ...row, predictions: predict(row) })),
          best,
        ).doublyRobust?.mean ?? 0) / 20;
    }
    expect(Math.abs(early - TRUE_VALUE)).toBeGreaterThan(0.1);
    expect(Math.abs(late - TRUE_VALUE)).toBeLessThan(0.03);
  });
});
