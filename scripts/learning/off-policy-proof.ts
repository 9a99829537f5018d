import type { LoggedChoice } from '../../src/core/learning/logged-choice.ts';
import { evaluateOffPolicy, type OffPolicyEstimate } from '../../src/core/learning/off-policy.ts';
import { createRandom } from '../../src/core/learning/random.ts';
import { bestByTask, meanCostUsd, meanUtilities } from './baselines.ts';
import { indexOfLargest, makePolicy } from './make-policy.ts';
import type { OutcomeTable } from './outcome-table.ts';
import { shuffledStream } from './replay.ts';
import type { LoadedTable } from './run-job.ts';
import { STEADY } from './scenario.ts';
import { meanAndError } from './summarize.ts';

interface LoggedRequest extends LoggedChoice {
  readonly task: number;
  readonly prompt: number;
}

/** A policy that logs are asked about: shares of the models by task of the table. */
interface Target {
  readonly name: string;
  readonly taskToShares: readonly Float64Array[];
}

interface Judged {
  readonly error: number;
  readonly isCovered: boolean;
  readonly width: number;
}

const ESTIMATORS = ['snips', 'doublyRobust'] as const;

/**
 * Off-policy estimates against the truth: the router's own logs are asked what other policies would have achieved on
 * the same requests, which the table knows.
 *
 * @param run floorShare is the router's ε, its default where left out
 */
export function proveOffPolicy(
  loaded: LoadedTable,
  run: {
    readonly lambda: number;
    readonly requests: number;
    readonly seeds: number;
    readonly floorShare?: number;
  },
) {
  const targets = targetsOf(loaded.table);
  const judged = targets.map(() => ({ snips: [] as Judged[], doublyRobust: [] as Judged[] }));
  const supports = targets.map((): OffPolicyEstimate[] => []);
  for (let seed = 1; seed <= run.seeds; seed += 1) {
    const log = logOf(loaded, run, seed);
    for (const [index, { taskToShares }] of targets.entries()) {
      const truth = truthOf(loaded.table, log, taskToShares);
      const result = evaluateOffPolicy(log, ({ task }) => taskToShares[task] ?? [], {
        clusterOf: ({ task }) => task,
      });
      supports[index]?.push(result);
      for (const kind of ESTIMATORS) {
        const estimate = result[kind];
        if (estimate === undefined) continue;
        const { mean, low90, high90 } = estimate;
        const isCovered = low90 <= truth && truth <= high90;
        judged[index]?.[kind].push({ error: mean - truth, isCovered, width: (high90 - low90) / 2 });
      }
    }
  }
  return targets.map(({ name }, index) => ({
    target: name,
    refused: supports[index]?.filter(({ doublyRobust }) => doublyRobust === undefined).length ?? 0,
    effectiveSampleSize: meanOf(supports[index] ?? [], (result) => result.effectiveSampleSize),
    unsupportedShare: meanOf(supports[index] ?? [], (result) => result.unsupportedShare),
    snips: outlineOf(judged[index]?.snips ?? []),
    doublyRobust: outlineOf(judged[index]?.doublyRobust ?? []),
  }));
}

/** The policies that people ask about, from the best there is to what no log of the router supports. */
function targetsOf(table: OutcomeTable): Target[] {
  const modelCount = table.models.length;
  const costs = table.models.map((_, model) => meanCostUsd(table, model));
  const utilities = meanUtilities(table, 0);
  const best = indexOfLargest(utilities);
  const second = indexOfLargest(utilities.map((utility, model) => (model === best ? -1 : utility)));
  const dearest = indexOfLargest(costs);
  const always = (name: string, models: readonly number[]): Target => ({
    name,
    taskToShares: models.map((model) =>
      Float64Array.from({ length: modelCount }, (_, m) => Number(m === model)),
    ),
  });
  const everywhere = (model: number) => table.tasks.map(() => model);
  return [
    always('best per task', bestByTask(table, 0)),
    always('best per task, λ = 30', bestByTask(table, 30)),
    always('best fixed', everywhere(best)),
    always('second best fixed', everywhere(second)),
    always('dearest', everywhere(dearest)),
    always('cheapest', everywhere(costs.indexOf(Math.min(...costs)))),
    {
      name: 'uniform',
      taskToShares: table.tasks.map(() => new Float64Array(modelCount).fill(1 / modelCount)),
    },
  ];
}

/** What the router logs while it learns. */
function logOf(
  { table, catalog }: LoadedTable,
  run: { readonly lambda: number; readonly requests: number; readonly floorShare?: number },
  seed: number,
): LoggedRequest[] {
  const modelCount = table.models.length;
  const policy = makePolicy('outrider', {
    table,
    catalog,
    lambda: run.lambda,
    seed: seed * 104_729 + 1,
    labelSource: 'human',
    floorShare: run.floorShare,
    features: undefined,
  });
  policy.enter(STEADY.worldAt(0));
  const stream = shuffledStream(table.promptIds.length, run.requests, createRandom(seed * 7919));
  return Array.from(stream, (prompt, time): LoggedRequest => {
    const task = table.promptToTask[prompt] ?? 0;
    const request = { prompt, task, time };
    const chosen = policy.choose(request);
    const cell = prompt * modelCount + chosen;
    const reward = table.quality[cell] ?? 0;
    const propensities = Float64Array.from(policy.propensities?.() ?? []);
    policy.observe(request, chosen, {
      costUsd: table.costUsd[cell] ?? 0,
      outputTokens: catalog.outputTokens[cell] ?? 0,
    });
    policy.learn(request, chosen, reward);
    return { task, prompt, propensities, chosen, reward };
  });
}

/** The quality that the target would have had on the same requests. */
function truthOf(
  { quality, models }: OutcomeTable,
  log: readonly LoggedRequest[],
  taskToShares: readonly Float64Array[],
): number {
  return meanOf(log, ({ task, prompt }) => {
    const shares = taskToShares[task] ?? new Float64Array();
    return shares.reduce(
      (sum, share, model) => sum + share * (quality[prompt * models.length + model] ?? 0),
      0,
    );
  });
}

function outlineOf(estimates: readonly Judged[]) {
  return {
    estimates: estimates.length,
    bias: meanAndError(estimates.map(({ error }) => error)),
    meanAbsoluteError: meanOf(estimates, ({ error }) => Math.abs(error)),
    rootMeanSquare: Math.sqrt(meanOf(estimates, ({ error }) => error ** 2)),
    covered: estimates.filter(({ isCovered }) => isCovered).length,
    halfWidth: meanOf(estimates, ({ width }) => width),
  };
}

function meanOf<Item>(items: readonly Item[], read: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += read(item);
  return items.length > 0 ? sum / items.length : Number.NaN;
}
