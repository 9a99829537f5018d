import {
  evaluateOffPolicy,
  hindsightPredictions,
  type LoggedChoice,
} from '../../src/core/learning/off-policy.ts';
import { createRandom } from '../../src/core/learning/random.ts';
import { bestByTask } from './baselines.ts';
import { makePolicy } from './make-policy.ts';
import { shuffledStream } from './replay.ts';
import type { LoadedTable } from './run-job.ts';
import { STEADY } from './scenario.ts';
import { meanAndError } from './summarize.ts';

interface LoggedRequest extends LoggedChoice {
  readonly task: number;
}

interface Judged {
  readonly error: number;
  readonly isCovered: boolean;
}

/**
 * Off-policy estimates against the truth: the router's own logs are asked what the best model per task would have
 * achieved on the same requests, which the table knows.
 */
export function proveOffPolicy(
  loaded: LoadedTable,
  run: { readonly lambda: number; readonly requests: number; readonly seeds: number },
) {
  const taskToBest = bestByTask(loaded.table, 0);
  const { models } = loaded.table;
  const kinds: Record<'snips' | 'doublyRobust', Judged[]> = { snips: [], doublyRobust: [] };
  const sizes: number[] = [];
  const unsupported: number[] = [];
  for (let seed = 1; seed <= run.seeds; seed += 1) {
    const { log, truth } = logOf(loaded, run, seed, taskToBest);
    const hindsight = hindsightPredictions(log, ({ task }) => task);
    const known = log.map((row) => ({ ...row, predictions: hindsight(row) }));
    const result = evaluateOffPolicy(known, ({ task }) =>
      models.map((_, model) => (model === taskToBest[task] ? 1 : 0)),
    );
    sizes.push(result.effectiveSampleSize);
    unsupported.push(result.unsupportedShare);
    for (const kind of ['snips', 'doublyRobust'] as const) {
      const estimate = result[kind];
      if (estimate === undefined) continue;
      const isCovered = estimate.low90 <= truth && truth <= estimate.high90;
      kinds[kind].push({ error: estimate.mean - truth, isCovered });
    }
  }
  const outline = (estimates: readonly Judged[]) => ({
    estimates: estimates.length,
    bias: meanAndError(estimates.map(({ error }) => error)),
    meanAbsoluteError: meanAndError(estimates.map(({ error }) => Math.abs(error))).mean,
    rootMeanSquare: Math.sqrt(meanAndError(estimates.map(({ error }) => error ** 2)).mean),
    covered: estimates.filter(({ isCovered }) => isCovered).length,
  });
  return {
    snips: outline(kinds.snips),
    doublyRobust: outline(kinds.doublyRobust),
    effectiveSampleSize: meanAndError(sizes).mean,
    unsupportedShare: meanAndError(unsupported).mean,
  };
}

/** What the router logs while it learns, and the quality that the target would have had on the same requests. */
function logOf(
  { table, catalog }: LoadedTable,
  run: { readonly lambda: number; readonly requests: number },
  seed: number,
  taskToBest: readonly number[],
): { log: LoggedRequest[]; truth: number } {
  const modelCount = table.models.length;
  const policy = makePolicy('outrider', {
    table,
    catalog,
    lambda: run.lambda,
    seed: seed * 104_729 + 1,
    labelSource: 'human',
    features: undefined,
  });
  policy.enter(STEADY.worldAt(0));
  const stream = shuffledStream(table.promptIds.length, run.requests, createRandom(seed * 7919));
  let truth = 0;
  const log = Array.from(stream, (prompt, time): LoggedRequest => {
    const task = table.promptToTask[prompt] ?? 0;
    const request = { prompt, task, time };
    const chosen = policy.choose(request);
    const cell = prompt * modelCount + chosen;
    const reward = table.quality[cell] ?? 0;
    const propensities = Float64Array.from(policy.propensities?.() ?? []);
    const predictions = Float64Array.from(policy.predictions?.() ?? []);
    policy.observe(request, chosen, {
      costUsd: table.costUsd[cell] ?? 0,
      outputTokens: catalog.outputTokens[cell] ?? 0,
    });
    policy.learn(request, chosen, reward);
    truth += (table.quality[prompt * modelCount + (taskToBest[task] ?? 0)] ?? 0) / run.requests;
    return { task, propensities, predictions, chosen, reward };
  });
  return { log, truth };
}
