import { expect, test } from 'vitest';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { measured, quality } from '../learning/evidence.ts';
import { chatModel, choiceInput, profileOf } from './candidates.ts';

const MODELS = [chatModel('one'), chatModel('other')];
const TASK = 'translation';
const STRATEGY = { ...BUILT_IN_STRATEGIES.quality, valueOfSecondUsd: 0 };

/** `one` leads, and it is far from sure; 10,000 answers, of which so many have a label. */
function decided(labels: number, drawn: number | undefined) {
  const learner = createLearner({ models: MODELS, random: createRandom(1) });
  learner.apply(quality('one', TASK, 0.72 * labels, 0.28 * labels));
  learner.apply(quality('other', TASK, 7, 4));
  learner.apply(measured('tokens', 'one', TASK, 100, 10_000));
  return decide(
    choiceInput(MODELS, {
      learner,
      random: createRandom(2),
      strategy: STRATEGY,
      profile: profileOf({ task: TASK }),
      judging: drawn === undefined ? undefined : { share: 0.1, drawn, weight: 0.5 },
    }),
  );
}

const shareOf = (decision: ReturnType<typeof decided>, id: string) =>
  decision.ranking.find(({ modelId }) => modelId === id)?.propensity ?? Number.NaN;

test('where hardly an answer is labelled, models are tried on those that will be judged, and on those alone', () => {
  const usual = shareOf(decided(100, undefined), 'other');
  expect(usual).toBeGreaterThan(0.1);
  const judged = decided(100, 0.01);
  expect(judged.judgedWith).toBeGreaterThan(0.1);
  expect(shareOf(judged, 'other')).toBe(usual);
  const left = decided(100, 0.9);
  expect(left.judgedWith).toBe(0);
  expect(shareOf(left, 'other')).toBeCloseTo(0.01, 2);
  expect(shareOf(left, 'other') + shareOf(left, 'one')).toBeCloseTo(1, 12);
});

test('where labels are plenty they are tried everywhere', () => {
  expect(shareOf(decided(5000, 0.9), 'other')).toBe(shareOf(decided(5000, undefined), 'other'));
});

test('the less is known of the model in the lead, the more often its answer is judged', () => {
  const probabilities = [0, 10, 100, 1000].map((labels) => decided(labels, 0).judgedWith ?? 0);
  expect(probabilities).toEqual([...probabilities].sort((one, other) => other - one));
  expect(probabilities[3]).toBeCloseTo(0.1, 1);
});
