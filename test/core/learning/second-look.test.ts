import { expect, test } from 'vitest';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { createSecondLooks, type SecondLooks } from '../../../src/core/learning/second-look.ts';
import { chatModel } from '../choice/candidates.ts';
import { quality } from './evidence.ts';

/** Outcomes of models so many at a time; the numbers of outcomes after which a look came. */
function looksIn(looks: SecondLooks, outcomes: number, modelOf: (outcome: number) => number): number[] {
  const times: number[] = [];
  for (let outcome = 1; outcome <= outcomes; outcome += 1) {
    looks.hear(modelOf(outcome));
    if (looks.next() >= 0) times.push(outcome);
  }
  return times;
}

test('comes 1,000 outcomes after the change, then every 2,000', () => {
  const looks = createSecondLooks();
  looks.begin(3);
  expect(looksIn(looks, 16_000, () => 1)).toEqual([1000, 3000, 5000, 7000, 9000, 11_000, 13_000, 15_000]);
});

test('stays away from a model that is in use, and from all where nothing changed', () => {
  const looks = createSecondLooks();
  expect(looksIn(looks, 5000, () => 1)).toEqual([]);
  looks.begin(3);
  expect(looksIn(looks, 9000, (outcome) => (outcome % 20 === 0 ? 3 : 1))).toEqual([]);
});

test('an epoch that a look opened does not start the series anew; another change of another model has its own', () => {
  const looks = createSecondLooks();
  looks.begin(20);
  const seen: [number, number][] = [];
  for (let outcome = 1; outcome <= 4000; outcome += 1) {
    looks.hear(0);
    if (outcome === 500) looks.begin(2);
    for (let model = looks.next(); model >= 0; model = looks.next()) {
      seen.push([outcome, model]);
      looks.begin(model);
    }
  }
  expect(seen).toEqual([
    [1000, 20],
    [1500, 2],
    [3000, 20],
    [3500, 2],
  ]);
});

test('the learner names the fallen model and an epoch in which it is believed again, not as before its fall', () => {
  const models = [chatModel('fallen'), chatModel('other')];
  const learner = createLearner({ models, random: createRandom(1) });
  learner.apply(quality('other', 'translation', 800, 200));
  learner.apply(quality('fallen', 'translation', 2, 98, 1));
  learner.openEpoch('fallen', 1);
  for (let outcome = 0; outcome < 999; outcome += 1) {
    learner.watchQuality('other', 'translation', outcome % 5 === 0 ? 0 : 1);
    expect(learner.secondLook()).toBeUndefined();
  }
  const before = learner.qualityOf('translation', 'fallen');
  learner.watchQuality('other', 'translation', 1);
  const look = learner.secondLook();
  expect(look).toEqual({ modelId: 'fallen', epoch: 4 });
  learner.openEpoch(look?.modelId ?? '', look?.epoch ?? 0);
  const after = learner.qualityOf('translation', 'fallen');
  expect(before.high90).toBeLessThan(0.2);
  expect(after.high90).toBeGreaterThan(0.5);
  expect(learner.secondLook()).toBeUndefined();
});
