import { describe, expect, test } from 'vitest';
import { meanUtilities, utilityOf } from '../../../scripts/learning/baselines.ts';
import { makePolicy, POLICIES, type PolicyName } from '../../../scripts/learning/make-policy.ts';
import { measureRun } from '../../../scripts/learning/measure.ts';
import { proveOffPolicy } from '../../../scripts/learning/off-policy-proof.ts';
import type { Policy, ReplayWorld } from '../../../scripts/learning/policy.ts';
import { type Feedback, PLAIN_FEEDBACK, replay, shuffledStream } from '../../../scripts/learning/replay.ts';
import { type ScenarioName, scenarioNamed } from '../../../scripts/learning/scenario.ts';
import { summarizeBudget } from '../../../scripts/learning/summarize.ts';
import { catalogOfTable } from '../../../scripts/learning/table-catalog.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { smallTable } from './small-table.ts';

const table = smallTable(400);
const catalog = catalogOfTable(table);

function run(
  name: PolicyName,
  seed: number,
  options: {
    lambda?: number;
    requests?: number;
    feedback?: Partial<Feedback>;
    scenario?: ScenarioName;
    budgetUsd?: number;
  } = {},
) {
  const { lambda = 0, requests = 2000, scenario: scenarioName = 'none' } = options;
  const utilities = meanUtilities(table, lambda);
  const ranked = [0, 1, 2, 3].sort((one, other) => (utilities[other] ?? 0) - (utilities[one] ?? 0));
  const scenario = scenarioNamed(scenarioName, requests, ranked, 0);
  const trace = replay({
    table,
    catalog,
    stream: shuffledStream(400, requests, createRandom(seed)),
    policy: makePolicy(name, {
      table,
      catalog,
      lambda,
      seed,
      labelSource: 'human',
      budgetUsd: options.budgetUsd,
      features: undefined,
    }),
    feedback: { ...PLAIN_FEEDBACK, ...options.feedback },
    random: createRandom(seed + 1),
    scenario,
  });
  return { trace, measures: measureRun(table, trace, lambda, scenario.subject) };
}

describe('the stream', () => {
  test('is each prompt once per pass, in another order each time', () => {
    const stream = [...shuffledStream(50, 100, createRandom(3))];
    expect(new Set(stream.slice(0, 50)).size).toBe(50);
    expect(new Set(stream.slice(50)).size).toBe(50);
    expect(stream.slice(0, 50)).not.toEqual(stream.slice(50));
  });

  test('is the same for the same seed, and so is what the router does with it', () => {
    expect(run('outrider', 5).measures).toEqual(run('outrider', 5).measures);
    expect(run('outrider', 5).trace.models).not.toEqual(run('outrider', 6).trace.models);
  });
});

describe('regret', () => {
  test('is 0 for the best fixed model and for the oracle against itself, and the sums of the table otherwise', () => {
    expect(run('best-fixed', 1).measures.vsBestFixed).toEqual([0, 0]);
    expect(run('task-oracle', 1).measures.vsTaskOracle).toEqual([0, 0]);
    const { trace, measures } = run('dearest', 1, { lambda: 20, requests: 400 });
    let regret = 0;
    for (let time = 0; time < 400; time += 1) {
      const prompt = trace.prompts[time] ?? 0;
      const utilities = meanUtilities(table, 20);
      const best = utilities.indexOf(Math.max(...utilities));
      regret += utilityOf(table, 20, prompt, best) - utilityOf(table, 20, prompt, 0);
    }
    expect(measures.curve.at(-1)).toBeCloseTo(regret, 9);
  });

  test.each(POLICIES.filter((name) => !['best-fixed', 'cheapest', 'dearest', 'random'].includes(name)))(
    '%s learns: less than two thirds of random choice, with and without a price on cost',
    (name) => {
      for (const lambda of [0, 20]) {
        const regretOf = (policy: PolicyName) =>
          [1, 2, 3].reduce(
            (sum, seed) => sum + (run(policy, seed, { lambda }).measures.vsTaskOracle[1] ?? 0),
            0,
          );
        expect(regretOf(name)).toBeLessThan((regretOf('random') * 2) / 3);
      }
    },
  );

  test('the router finds the cheap specialist of each task', () => {
    const { shares } = run('outrider', 2, { lambda: 20, requests: 4000 }).measures;
    expect((shares[1] ?? 0) + (shares[2] ?? 0)).toBeGreaterThan(0.75);
  });
});

test('propensities sum to 1, say how often each model is chosen, and never are 0 for a choice', () => {
  for (const seed of [1, 2, 3]) {
    const { measures } = run('outrider', seed);
    expect(measures.propensityError).toBeLessThan(1e-12);
    expect(measures.propensityZ).toBeLessThan(3.5);
    expect(measures.smallestPropensity).toBeGreaterThan(0);
  }
});

test('a budget is kept within 2 %, and buys more than mixing single models at random', () => {
  const budgetUsd = 0.003;
  const runs = [1, 2, 3].map((seed) => run('outrider', seed, { requests: 6000, budgetUsd }).measures);
  const budget = summarizeBudget(table, budgetUsd, runs);
  expect(budget.largestDeviation).toBeLessThan(0.02);
  expect(budget.quality.mean).toBeGreaterThan(budget.zeroRouterQuality + 0.02);
});

test("policies, estimated from the router's own logs, near the truth and within their intervals", () => {
  const loaded = { table, catalog, texts: undefined };
  const proof = proveOffPolicy(loaded, { lambda: 5, requests: 3000, seeds: 5 });
  const best = proof.find(({ target }) => target === 'best per task');
  for (const kind of [best?.snips, best?.doublyRobust]) {
    // A log that has too little of the target refuses.
    expect(kind?.estimates).toBeGreaterThanOrEqual(4);
    expect(kind?.meanAbsoluteError).toBeLessThan(0.03);
    expect(kind?.covered).toBeGreaterThanOrEqual(3);
  }
  for (const { refused, doublyRobust } of proof) expect(refused + doublyRobust.estimates).toBe(5);
});

describe('feedback', () => {
  function labelsOf(feedback: Partial<Feedback>, requests = 2000) {
    const labels: {
      time: number;
      at: number;
      quality: number;
      model: number;
      task: number;
      prompt: number;
    }[] = [];
    let now = 0;
    const policy: Policy = {
      enter: () => undefined,
      choose: (request) => {
        now = request.time;
        return request.prompt % 4;
      },
      observe: () => undefined,
      learn: (request, model, quality) => labels.push({ ...request, at: now, model, quality }),
    };
    replay({
      table,
      catalog,
      stream: shuffledStream(400, requests, createRandom(4)),
      policy,
      feedback: { ...PLAIN_FEEDBACK, ...feedback },
      random: createRandom(5),
    });
    return labels;
  }
  const truthOf = ({ prompt, model }: { prompt: number; model: number }) => table.quality[prompt * 4 + model];

  test('comes for the share asked for, late by as much as asked for, and true', () => {
    expect(labelsOf({})).toHaveLength(2000);
    const some = labelsOf({ labelRate: 0.1 });
    expect(some.length).toBeGreaterThan(150);
    expect(some.length).toBeLessThan(250);
    const late = labelsOf({ labelDelay: 100 });
    expect(late).toHaveLength(1900);
    expect(late.every(({ time, at }) => at - time === 100)).toBe(true);
    expect(late.every((label) => label.quality === truthOf(label))).toBe(true);
  });

  test('is flipped, and tasks are mistaken, as often as asked for', () => {
    const flipped = labelsOf({ judgeFlip: 0.2 }).filter((label) => label.quality !== truthOf(label));
    expect(flipped.length / 2000).toBeCloseTo(0.2, 1);
    const mistaken = labelsOf({ taskNoise: 0.5 }).filter(
      ({ task, prompt }) => task !== table.promptToTask[prompt],
    );
    // Half are drawn at random, and every second of those is right.
    expect(mistaken.length / 2000).toBeCloseTo(0.25, 1);
  });
});

describe('scenarios', () => {
  test('a model that halves loses its traffic, after an alarm', () => {
    const { measures } = run('outrider', 1, { scenario: 'drop-50', requests: 6000 });
    const mean = (from: number, to: number) =>
      measures.subjectShares.slice(from, to).reduce((sum, share) => sum + share, 0) / (to - from);
    expect(measures.alarmTimes.some((time) => time > 3000 && time < 3600)).toBe(true);
    expect(mean(500, 600)).toBeLessThan(mean(200, 300) / 2);
  });

  test('a newcomer is not chosen before it is there, and adopted when it is the best', () => {
    const { measures } = run('outrider', 1, { scenario: 'newcomer-good', requests: 6000 });
    const half = measures.subjectShares.length / 2;
    expect(measures.subjectShares.slice(0, half).every((share) => share === 0)).toBe(true);
    const end = measures.subjectShares.slice(-100).reduce((sum, share) => sum + share, 0) / 100;
    expect(end).toBeGreaterThan(0.3);
  });

  test('a price that rises tenfold is paid, and drives the router away', () => {
    const worlds: number[] = [];
    const scenario = scenarioNamed('price-tenfold', 100, [1, 0, 2, 3], 0);
    for (const time of [49, 50]) worlds.push(scenario.worldAt(time).priceFactor(1));
    expect(worlds).toEqual([1, 10]);
    const entered: ReplayWorld[] = [];
    const trace = replay({
      table,
      catalog,
      stream: shuffledStream(400, 100, createRandom(1)),
      policy: {
        enter: (world) => entered.push(world),
        choose: () => 1,
        observe: () => undefined,
        learn: () => undefined,
      },
      feedback: PLAIN_FEEDBACK,
      random: createRandom(2),
      scenario,
    });
    expect(entered).toHaveLength(2);
    const prompt = trace.prompts[99] ?? 0;
    expect(trace.costUsd[99]).toBeCloseTo(10 * (table.costUsd[prompt * 4 + 1] ?? 0), 12);
  });

  test('a model that recovers is itself again', () => {
    const scenario = scenarioNamed('recovery', 1000, [2, 0], 0);
    const useless = () => 0.999;
    expect(scenario.qualityOf(249, 2, 1, useless)).toBe(1);
    expect(scenario.qualityOf(250, 2, 1, useless)).toBe(0);
    expect(scenario.qualityOf(250, 0, 1, useless)).toBe(1);
    expect(scenario.qualityOf(500, 2, 1, useless)).toBe(1);
    expect(scenario.backAt).toBe(500);
  });
});
