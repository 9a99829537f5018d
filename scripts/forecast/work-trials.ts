import { decide } from '../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../src/core/choice/strategy.ts';
import { createRandom, type Random } from '../../src/core/learning/random.ts';
import { createTypedLearner } from '../../src/core/learning/typed-learner.ts';
import { createLoopTurns } from '../../src/core/loop/loop-turns.ts';
import type { Task } from '../../src/core/task/task.ts';
import { createCatalog } from '../../src/gateway/catalog.ts';
import { type CostForecastDeps, forecastCost } from '../../src/gateway/reports/cost-forecast.ts';
import type { LoadedTable } from '../learning/run-job.ts';
import type { Trial } from './score.ts';

/** Requests that were played before a forecast is asked for. */
const CHECKPOINTS = [0, 100, 300, 1000, 3000];
/** Of the work that is forecast. */
const WORK_REQUESTS = [1, 5, 30, 200];
const STRATEGY = BUILT_IN_STRATEGIES.balanced;
const EXPLORATION = 0.02;

/**
 * One stream of a table's prompts through the router, which learns from every answer; at some points it is asked what so
 * many requests of a random task will cost, and then plays them. The caller estimates their tokens by the task's mean over
 * all models and prompts. Naive: as many times the mean cost of the task's requests so far.
 */
export async function workTrials({ table, catalog }: LoadedTable, seed: number): Promise<Trial[]> {
  const random = createRandom(seed);
  const learner = createTypedLearner({ models: catalog.models, random: createRandom(seed + 1) });
  const candidates = catalog.models.flatMap((model) =>
    model.endpoints.map((endpoint) => ({ model, endpoint })),
  );
  const taskToPrompts = table.tasks.map((_, task) =>
    table.promptIds.flatMap((_id, prompt) => (table.promptToTask[prompt] === task ? prompt : [])),
  );
  const seen = table.tasks.map(() => ({ requests: 0, costUsd: 0, inputTokens: 0 }));
  const deps: CostForecastDeps = {
    learner,
    nowMs: () => 0,
    turns: createLoopTurns(setImmediate, () => performance.now()),
    live: {
      catalog: createCatalog({ models: catalog.models, strategies: { balanced: STRATEGY } }),
      routing: { defaultStrategy: 'balanced', exploration: EXPLORATION },
    },
    budgets: { costPenaltyOf: () => 0 },
    store: {
      readModelTraffic: async () =>
        seen.map(({ requests, inputTokens, costUsd }, task) => ({
          task: taskOf(task),
          modelId: '',
          requests,
          completed: requests,
          failures: 0,
          costMicroUsd: 1e6 * costUsd,
          inputTokens,
          outputTokens: 0,
          units: 0,
          latencyMsSum: 0,
          ttftMsSum: 0,
        })),
    },
  };

  function taskOf(task: number): Task {
    return catalog.tableTaskToTask[task] ?? 'unknown';
  }

  /** @returns its cost, USD */
  function play(prompt: number): number {
    const tableTask = table.promptToTask[prompt] ?? 0;
    const task = taskOf(tableTask);
    const inputTokens = Math.round(catalog.inputTokens[prompt] ?? 0);
    const { ranking } = decide({
      profile: {
        task,
        confidence: 1,
        complexity: 0.5,
        language: 'en',
        needs: new Set(),
        inputTokens,
        choices: 1,
      },
      candidates,
      strategy: STRATEGY,
      learner: learner.ofType('chat'),
      random,
      explore: true,
      floorShare: EXPLORATION,
      isExplicit: false,
    });
    const subject = ranking[0]?.modelId ?? '';
    const cell = prompt * table.models.length + table.models.indexOf(subject);
    const quality = table.quality[cell] ?? 0;
    const log = Math.log(Math.max(1, catalog.outputTokens[cell] ?? 1));
    const about = { subject, task, epoch: 0 };
    learner.apply({ kind: 'tokens', ...about, source: '', a: 1, b: log, c: log * log });
    learner.apply({ kind: 'quality', ...about, source: 'human', a: quality, b: 1 - quality, c: 1 });
    const costUsd = table.costUsd[cell] ?? 0;
    const sum = seen[tableTask];
    if (sum !== undefined) {
      sum.requests += 1;
      sum.costUsd += costUsd;
      sum.inputTokens += inputTokens;
    }
    return costUsd;
  }

  const trials: Trial[] = [];
  let played = 0;
  for (const checkpoint of CHECKPOINTS) {
    for (; played < checkpoint; played += 1) play(Math.floor(random() * table.promptIds.length));
    for (const requests of WORK_REQUESTS) {
      const task = Math.floor(random() * table.tasks.length);
      const prompts = taskToPrompts[task] ?? [];
      const work = {
        type: taskOf(task),
        requests,
        estimated_tokens: Math.max(requests, Math.round(requests * meanTokens(prompts))),
      };
      const { total } = (await forecastCost(deps, { tasks: [work] }, undefined)) as {
        total: { expected_usd: number; p10_usd: number; p90_usd: number };
      };
      const before = seen[task];
      const naive =
        before !== undefined && before.requests > 0
          ? (requests * before.costUsd) / before.requests
          : undefined;
      let actual = 0;
      for (let request = 0; request < requests; request += 1) actual += play(anyOf(prompts, random));
      trials.push({
        expected: total.expected_usd,
        low: total.p10_usd,
        high: total.p90_usd,
        actual,
        naive,
      });
    }
  }
  return trials;

  function meanTokens(prompts: readonly number[]): number {
    const width = table.models.length;
    let tokens = 0;
    for (const prompt of prompts) {
      tokens += catalog.inputTokens[prompt] ?? 0;
      for (let model = 0; model < width; model += 1)
        tokens += (catalog.outputTokens[prompt * width + model] ?? 0) / width;
    }
    return tokens / Math.max(1, prompts.length);
  }
}

function anyOf(prompts: readonly number[], random: Random): number {
  return prompts[Math.floor(random() * prompts.length)] ?? 0;
}
