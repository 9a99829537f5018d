import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { quality } from '../learning/evidence.ts';
import { chatModel, choiceInput, FREE, priceOf } from './candidates.ts';

const models = [chatModel('good', [FREE, priceOf(1, 1)]), chatModel('fair'), chatModel('poor')];
const learner = createLearner({ models, random: createRandom(1) });
learner.apply(quality('good', 'translation', 190, 10));
learner.apply(quality('fair', 'translation', 150, 50));
learner.apply(quality('poor', 'translation', 60, 140));

const sharesOf = (details: object): Record<string, number> => {
  const { ranking } = decide(choiceInput(models, { learner, ...details }));
  const shares: Record<string, number> = {};
  for (const { modelId, propensity } of ranking) shares[modelId] = (shares[modelId] ?? 0) + propensity;
  expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  return shares;
};
const caps = (modelToCap: object) => new Map(Object.entries(modelToCap));

test('all endpoints of a model together get no more than its cap, and who has room takes the rest', () => {
  expect(sharesOf({}).good).toBeGreaterThan(0.9);
  const shares = sharesOf({ caps: caps({ good: 0.3 }) });
  expect(shares.good).toBeCloseTo(0.3, 12);
  expect(shares.fair).toBeGreaterThan(0.69);
});

test('who takes over is held to its own cap too', () => {
  const shares = sharesOf({ caps: caps({ good: 0.3, fair: 0.2 }) });
  expect(shares.good).toBeCloseTo(0.3, 12);
  expect(shares.fair).toBeCloseTo(0.2, 12);
  expect(shares.poor).toBeCloseTo(0.5, 12);
});

test('a cap that is not reached changes nothing', () => {
  const input = { random: createRandom(7) };
  const before = decide(choiceInput(models, { learner, ...input }));
  const capped = decide(choiceInput(models, { learner, random: createRandom(7), caps: caps({ poor: 0.9 }) }));
  expect(capped.ranking.map(({ propensity }) => propensity)).toEqual(
    before.ranking.map(({ propensity }) => propensity),
  );
  expect(capped.circumstances).toBeUndefined();
});

test('somebody has to answer: caps that leave too little are shared out in proportion', () => {
  const shares = sharesOf({ caps: caps({ good: 0.2, fair: 0.1, poor: 0.1 }) });
  expect(shares.good).toBeGreaterThan(shares.fair ?? 1);
  const none = sharesOf({ caps: caps({ good: 0, fair: 0, poor: 0 }) });
  for (const id of ['good', 'fair', 'poor']) expect(none[id]).toBeGreaterThan(0);
});

test('the probability told is the one it is chosen with', () => {
  const random = createRandom(3);
  let first = 0;
  for (let turn = 0; turn < 4_000; turn += 1) {
    const { ranking } = decide(choiceInput(models, { learner, random, caps: caps({ good: 0.25 }) }));
    if (ranking[0]?.modelId === 'good') first += 1;
  }
  // Four standard errors.
  expect(Math.abs(first / 4_000 - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4_000));
});

test.each(['priority', 'cascade', 'balanced'] as const)(
  'an order that is no draw becomes one: %s',
  (kind) => {
    const strategy = BUILT_IN_STRATEGIES[kind];
    const details = { strategy, explore: false, caps: caps({ good: 0.25 }) };
    const random = createRandom(5);
    const plain = decide(choiceInput(models, { learner, ...details, caps: undefined }));
    const top = plain.ranking[0]?.modelId ?? '';
    const counts: Record<string, number> = {};
    for (let turn = 0; turn < 1_000; turn += 1) {
      const decision = decide(
        choiceInput(models, { learner, ...details, random, caps: caps({ [top]: 0.25 }) }),
      );
      const chosen = decision.ranking[0]?.modelId ?? '';
      counts[chosen] = (counts[chosen] ?? 0) + 1;
      expect(decision.circumstances?.capped).toEqual([top]);
      expect(decision.isDrawn).toBe(true);
      expect(decision.ranking[0]?.propensity).toBeCloseTo(chosen === top ? 0.25 : 0.75, 12);
    }
    expect(Object.keys(counts)).toHaveLength(2);
    expect(counts[top]).toBeGreaterThan(190);
    expect(counts[top]).toBeLessThan(310);
  },
);

describe('what a cap does not hold for', () => {
  test('a model that the client named', () => {
    expect(sharesOf({ caps: caps({ good: 0, fair: 0, poor: 0.1 }), isExplicit: true }).good).toBeGreaterThan(
      0.9,
    );
  });

  test('a conversation that stays, unless the model is to get nothing any more', () => {
    const [endpoint] = models[0]?.endpoints ?? [];
    const staying = { endpointId: endpoint?.id ?? '', warmCacheUsd: 1 };
    const reasonUnder = (cap: number) =>
      decide(choiceInput(models, { learner, staying, caps: caps({ good: cap }) })).reason;
    expect(reasonUnder(0.1)).toBe('sticky');
    expect(reasonUnder(0)).not.toBe('sticky');
    expect(sharesOf({ staying, caps: caps({ good: 0 }) }).good).toBe(0);
  });

  test('a trial is held to it', () => {
    const trials = new Set(['poor']);
    expect(sharesOf({ trials }).poor).toBeGreaterThan(0.09);
    expect(sharesOf({ trials, caps: caps({ poor: 0.02 }) }).poor).toBeCloseTo(0.02, 12);
  });
});
