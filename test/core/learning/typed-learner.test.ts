import { expect, test } from 'vitest';
import type { Model, ModelType } from '../../../src/core/catalog/model.ts';
import type { BeliefDelta } from '../../../src/core/learning/delta.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { createTypedLearner } from '../../../src/core/learning/typed-learner.ts';
import type { AnyTask } from '../../../src/core/task/operation-task.ts';
import { TASKS } from '../../../src/core/task/task.ts';

function modelOf(id: string, type: ModelType): Model {
  return {
    id,
    type,
    name: id,
    contextLength: 1_000,
    capabilities: new Set(),
    isSimulated: false,
    endpoints: [
      {
        id: `there/${id}`,
        modelId: id,
        provider: 'there',
        upstreamModel: id,
        price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1, cachedInputUsdPerMillion: 1 },
        isPriceKnown: true,
      },
    ],
  };
}

const CHAT = [modelOf('large', 'chat'), modelOf('small', 'chat')];
const ALL = [
  ...CHAT,
  modelOf('embed-a', 'embedding'),
  modelOf('embed-b', 'embedding'),
  modelOf('ear', 'transcription'),
];

function quality(subject: string, task: AnyTask, value: number, times = 1): BeliefDelta {
  return {
    kind: 'quality',
    subject,
    task,
    source: 'check',
    epoch: 0,
    a: value * times,
    b: (1 - value) * times,
    c: times,
  };
}

function time(subject: string, task: AnyTask, ms: number): BeliefDelta {
  const log = Math.log(ms);
  return { kind: 'ttft', subject, task, source: '', epoch: 0, a: 200, b: 200 * log, c: 200 * log * log };
}

test('what is learnt about other work moves nothing of chat, to the last bit', () => {
  const chatDeltas = [
    quality('large', 'translation', 1, 40),
    quality('small', 'unknown', 0, 30),
    time('there/large', 'unknown', 500),
  ];
  const alone = createLearner({ models: CHAT, random: createRandom(1) });
  const among = createTypedLearner({ models: ALL, random: createRandom(1) });
  for (const delta of chatDeltas) {
    alone.apply(delta);
    among.apply(delta);
  }
  among.apply(quality('embed-a', 'embedding', 1, 5_000));
  among.apply(quality('ear', 'speech_translation', 0, 5_000));
  among.apply(time('there/embed-a', 'embedding', 9));
  for (const task of TASKS) {
    for (const { id } of CHAT) {
      expect(among.qualityOf(task, id)).toEqual(alone.qualityOf(task, id));
      expect(among.timingOf(`there/${id}`, task)).toEqual(alone.timingOf(`there/${id}`, task));
    }
  }
  expect(among.ofType('chat').qualityOf('translation', 'large')).toEqual(
    alone.qualityOf('translation', 'large'),
  );
});

test('models of each type are learnt about by their own outcomes', () => {
  const learner = createTypedLearner({ models: ALL, random: createRandom(1) });
  learner.apply(quality('embed-a', 'embedding', 1, 50));
  learner.apply(quality('embed-b', 'embedding', 0, 50));
  learner.apply(time('there/embed-a', 'embedding', 20));
  expect(learner.qualityOf('embedding', 'embed-a').mean).toBeGreaterThan(0.9);
  expect(learner.qualityOf('embedding', 'embed-b').mean).toBeLessThan(0.2);
  expect(learner.bestProbabilities('embedding', ['embed-a', 'embed-b'])[0]).toBeGreaterThan(0.99);
  expect(learner.timingOf('there/embed-a', 'embedding').ttftMs).toBeLessThan(40);
  // Two kinds of work of one type share what is known.
  learner.apply(quality('ear', 'transcription', 1, 50));
  expect(learner.qualityOf('speech_translation', 'ear').samples).toBeGreaterThan(20);
});

test('epochs are those of the model, also of one that comes into the catalogue later', () => {
  const learner = createTypedLearner({ models: CHAT, random: createRandom(1) });
  learner.openEpoch('embed-a', 2);
  learner.openEndpointEpoch('there/embed-a', 3);
  learner.setModels(ALL);
  expect(learner.epochOf('embed-a')).toBe(2);
  expect(learner.endpointEpochOf('there/embed-a')).toBe(3);
  learner.openEpoch('embed-a', 4);
  expect(learner.epochOf('embed-a')).toBe(4);
  expect(learner.epochOf('large')).toBe(0);
});
