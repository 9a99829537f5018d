import { createRandom } from '../../src/core/learning/random.ts';
import { profileRequest } from '../../src/core/task/profile-request.ts';
import { TASKS } from '../../src/core/task/task.ts';
import { valueOfQualityUsd } from '../learning/make-policy.ts';
import { measureRun, type RunMeasures } from '../learning/measure.ts';
import type { OutcomeTable } from '../learning/outcome-table.ts';
import { outriderPolicy } from '../learning/outrider-policy.ts';
import { PLAIN_FEEDBACK, replay } from '../learning/replay.ts';
import type { LoadedTable } from '../learning/run-job.ts';

/** How the router learns what kind of request it has: it is told, or it reads the prompt. */
export type TaskSource = 'told' | 'classified';

/**
 * The table with the tasks that the gateway's own classifier reads in its prompts. They stand for themselves: the
 * catalogue then maps each to itself.
 */
export function classifiedTable({ table, catalog, texts = [] }: LoadedTable): LoadedTable {
  const promptToTask = Int32Array.from(table.promptIds, (_, prompt) => {
    const { task } = profileRequest({ messages: [{ role: 'user', content: texts[prompt] ?? '' }] });
    return TASKS.indexOf(task);
  });
  const classified: OutcomeTable = { ...table, tasks: TASKS, promptToTask };
  return { table: classified, catalog: { ...catalog, tableTaskToTask: TASKS }, texts };
}

/**
 * Plays a stream through `core/` alone, with a randomness of its own.
 *
 * @param options.seen    the table with the tasks as the router sees them
 * @param options.measured the table with the tasks that its labels are of, for what is measured
 * @param options.labelDelay requests between an answer and its label
 */
export function replayStream(options: {
  readonly seen: LoadedTable;
  readonly measured: OutcomeTable;
  readonly stream: Int32Array;
  readonly lambda: number;
  readonly labelDelay: number;
  readonly seed: number;
}): RunMeasures {
  const { seen, stream, lambda, seed } = options;
  const policy = outriderPolicy(
    seen.catalog,
    { valueOfQualityUsd: valueOfQualityUsd(lambda), explore: true, source: 'human' },
    createRandom(seed),
  );
  const trace = replay({
    table: seen.table,
    catalog: seen.catalog,
    stream,
    policy,
    feedback: { ...PLAIN_FEEDBACK, labelDelay: options.labelDelay },
    random: createRandom(seed + 1),
  });
  return measureRun(options.measured, trace, lambda, -1);
}
