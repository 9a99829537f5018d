import { describe, expect, test } from 'vitest';
import { CELL_FIELDS, CELL_STRIDE, type Learner } from '../../../src/core/learning/contract.ts';
import { type BeliefDelta, negated } from '../../../src/core/learning/delta.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { RESHAPING } from '../../../src/core/learning/quality-posterior.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { TASKS, type Task } from '../../../src/core/task/task.ts';
import { chatModel, priceOf } from '../choice/candidates.ts';
import { measured, quality, unlabelled } from './evidence.ts';

const MODELS = ['small', 'middle', 'large'].map((id) => chatModel(id));

function learnerOf(
  deltas: readonly BeliefDelta[],
  prior?: Parameters<typeof createLearner>[0]['prior'],
): Learner {
  const learner = createLearner({ models: MODELS, random: createRandom(3), prior });
  for (const delta of deltas) learner.apply(delta);
  return learner;
}

/** Everything a learner believes, for comparing two of them. */
function beliefsOf(learner: Learner) {
  return MODELS.flatMap(({ id }) =>
    TASKS.map((task) => [
      learner.epochOf(id),
      ...Object.values(learner.qualityOf(task, id)).filter((value) => typeof value === 'number'),
      learner.expectedOutputTokens(task, id),
      ...Object.values(learner.timingOf(`p0/${id}`, task)),
      learner.availabilityOf(`p0/${id}`),
    ]),
  );
}

function expectSame(one: Learner, other: Learner): void {
  const expected = beliefsOf(other).flat();
  for (const [index, value] of beliefsOf(one).flat().entries())
    expect(value).toBeCloseTo(expected[index] ?? 0, 8);
}

function mixedEvidence(seed: number, count: number): BeliefDelta[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (): BeliefDelta => {
    const modelId = MODELS[Math.floor(random() * 3)]?.id ?? '';
    const task = TASKS[Math.floor(random() * 4)] ?? 'unknown';
    const epoch = Math.floor(random() * 3);
    const value = 20 + 400 * random();
    const kinds = [
      quality(modelId, task, random(), random(), epoch),
      { ...quality(modelId, task, 3 * random(), random(), epoch), source: 'heuristic' } as const,
      measured('tokens', modelId, task, value, 1, epoch),
      measured('ttft', `p0/${modelId}`, task, value),
      measured('token_time', `p0/${modelId}`, task, value / 20),
      {
        kind: 'availability',
        subject: `p0/${modelId}`,
        task,
        source: '',
        epoch: 0,
        a: 3,
        b: 1,
        c: 0,
      } as const,
    ];
    return kinds[Math.floor(random() * kinds.length)] ?? quality(modelId, task, 1, 0);
  });
}

describe('posterior', () => {
  test('before any evidence: .65, as firmly as models and their tasks differ by .1 each', () => {
    const strength = (0.65 * 0.35) / (0.01 + 0.01) - 1;
    expect(learnerOf([]).qualityOf('translation', 'small')).toMatchObject({
      alpha: expect.closeTo(strength * 0.65, 10),
      beta: expect.closeTo(strength * 0.35, 10),
      samples: 0,
      evidence: 'prior',
    });
  });

  test('before any evidence the dearer model is expected to be the better, by .04 per factor e', () => {
    const models = [chatModel('cheap', [priceOf(1, 1)]), chatModel('dear', [priceOf(Math.E, Math.E)])];
    const learner = createLearner({ models, random: createRandom(3) });
    const meanOf = (id: string) => learner.qualityOf('translation', id).mean;
    expect(meanOf('dear')).toBeCloseTo(0.65 + 0.02, 10);
    expect(meanOf('cheap')).toBeCloseTo(0.65 - 0.02, 10);
    // A new price list is taken at once.
    learner.setModels([chatModel('cheap', [priceOf(1, 1)]), chatModel('dear', [priceOf(1, 1)])]);
    expect(meanOf('dear')).toBeCloseTo(0.65, 10);
  });

  test('an offline prior is thirty pseudo-outcomes more at b + dev, within .03 and .97', () => {
    const learner = learnerOf([], {
      deviationOf: (_, modelId) => ({ small: -0.2, middle: 0.9 })[modelId],
    });
    const silent = learner.qualityOf('translation', 'large');
    const small = learner.qualityOf('translation', 'small');
    expect(small.alpha).toBeCloseTo(silent.alpha + 30 * 0.45, 10);
    expect(small.beta).toBeCloseTo(silent.beta + 30 * 0.55, 10);
    const { alpha } = learner.qualityOf('translation', 'middle');
    expect(alpha).toBeCloseTo(silent.alpha + 30 * 0.97, 10);
  });

  test('by hand: own outcomes, the model elsewhere without this cell, the prior halved after 300', () => {
    const learner = learnerOf(
      [
        quality('small', 'translation', 60, 40),
        quality('small', 'extraction', 90, 10),
        quality('large', 'translation', 100, 100),
      ],
      { deviationOf: (_, modelId) => (modelId === 'small' ? 0.1 : undefined) },
    );
    // The fixed point of the two equations, found by iterating them to the end.
    let [w100, w200] = [100 / 6, 200 / 11];
    let effects = { small: 0, large: 0 };
    let baselines = { translation: 0, extraction: 0 };
    const solve = () => {
      for (let sweep = 0; sweep < 10_000; sweep += 1) {
        baselines = {
          translation:
            (w100 * (0.6 - effects.small) + w200 * (0.5 - effects.large) + 1.3) / (w100 + w200 + 2),
          extraction: (w100 * (0.9 - effects.small) + 1.3) / (w100 + 2),
        };
        effects = {
          small:
            (w100 * (0.6 - baselines.translation) + w100 * (0.9 - baselines.extraction)) / (2 * w100 + 20),
          large: (w200 * (0.5 - baselines.translation)) / (w200 + 20),
        };
      }
    };
    solve();
    // τ² by moments, over the three cells.
    let [variance, strength] = [5 * 0.01, 5];
    for (const [mean, model, task, count, own, modelW, taskW] of [
      [0.6, 'small', 'translation', 100, w100, 2 * w100, w100 + w200],
      [0.9, 'small', 'extraction', 100, w100, 2 * w100, w100],
      [0.5, 'large', 'translation', 200, w200, w200, w100 + w200],
    ] as const) {
      const expected = baselines[task] + effects[model];
      const kept = 1 - Math.min(0.8, own / (modelW + 20) + own / (taskW + 2));
      const v = (count / (count + 10)) ** 2;
      variance += v * ((mean - expected) ** 2 / kept - (expected * (1 - expected)) / count);
      strength += v;
    }
    const interaction = variance / strength;
    [w100, w200] = [100 / (1 + 500 * interaction), 200 / (1 + 1000 * interaction)];
    solve();
    const effectElsewhere = (w100 * (0.9 - baselines.extraction)) / (w100 + 20);
    const pG = baselines.translation + effectElsewhere;
    const kG = (pG * (1 - pG)) / (interaction + 0.2 / (w100 + 20)) - 1;
    const kP = 30 / (1 + 300 / 300);
    const pP = baselines.translation + 0.1;
    const belief = learner.qualityOf('translation', 'small');
    expect(kG).toBeGreaterThan(5);
    expect(belief.alpha).toBeCloseTo(60 + kG * pG + kP * pP, 6);
    expect(belief.alpha + belief.beta).toBeCloseTo(100 + kG + kP, 6);
    expect(belief.samples).toBe(100);
    expect(belief.evidence).toBe('observed');
    expect(belief.low90).toBeLessThan(belief.mean);
    expect(belief.high90).toBeGreaterThan(belief.mean);
  });

  test('what a model does on other tasks counts, at most as twenty outcomes', () => {
    const learner = learnerOf(
      (['extraction', 'summarization', 'conversation'] as const).flatMap((task) => [
        quality('small', task, 0, 5000),
        quality('large', task, 5000, 0),
      ]),
    );
    const small = learner.qualityOf('translation', 'small');
    const large = learner.qualityOf('translation', 'large');
    expect(large.mean).toBeGreaterThan(small.mean + 0.4);
    expect(large.evidence).toBe('prior');
    expect(large.alpha + large.beta).toBeLessThanOrEqual(20);
  });

  test('among specialists, what a model does on other tasks hardly counts', () => {
    const tasks = ['extraction', 'summarization', 'conversation', 'code_review'] as const;
    const evidence = tasks.flatMap((task, index) =>
      MODELS.map(({ id }, model) =>
        quality(id, task, index % 3 === model ? 95 : 40, index % 3 === model ? 5 : 60),
      ),
    );
    const alike = tasks.flatMap((task) => MODELS.map(({ id }) => quality(id, task, 60, 40)));
    const strengthIn = (learner: Learner) => {
      const { alpha, beta } = learner.qualityOf('translation', 'small');
      return alpha + beta;
    };
    expect(strengthIn(learnerOf(evidence))).toBeLessThan(4);
    expect(strengthIn(learnerOf(evidence))).toBeGreaterThanOrEqual(2);
    expect(strengthIn(learnerOf(alike))).toBeCloseTo(20, 6);
  });

  test('draws come from Beta(3α, 3β), next to the mean and the weights of the cell and the model', () => {
    const learner = learnerOf([quality('small', 'translation', 6, 4), quality('small', 'extraction', 3, 2)]);
    const { alpha, beta, mean } = learner.qualityOf('translation', 'small');
    const into = new Float64Array(CELL_STRIDE + 1);
    learner.readCell('translation', 'small', into, 1);
    expect([...into]).toEqual([0, RESHAPING * alpha, RESHAPING * beta, mean, 10, 15]);
  });

  test('a wrong prior is forgotten', () => {
    const outcomes = [quality('small', 'translation', 270, 30), quality('large', 'translation', 90, 210)];
    const wrong = learnerOf(outcomes, { deviationOf: (_, modelId) => (modelId === 'large' ? 0.3 : -0.3) });
    const [small = 0, large = 0] = wrong.bestProbabilities('translation', ['small', 'large']);
    expect(small).toBeGreaterThan(0.99);
    expect(small + large).toBeCloseTo(1, 10);
  });

  test('samples are what the labels are worth: neither more than their weights nor more than their number', () => {
    const passes = learnerOf([{ ...quality('small', 'translation', 20, 0), c: 1000 * 0.02 ** 2 }]);
    expect(passes.qualityOf('translation', 'small').samples).toBeCloseTo(20, 10);
    // One label of weight 1 and a hundred of .1: Kish's count says 60.5, the weights say 11.
    const mixed = learnerOf([{ ...quality('small', 'translation', 6, 5), c: 1 + 100 * 0.01 }]);
    expect(mixed.qualityOf('translation', 'small').samples).toBeCloseTo(11, 10);
    const heavy = learnerOf([{ ...quality('small', 'translation', 6, 5), c: 60.5 }]);
    expect(heavy.qualityOf('translation', 'small').samples).toBeCloseTo(2, 10);
  });
});

describe('what nobody labelled', () => {
  const TASK = 'translation';
  const LABELS = quality('small', TASK, 24, 16);

  test('counts as four labels at most, passes and faults in their proportion', () => {
    const plain = learnerOf([unlabelled('small', TASK, { passes: 50, faults: 2 })]).qualityOf(TASK, 'small');
    expect(plain.samples).toBeCloseTo(1.5, 10);
    const thousands = { passes: 50_000, faults: 2000 };
    const swamped = learnerOf([LABELS, unlabelled('small', TASK, thousands)]).qualityOf(TASK, 'small');
    expect(swamped.samples).toBeCloseTo(44, 10);
    // 1000 : 500 in weight: of the four, two thirds and one.
    const same = learnerOf([LABELS, quality('small', TASK, 8 / 3, 4 / 3)]).qualityOf(TASK, 'small');
    expect(swamped.alpha).toBeCloseTo(same.alpha, 8);
    expect(swamped.beta).toBeCloseTo(same.beta, 8);
  });

  test('a draw rests on it too, and it neither tries a model nor excludes it', () => {
    const learner = learnerOf(TASKS.map((task) => unlabelled('small', task, { passes: 10_000 })));
    const into = new Float64Array(CELL_STRIDE);
    learner.readCell(TASK, 'small', into, 0);
    const { alpha, beta } = learner.qualityOf(TASK, 'small');
    expect(into[CELL_FIELDS.reshapedAlpha]).toBeCloseTo(RESHAPING * alpha, 10);
    expect(into[CELL_FIELDS.reshapedBeta]).toBeCloseTo(RESHAPING * beta, 10);
    expect(into[CELL_FIELDS.cellWeight]).toBeCloseTo(4, 10);
    expect(into[CELL_FIELDS.modelWeight]).toBeLessThan(8);
  });

  test('is never observed: alone it is mixed, and elsewhere it says as little', () => {
    const learner = learnerOf([unlabelled('small', TASK, { passes: 100_000 })]);
    const baseline = (task: Task) => learner.qualityOf(task, 'nobody').mean;
    expect(learner.qualityOf(TASK, 'small')).toMatchObject({
      evidence: 'mixed',
      samples: expect.closeTo(4, 10),
    });
    const { alpha, beta, evidence } = learner.qualityOf('extraction', 'small');
    expect(evidence).toBe('prior');
    // A model's effect has 20 outcomes' worth of price in it, and four at most of these.
    expect(alpha / (alpha + beta)).toBeLessThan(baseline('extraction') + 0.35 * (4 / 24));
    learner.apply(quality('small', TASK, 2, 1));
    expect(learner.qualityOf(TASK, 'small').evidence).toBe('mixed');
    learner.apply(quality('small', TASK, 30, 15));
    expect(learner.qualityOf(TASK, 'small').evidence).toBe('observed');
  });

  test('does not make a label look like a change', () => {
    const learner = learnerOf([LABELS, unlabelled('small', TASK, { passes: 100_000 })]);
    const outcomes = Array.from({ length: 40 }, (_, index) => (index % 5 < 3 ? 1 : 0));
    expect(outcomes.some((outcome) => learner.watchQuality('small', TASK, outcome))).toBe(false);
  });

  test('a label in its place leaves nothing of it', () => {
    const passes = unlabelled('small', TASK, { passes: 500, faults: 3 });
    const replaced = unlabelled('small', TASK, { passes: 1 });
    const learner = learnerOf([passes, negated(replaced), LABELS]);
    expectSame(learner, learnerOf([unlabelled('small', TASK, { passes: 499, faults: 3 }), LABELS]));
    learner.apply(negated(unlabelled('small', TASK, { passes: 499, faults: 3 })));
    expectSame(learner, learnerOf([LABELS]));
  });
});

describe('additivity', () => {
  const evidence = mixedEvidence(8, 400);

  test('two learners merged are one, in any order', () => {
    expectSame(learnerOf(evidence), learnerOf([...evidence].reverse()));
    expectSame(learnerOf(evidence), learnerOf([...evidence.slice(100), ...evidence.slice(0, 100)]));
  });

  test('a negated delta takes back exactly what it added, also when it comes first', () => {
    const late = mixedEvidence(9, 60).filter((delta) => delta.kind !== 'availability');
    expectSame(learnerOf([...evidence, ...late, ...late.map(negated)]), learnerOf(evidence));
    expectSame(learnerOf([...late.map(negated), ...evidence, ...late]), learnerOf(evidence));
  });

  test('a new epoch leaves a tenth of what was known, whenever the old evidence arrives', () => {
    const before = quality('small', 'translation', 80, 20);
    const after = quality('small', 'translation', 3, 7, 1);
    const opened = learnerOf([before]);
    opened.openEpoch('small', 1);
    expect(opened.qualityOf('translation', 'small').samples).toBeCloseTo(10, 10);
    opened.apply(after);
    expectSame(opened, learnerOf([after, before]));
    expectSame(opened, learnerOf([quality('small', 'translation', 8, 2, 1), after]));
    opened.openEpoch('small', 0);
    expect(opened.epochOf('small')).toBe(1);
    opened.openEpoch('small', 2);
    expectSame(opened, learnerOf([quality('small', 'translation', 0.8 + 0.3, 0.2 + 0.7, 2)]));
  });

  test('a model that left and returned is remembered, one never seen is learnt about', () => {
    const learner = learnerOf([
      quality('small', 'translation', 80, 20),
      quality('stranger', 'translation', 9, 1),
    ]);
    const before = learner.qualityOf('translation', 'small');
    learner.setModels([chatModel('large'), chatModel('other')]);
    learner.setModels(MODELS);
    expect(learner.qualityOf('translation', 'small')).toEqual(before);
    learner.setModels([...MODELS, chatModel('stranger')]);
    expect(learner.qualityOf('translation', 'stranger').samples).toBe(10);
  });
});

test('hostile evidence changes nothing, and no question makes the learner throw', () => {
  const absurd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1e300, 1e300];
  const evidence = mixedEvidence(2, 50);
  const learner = learnerOf(evidence);
  for (const number of absurd) {
    for (const kind of ['quality', 'tokens', 'ttft', 'token_time', 'availability'] as const) {
      for (const [a, b, c] of [
        [number, 1, 1],
        [1, number, 1],
        [1, 1, number],
      ] as const) {
        for (const subject of ['small', 'p0/small', '', '__proto__']) {
          learner.apply({ kind, subject, task: 'translation', source: '', epoch: 0, a, b, c });
        }
      }
    }
    learner.apply(quality('small', 'translation', 1, 1, number));
    learner.openEpoch('small', number);
    learner.openEndpointEpoch('p0/small', number);
    expect(learner.watchQuality('small', 'translation', number)).toBeUndefined();
    expect(learner.watchTiming('p0/small', 'translation', number)).toBeUndefined();
    expect(learner.expectedOutputTokens('translation', 'small', number)).toBeGreaterThanOrEqual(1);
  }
  learner.apply({ ...quality('small', 'translation', 1, 1), task: 'no such task' as Task });
  expectSame(learner, learnerOf(evidence));
  const { mean } = learner.qualityOf('no such task' as Task, 'nobody');
  expect(mean > 0 && mean < 1).toBe(true);
  expect(learner.bestProbabilities('translation', [])).toEqual([]);
});

describe('sizes and speeds', () => {
  test('the defaults: tokens by task, 600 ms to the first token, 12 ms a token, .99 available', () => {
    const learner = learnerOf([]);
    expect(learner.expectedOutputTokens('creative_writing', 'small')).toBeCloseTo(650, 8);
    expect(learner.expectedOutputTokens('tool_use', 'small')).toBeCloseTo(60, 8);
    const { ttftMs, msPerToken, samples } = learner.timingOf('p0/small', 'translation');
    expect([ttftMs, msPerToken, samples]).toEqual([expect.closeTo(600, 8), expect.closeTo(12, 8), 0]);
    expect(learner.availabilityOf('p0/small')).toBeCloseTo(0.99, 10);
  });

  test('evidence washes the defaults out, for the cell first, then for those that lean on it', () => {
    const learner = learnerOf([
      measured('tokens', 'small', 'translation', 1000, 200),
      measured('ttft', 'p0/small', 'translation', 100, 200),
    ]);
    expect(learner.expectedOutputTokens('translation', 'small')).toBeCloseTo(1000, -2);
    expect(learner.expectedOutputTokens('translation', 'large')).toBeGreaterThan(800);
    expect(learner.expectedOutputTokens('extraction', 'small')).toBeCloseTo(120, 8);
    expect(learner.timingOf('p0/small', 'translation').ttftMs).toBeLessThan(110);
    expect(learner.timingOf('p0/small', 'extraction').ttftMs).toBeLessThan(115);
    expect(learner.timingOf('p0/large', 'extraction').ttftMs).toBeLessThan(130);
  });

  test("the client's bound cuts the expectation: E[min(tokens, bound)] by simulation", () => {
    const learner = learnerOf([]);
    const random = createRandom(4);
    // The default belief about 200 tokens: ln-variance .5.
    let sum = 0;
    for (let draw = 0; draw < 200_000; draw += 1) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      sum += Math.min(150, Math.exp(Math.log(200) - 0.25 + Math.SQRT1_2 * normal));
    }
    expect(learner.expectedOutputTokens('translation', 'small', 150)).toBeCloseTo(sum / 200_000, 0);
    expect(learner.expectedOutputTokens('translation', 'small', 1_000_000)).toBeCloseTo(200, 3);
    expect(learner.expectedOutputTokens('translation', 'small', 1)).toBeCloseTo(1, 3);
  });

  test('availability is the share of answers', () => {
    const learner = learnerOf([
      {
        kind: 'availability',
        subject: 'p0/small',
        task: 'unknown',
        source: '',
        epoch: 0,
        a: 60,
        b: 20,
        c: 0,
      },
    ]);
    expect(learner.availabilityOf('p0/small')).toBeCloseTo(79.8 / 100, 10);
  });
});

test('sums that cannot be are clamped when they are read', () => {
  const learner = learnerOf([
    quality('small', 'translation', -50, -50),
    { ...measured('tokens', 'small', 'translation', 100, 50), b: -1e8, c: -1e8 },
    { ...measured('ttft', 'p0/small', 'translation', 100, 50), b: 1e8 },
    { kind: 'availability', subject: 'p0/small', task: 'unknown', source: '', epoch: 0, a: -9, b: -9, c: 0 },
  ]);
  for (const value of beliefsOf(learner).flat()) expect(Number.isFinite(value)).toBe(true);
  expect(learner.qualityOf('translation', 'small').samples).toBe(0);
  expect(learner.expectedOutputTokens('translation', 'small')).toBeLessThan(10);
  expect(learner.availabilityOf('p0/small')).toBeCloseTo(0.99, 10);
});

test('bestProbabilities: with handicaps the cheaper of two equals is the better', () => {
  const learner = learnerOf([
    quality('small', 'translation', 80, 20),
    quality('large', 'translation', 80, 20),
  ]);
  const [even = 0] = learner.bestProbabilities('translation', ['small', 'large']);
  expect(even).toBeCloseTo(0.5, 1);
  const [handicapped = 1] = learner.bestProbabilities('translation', ['small', 'large'], [0.3, 0]);
  expect(handicapped).toBeLessThan(0.01);
});
