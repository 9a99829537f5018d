import { describe, expect, test } from 'vitest';
import type { Model } from '../../../src/core/catalog/model.ts';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES, type Strategy } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom, type Random } from '../../../src/core/learning/random.ts';
import { TASKS, type Task } from '../../../src/core/task/task.ts';
import { measured, quality } from '../learning/evidence.ts';
import { candidatesOf, chatModel, FREE, priceOf, profileOf } from './candidates.ts';

/** True quality by task, in the order of the models. */
type Truth = ReadonlyMap<Task, readonly number[]>;
type Policy = {
  readonly choose: (task: Task) => number;
  readonly learn: (task: Task, model: number, outcome: number) => void;
};

/** Sum over the requests of the best mean quality minus the chosen one's. */
function regretOf(policy: Policy, truth: Truth, random: Random, requests: number): number {
  const tasks = [...truth.keys()];
  let regret = 0;
  for (let request = 0; request < requests; request += 1) {
    const task = tasks[Math.floor(random() * tasks.length)] ?? 'unknown';
    const means = truth.get(task) ?? [];
    const model = policy.choose(task);
    const mean = means[model] ?? 0;
    regret += Math.max(...means) - mean;
    policy.learn(task, model, random() < mean ? 1 : 0);
  }
  return regret;
}

function outrider(models: readonly Model[], strategy: Strategy, random: Random): Policy {
  const learner = createLearner({ models, random: createRandom(1) });
  const candidates = candidatesOf(models);
  return {
    choose: (task) => {
      const decision = decide({
        profile: profileOf({ task }),
        candidates,
        strategy,
        learner,
        random,
        explore: true,
        isExplicit: false,
      });
      return models.findIndex((model) => model.id === decision.ranking[0]?.modelId);
    },
    learn: (task, model, outcome) => {
      const id = models[model]?.id ?? '';
      learner.apply(quality(id, task, outcome, 1 - outcome));
      learner.apply(measured('tokens', id, task, 200));
    },
  };
}

/** Thompson sampling on every (task, model) cell alone, from Beta(1, 1). */
function plainThompson(modelCount: number, random: Random): Policy {
  const cells = new Map<string, [number, number]>();
  const cellOf = (task: Task, model: number) => {
    const key = `${task} ${model}`;
    const cell = cells.get(key) ?? [1, 1];
    cells.set(key, cell);
    return cell;
  };
  // Whole parameters: the a-th smallest of a + b − 1 uniform numbers is Beta(a, b).
  const drawBeta = ([a, b]: [number, number]) =>
    Array.from({ length: a + b - 1 }, random).sort((one, other) => one - other)[a - 1] ?? 0;
  return {
    choose: (task) => {
      const draws = Array.from({ length: modelCount }, (_, model) => drawBeta(cellOf(task, model)));
      return draws.indexOf(Math.max(...draws));
    },
    learn: (task, model, outcome) => {
      const cell = cellOf(task, model);
      cell[outcome === 1 ? 0 : 1] += 1;
    },
  };
}

const uniform = (modelCount: number, random: Random): Policy => ({
  choose: () => Math.floor(random() * modelCount),
  learn: () => undefined,
});

/** Models differ by a general ability and by task, like real ones: correlated over tasks, not equal. */
function realisticTruth(random: Random, modelCount: number, taskCount: number): Truth {
  const abilities = Array.from({ length: modelCount }, () => 0.35 * random() - 0.2);
  return new Map(
    TASKS.slice(0, taskCount).map((task) => {
      const baseline = 0.55 + 0.2 * random();
      return [task, abilities.map((ability) => baseline + ability + 0.12 * (random() - 0.5))];
    }),
  );
}

test('regret on ten models and eight tasks: less than half of uniform choice, two thirds of plain Thompson sampling', () => {
  const models = Array.from({ length: 10 }, (_, index) => chatModel(`m${index}`));
  const strategy = { ...BUILT_IN_STRATEGIES.quality, valueOfSecondUsd: 0 };
  const sums = { outrider: 0, plain: 0, uniform: 0 };
  for (let seed = 1; seed <= 6; seed += 1) {
    const truth = realisticTruth(createRandom(seed), 10, 8);
    const regretUnder = (policy: Policy) => regretOf(policy, truth, createRandom(seed + 100), 1500);
    sums.outrider += regretUnder(outrider(models, strategy, createRandom(seed + 200)));
    sums.plain += regretUnder(plainThompson(10, createRandom(seed + 200)));
    sums.uniform += regretUnder(uniform(10, createRandom(seed + 200)));
  }
  expect(sums.outrider / sums.uniform).toBeLessThan(0.45);
  expect(sums.outrider / sums.plain).toBeLessThan(0.67);
});

describe('after 600 labelled requests', () => {
  // Everyone has something to be best at; the dear one is best at two tasks, once by too little to pay for it.
  const models = [
    chatModel('coder', [priceOf(0.5, 1.5)]),
    chatModel('writer', [priceOf(0.5, 1.5)]),
    chatModel('reader', [priceOf(0.2, 0.6)]),
    chatModel('large', [priceOf(3, 12)]),
    chatModel('tiny', [FREE]),
  ];
  const truth: Truth = new Map([
    ['code_generation', [0.95, 0.6, 0.6, 0.8, 0.4]],
    ['code_review', [0.95, 0.6, 0.6, 0.8, 0.4]],
    ['creative_writing', [0.6, 0.95, 0.6, 0.8, 0.4]],
    ['translation', [0.6, 0.95, 0.6, 0.8, 0.6]],
    ['summarization', [0.6, 0.7, 0.95, 0.8, 0.6]],
    ['reasoning_math', [0.6, 0.5, 0.5, 0.95, 0.3]],
    ['conversation', [0.6, 0.8, 0.6, 0.85, 0.4]],
  ] as const);
  const costUsd = [0.0008, 0.0008, 0.00032, 0.0054, 0];

  test("most of each task's traffic goes to that task's best value, over twenty seeds", () => {
    const strategy = { ...BUILT_IN_STRATEGIES.balanced, valueOfSecondUsd: 0 };
    const taskToShare = new Map<Task, number>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const policy = outrider(models, strategy, createRandom(seed));
      regretOf(policy, truth, createRandom(seed + 100), 600);
      for (const [task, means] of truth) {
        const values = means.map((mean, model) => 0.03 * mean - (costUsd[model] ?? 0));
        const best = values.indexOf(Math.max(...values));
        const hits = Array.from({ length: 40 }, () => policy.choose(task)).filter((model) => model === best);
        taskToShare.set(task, (taskToShare.get(task) ?? 0) + hits.length / 800);
      }
    }
    for (const [task, share] of taskToShare)
      expect({ task, isMost: share > 0.5, share }).toMatchObject({ isMost: true });
  });
});
