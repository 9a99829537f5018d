import type { BeliefDelta } from '../../../src/core/learning/delta.ts';
import type { Task } from '../../../src/core/task/task.ts';

/** One labelled outcome, or several that agree. */
export function quality(
  modelId: string,
  task: Task,
  successes: number,
  failures: number,
  epoch = 0,
): BeliefDelta {
  const c = successes + failures;
  return { kind: 'quality', subject: modelId, task, source: 'human', epoch, a: successes, b: failures, c };
}

/** `count` answers of the same size or speed. */
export function measured(
  kind: 'tokens' | 'ttft' | 'token_time',
  subject: string,
  task: Task,
  value: number,
  count = 1,
  epoch = 0,
): BeliefDelta {
  const log = Math.log(value);
  return { kind, subject, task, source: '', epoch, a: count, b: count * log, c: count * log * log };
}
