import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { quality } from '../learning/evidence.ts';
import { chatModel, choiceInput, priceOf, profileOf } from './candidates.ts';

const MODELS = ['old', 'older', 'oldest', 'new'].map((id) => chatModel(id));
const shareOf = (ranking: readonly { modelId: string; propensity: number }[], modelId: string) =>
  ranking.find((arm) => arm.modelId === modelId)?.propensity ?? Number.NaN;

describe('an untried model', () => {
  test('gets at most a quarter, however good it is thought to be, and all it is worth after ten outcomes', () => {
    const learner = createLearner({
      models: MODELS,
      random: createRandom(1),
      prior: { deviationOf: (_, modelId) => (modelId === 'new' ? 0.3 : undefined) },
    });
    for (const id of ['old', 'older', 'oldest']) learner.apply(quality(id, 'translation', 50, 50));
    const input = choiceInput(MODELS, { learner, strategy: BUILT_IN_STRATEGIES.quality });
    const capped = decide(input).ranking;
    expect(shareOf(capped, 'new')).toBeLessThanOrEqual(0.25 * 0.98 + 0.02);
    expect(shareOf(capped, 'new')).toBeGreaterThan(0.2);
    expect(capped.reduce((sum, arm) => sum + arm.propensity, 0)).toBeCloseTo(1, 12);
    learner.apply(quality('new', 'translation', 10, 0));
    expect(shareOf(decide(input).ranking, 'new')).toBeGreaterThan(0.9);
  });

  test('is not capped where nobody is tried', () => {
    const models = [chatModel('cheap'), chatModel('dear', [priceOf(30, 90)])];
    const { ranking } = decide(choiceInput(models));
    expect(shareOf(ranking, 'cheap')).toBeGreaterThan(0.8);
  });
});

describe('where the task is not recognised', () => {
  const models = [
    chatModel('cheap', [priceOf(0.1, 0.1)]),
    chatModel('good', [priceOf(1, 4)]),
    chatModel('best', [priceOf(3, 9)]),
  ];
  const profile = profileOf({ task: 'unknown' });

  test('the cheapest model is no guess: it gets the floor at most, stands last, and is not the greedy choice', () => {
    for (const explore of [true, false]) {
      const { ranking } = decide(choiceInput(models, { profile, explore }));
      expect(shareOf(ranking, 'cheap')).toBeLessThanOrEqual(0.02);
      if (!explore) expect(ranking.at(-1)?.modelId).toBe('cheap');
    }
  });

  test('once it is tried, on any task, it is a candidate like the others', () => {
    const learner = createLearner({ models, random: createRandom(1) });
    learner.apply(quality('cheap', 'translation', 18, 2));
    learner.apply(quality('good', 'translation', 10, 10));
    learner.apply(quality('best', 'translation', 10, 10));
    expect(shareOf(decide(choiceInput(models, { profile, learner })).ranking, 'cheap')).toBeGreaterThan(0.3);
  });

  test('who asks for cheap answers gets them, and a named model is not second-guessed', () => {
    const price = decide(
      choiceInput(models, { profile, strategy: BUILT_IN_STRATEGIES.price, explore: false }),
    );
    expect(price.ranking[0]?.modelId).toBe('cheap');
    // Worth so little that the cheapest is the best value, and still enough for the safe side.
    const strategy = { ...BUILT_IN_STRATEGIES.balanced, valueOfQualityUsd: 0.011 };
    const explicit = decide(choiceInput(models, { profile, strategy, isExplicit: true, explore: false }));
    expect(explicit.ranking[0]?.modelId).toBe('cheap');
  });
});
