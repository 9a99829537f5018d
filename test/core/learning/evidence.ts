import type { BeliefDelta } from '../../../src/core/learning/delta.ts';
import { EVIDENCE_WEIGHTS, HEURISTIC_PASS_WEIGHT } from '../../../src/core/reward/evidence-weight.ts';
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

/** Answers that nobody rated: so many without a visible fault, so many with one. */
export function unlabelled(
  modelId: string,
  task: Task,
  { passes = 0, faults = 0 }: { readonly passes?: number; readonly faults?: number },
): BeliefDelta {
  const a = passes * HEURISTIC_PASS_WEIGHT;
  const b = faults * EVIDENCE_WEIGHTS.heuristic;
  const c = passes * HEURISTIC_PASS_WEIGHT ** 2 + faults * EVIDENCE_WEIGHTS.heuristic ** 2;
  return { kind: 'quality', subject: modelId, task, source: 'heuristic', epoch: 0, a, b, c };
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
