import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createTrials, readTrials } from '../../../src/core/choice/trials.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { quality } from '../learning/evidence.ts';
import { chatModel, choiceInput, FREE, priceOf, profileOf } from './candidates.ts';

describe('a trial', () => {
  test('is over when its requests are used up, and others count for nothing', () => {
    const trials = createTrials();
    expect(trials.running()).toBeUndefined();
    trials.start('ill', 3);
    expect([...(trials.running() ?? [])]).toEqual(['ill']);
    for (const id of ['ill', 'well', 'ill']) trials.chosen(id);
    expect(trials.trialOf('ill')).toEqual({ requests: 3, remaining: 1 });
    trials.chosen('ill');
    expect(trials.trialOf('ill')).toBeUndefined();
    expect(trials.running()).toBeUndefined();
  });

  test('of a model that left the catalogue is over', () => {
    const trials = createTrials();
    trials.start('ill', 3);
    trials.start('stays', 3);
    trials.setModels([chatModel('stays'), chatModel('new')]);
    expect(trials.running()).toEqual(new Set(['stays']));
    trials.setModels([]);
    expect(trials.running()).toBeUndefined();
  });

  test('is found again after a restart, and nothing that makes no sense', () => {
    const trials = createTrials();
    trials.start('ill', 3);
    trials.chosen('ill');
    const states = readTrials(JSON.stringify(trials.states()));
    expect(states).toEqual({ ill: { requests: 3, remaining: 2 } });
    expect(createTrials(states).running()).toEqual(new Set(['ill']));
    const odd = { a: { requests: 1, remaining: 2 }, b: { requests: 1.5, remaining: 1 }, c: null, d: {} };
    expect(readTrials(JSON.stringify(odd))).toEqual({});
    for (const text of ['', 'null', '[', '3']) expect(readTrials(text)).toEqual({});
  });
});

describe('a model on trial', () => {
  const models = [chatModel('well'), chatModel('ill', [FREE, priceOf(9, 9)])];
  const learner = createLearner({ models, random: createRandom(1) });
  learner.apply(quality('well', 'translation', 190, 10));
  learner.apply(quality('ill', 'translation', 10, 190));
  const trials = new Set(['ill']);
  const shareOf = (details: object) => {
    const { ranking } = decide(choiceInput(models, { learner, ...details }));
    expect(ranking.reduce((sum, arm) => sum + arm.propensity, 0)).toBeCloseTo(1, 12);
    return ranking
      .filter(({ modelId }) => modelId === 'ill')
      .reduce((sum, { propensity }) => sum + propensity, 0);
  };

  test('gets a tenth, whatever is believed of it, by its best endpoint', () => {
    expect(shareOf({})).toBe(0);
    expect(shareOf({ trials })).toBeCloseTo(0.1, 12);
    const { ranking, circumstances } = decide(choiceInput(models, { learner, trials }));
    expect(ranking.find(({ endpointId }) => endpointId === 'p1/ill')?.propensity).toBe(0);
    expect(circumstances).toMatchObject({ trials: ['ill'] });
  });

  test('is as often chosen as its propensity says', () => {
    const random = createRandom(3);
    let chosen = 0;
    for (let at = 0; at < 4000; at += 1) {
      if (decide(choiceInput(models, { learner, trials, random })).ranking[0]?.modelId === 'ill') chosen += 1;
    }
    // Four standard errors.
    expect(Math.abs(chosen - 400)).toBeLessThan(4 * Math.sqrt(4000 * 0.1 * 0.9));
  });

  test("is not held back by a strategy's floor, but by the client's", () => {
    const strategy = { ...BUILT_IN_STRATEGIES.balanced, minQuality: 0.5 };
    expect(shareOf({ trials, strategy })).toBeCloseTo(0.1, 12);
    expect(shareOf({ trials, strategy, limits: { minQuality: 0.5 } })).toBe(0);
  });

  test('gets nothing where nothing is explored', () => {
    expect(shareOf({ trials, explore: false })).toBe(0);
  });
});

describe('the cap on an untried model', () => {
  test('holds for all its endpoints together, also where there are only two models', () => {
    const models = [chatModel('old'), chatModel('new', [FREE, FREE, FREE])];
    const learner = createLearner({
      models,
      random: createRandom(1),
      prior: { deviationOf: (_, id) => (id === 'new' ? 0.3 : -0.2) },
    });
    learner.apply(quality('old', 'translation', 5, 95));
    const { ranking } = decide(choiceInput(models, { learner }));
    const share = ranking
      .filter(({ modelId }) => modelId === 'new')
      .reduce((sum, { propensity }) => sum + propensity, 0);
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThanOrEqual(0.25 * 0.98 + 0.02);
  });

  test('is a bound on every choice: made at once, before one has its outcome, they do not add up to more', () => {
    const models = ['old', 'older', 'oldest', 'new'].map((id) => chatModel(id));
    const learner = createLearner({
      models,
      random: createRandom(1),
      prior: { deviationOf: (_, id) => (id === 'new' ? 0.3 : undefined) },
    });
    for (const id of ['old', 'older', 'oldest']) learner.apply(quality(id, 'translation', 20, 80));
    const random = createRandom(11);
    let chosen = 0;
    for (let at = 0; at < 2000; at += 1) {
      const { ranking } = decide(choiceInput(models, { learner, random, profile: profileOf() }));
      if (ranking[0]?.modelId === 'new') chosen += 1;
    }
    const bound = 0.25 * 0.98 + 0.02;
    expect(chosen).toBeLessThan(2000 * bound + 4 * Math.sqrt(2000 * bound * (1 - bound)));
    expect(chosen).toBeGreaterThan(2000 * 0.2);
  });
});
