import type { Task } from '../core/task/task.ts';
import type { GatewayDeps } from './deps.ts';

/** A prompt of this many tokens stands for a task until it has traffic of its own. */
export const TYPICAL_INPUT_TOKENS = 500;
const WINDOW_MS = 7 * 24 * 3_600_000;
/** Completed requests before the traffic's own mean speaks for it. */
const FEWEST_REQUESTS = 20;

/** Mean prompt tokens of this task's completed requests over the last week. */
export async function typicalInputTokens(deps: GatewayDeps, task: Task): Promise<number> {
  const rows = await deps.store.readTraffic(deps.nowMs() - WINDOW_MS);
  let completed = 0;
  let inputTokens = 0;
  for (const row of rows) {
    if (row.task !== task) continue;
    completed += row.completed;
    inputTokens += row.inputTokens;
  }
  return completed < FEWEST_REQUESTS ? TYPICAL_INPUT_TOKENS : Math.round(inputTokens / completed);
}
