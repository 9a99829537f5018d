import { TYPICAL_INPUT_TOKENS } from '../../core/choice/handicap.ts';
import { DAY_MS } from '../../core/durations.ts';
import type { Task } from '../../core/task/task.ts';
import type { GatewayDeps } from '../deps.ts';

const WINDOW_MS = 7 * DAY_MS;
/** Completed requests before the traffic's own mean speaks for it. */
const FEWEST_REQUESTS = 20;

/** Mean prompt tokens of this task's completed requests over the last week. */
export async function typicalInputTokens(deps: GatewayDeps, task: Task): Promise<number> {
  return (await readTypicalInputTokens(deps))(task);
}

/** The same for any number of tasks, with one look at the roll-up. */
export async function readTypicalInputTokens(
  deps: Pick<GatewayDeps, 'nowMs'> & { readonly store: Pick<GatewayDeps['store'], 'readModelTraffic'> },
): Promise<(task: Task) => number> {
  const rows = await deps.store.readModelTraffic(deps.nowMs() - WINDOW_MS);
  const taskToSum = new Map<string, { completed: number; inputTokens: number }>();
  for (const row of rows) {
    const sum = taskToSum.get(row.task) ?? { completed: 0, inputTokens: 0 };
    sum.completed += row.completed;
    sum.inputTokens += row.inputTokens;
    taskToSum.set(row.task, sum);
  }
  return (task) => {
    const sum = taskToSum.get(task);
    return sum === undefined || sum.completed < FEWEST_REQUESTS
      ? TYPICAL_INPUT_TOKENS
      : Math.round(sum.inputTokens / sum.completed);
  };
}
