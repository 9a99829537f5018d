import { expect, test } from 'vitest';
import type { BeliefDelta } from '../../../src/core/learning/delta.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { VERDICT_SLOTS } from '../../../src/core/learning/verdict-sources.ts';
import { chatModel } from '../choice/candidates.ts';
import { measured, quality } from './evidence.ts';

const MODELS = [chatModel('good'), chatModel('fair')];
const TASK = 'translation';
const FLIP = 0.2;

function verdicts(modelId: string, source: string, a: number, b: number, epoch = 0): BeliefDelta {
  return { kind: 'verdicts', subject: modelId, task: TASK, source, epoch, a, b, c: a + b };
}

/** As many answers that were both labelled and judged, by one who is wrong on a fifth of them. */
function pairs(source: string, count: number): BeliefDelta[] {
  const about = { subject: source, task: TASK, source: '', epoch: 0 } as const;
  const good = 0.7 * count;
  const approved = FLIP * count + (1 - 2 * FLIP) * good;
  return [
    { kind: 'agreement', ...about, a: count, b: good, c: approved },
    { kind: 'agreement_squares', ...about, a: (1 - FLIP) * good, b: good, c: approved },
  ];
}

/** 4,000 verdicts on each model, one right about a fifth less often than always. */
const JUDGED = [
  verdicts('good', 'j', 4000 * (FLIP + (1 - 2 * FLIP) * 0.95), 4000 * (1 - FLIP - (1 - 2 * FLIP) * 0.95)),
  verdicts('fair', 'j', 4000 * (FLIP + (1 - 2 * FLIP) * 0.6), 4000 * (1 - FLIP - (1 - 2 * FLIP) * 0.6)),
];

function learnerOf(deltas: readonly BeliefDelta[]) {
  const learner = createLearner({ models: MODELS, random: createRandom(1) });
  for (const delta of deltas) learner.apply(delta);
  return learner;
}

test('what a judge said long ago is read by what is known of it now, in whatever order it became known', () => {
  const unchecked = learnerOf(JUDGED);
  expect(unchecked.qualityOf(TASK, 'good').mean).toBeCloseTo(0.77, 1);
  for (const deltas of [
    [...JUDGED, ...pairs('j', 2000)],
    [...pairs('j', 2000), ...JUDGED],
  ]) {
    const learner = learnerOf(deltas);
    expect(learner.qualityOf(TASK, 'good').mean).toBeCloseTo(0.95, 1);
    expect(learner.qualityOf(TASK, 'fair').mean).toBeCloseTo(0.6, 1);
    expect(learner.qualityOf(TASK, 'good').samples).toBeLessThan(4000 * 0.35);
  }
});

test('pairs that are taken back leave what was believed before', () => {
  const learner = learnerOf(JUDGED);
  const before = learner.qualityOf(TASK, 'good');
  for (const pair of pairs('j', 500)) learner.apply(pair);
  expect(learner.qualityOf(TASK, 'good').mean).not.toBeCloseTo(before.mean, 2);
  for (const { a, b, c, ...pair } of pairs('j', 500)) learner.apply({ ...pair, a: -a, b: -b, c: -c });
  expect(learner.qualityOf(TASK, 'good').mean).toBeCloseTo(before.mean, 9);
});

test('a few noisy verdicts never make a belief that is none', () => {
  for (const [a, b] of [
    [3, 0],
    [0, 3],
    [40, 0],
    [0, 40],
  ] as const) {
    const { alpha, beta, mean } = learnerOf([...pairs('j', 2000), verdicts('good', 'j', a, b)]).qualityOf(
      TASK,
      'good',
    );
    expect(alpha).toBeGreaterThan(0);
    expect(beta).toBeGreaterThan(0);
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(1);
  }
});

test('more sources than there is room for count together, unchecked, and no name too many is remembered', () => {
  const many = Array.from({ length: 3 * VERDICT_SLOTS }, (_, index) => `judge-${index}`);
  const learner = learnerOf(many.map((name) => verdicts('good', name, 1, 0)));
  const { samples } = learner.qualityOf(TASK, 'good');
  expect(samples).toBeCloseTo(many.length / 2, 6);
  for (let index = 0; index < 5000; index += 1) {
    for (const pair of pairs(`name-${index}`, 1)) learner.apply(pair);
  }
  expect(learner.sources().length).toBeLessThan(250);
});

test('a new epoch of a model leaves a tenth of its verdicts too', () => {
  const learner = learnerOf([verdicts('good', 'j', 80, 20), verdicts('good', 'j', 1, 0, 1)]);
  expect(learner.qualityOf(TASK, 'good').samples).toBeCloseTo(0.5 * 11, 6);
});

test('a judge who errs as ever is no change of the model; one whose verdicts on it turn is', () => {
  const labels = quality('good', TASK, 190, 10);
  const learner = learnerOf([...pairs('j', 2000), labels]);
  const random = createRandom(3);
  let alarms = 0;
  for (let verdict = 0; verdict < 2000; verdict += 1) {
    const truth = random() < 0.95 ? 1 : 0;
    if (learner.watchQuality('good', TASK, random() < FLIP ? 1 - truth : truth, 'j')) alarms += 1;
  }
  expect(alarms).toBe(0);
  let after = 0;
  while (!learner.watchQuality('good', TASK, random() < 0.5 ? 1 : 0, 'j')) after += 1;
  expect(after).toBeLessThan(400);
});

test.each([
  ['says the opposite of the truth', 0.9],
  ['says the same of every answer', 0.5],
])('a judge who %s raises no alarm, however its verdicts turn', (_, wrong) => {
  const about = { subject: 'j', task: TASK, source: '', epoch: 0 } as const;
  const [count, good] = [2000, 1400];
  const approved = wrong * count + (1 - 2 * wrong) * good;
  const learner = learnerOf([
    { kind: 'agreement', ...about, a: count, b: good, c: approved },
    { kind: 'agreement_squares', ...about, a: (1 - wrong) * good, b: good, c: approved },
    quality('good', TASK, 100, 100),
  ]);
  expect(learner.reliabilityOf('j').weight).toBe(0);
  for (const verdict of [1, 0])
    for (let turn = 0; turn < 300; turn += 1)
      expect(learner.watchQuality('good', TASK, verdict, 'j')).toBeUndefined();
});

test('how many answers are labelled is told by task', () => {
  const learner = learnerOf([measured('tokens', 'good', TASK, 100, 990), quality('good', TASK, 40, 10)]);
  expect(learner.labelRateOf(TASK)).toBeCloseTo(0.05, 9);
  expect(learner.labelRateOf('extraction')).toBe(0);
});
