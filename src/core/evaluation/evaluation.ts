import type { AnyTask } from '../task/operation-task.ts';
import { profileRequest } from '../task/profile-request.ts';
import type { ChatRequestView, Task } from '../task/task.ts';

/** An operator's own evaluation of models, as it is remembered: one mean score per model and task. */
export interface Evaluation {
  /** `EVALUATION_NAME`; pushing the same name again replaces. */
  readonly name: string;
  readonly pushedAtMs: number;
  readonly scores: readonly EvaluationScore[];
}

export interface EvaluationScore {
  readonly modelId: string;
  readonly task: AnyTask;
  /** Mean score, 0–1. */
  readonly score: number;
  /** Answers behind it, at least 1. */
  readonly samples: number;
}

/** One result as an operator states it, its model already found in the catalogue. */
export interface EvaluationRow {
  readonly modelId: string;
  /** What the operator says it is; else the prompt is classified like a request with that prompt. */
  readonly task: AnyTask | undefined;
  readonly prompt: string | undefined;
  readonly score: number;
  readonly samples: number;
}

export const EVALUATION_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
/** More says nothing more: an evaluation counts as 30 pseudo-outcomes at most. */
export const MAX_SAMPLES = 1_000_000_000;
/** Rows between two pauses: classifying as many prompts of 1 KB takes some milliseconds. */
const ROWS_AT_ONCE = 200;

/**
 * Rows → one score per model and task, in the order in which they first appear. Prompts are not kept.
 *
 * @param pause called now and then, so that a large table does not hold up everything else
 */
export async function scoresOfRows(
  rows: readonly EvaluationRow[],
  pause: () => Promise<void>,
): Promise<EvaluationScore[]> {
  const cellToScore = new Map<string, { modelId: string; task: AnyTask; sum: number; samples: number }>();
  for (const [index, row] of rows.entries()) {
    if (index > 0 && index % ROWS_AT_ONCE === 0) await pause();
    const task = row.task ?? taskOfPrompt(row.prompt ?? '');
    const key = `${task} ${row.modelId}`;
    const cell = cellToScore.get(key);
    if (cell === undefined) {
      cellToScore.set(key, {
        modelId: row.modelId,
        task,
        sum: row.score * row.samples,
        samples: row.samples,
      });
    } else {
      cell.sum += row.score * row.samples;
      cell.samples += row.samples;
    }
  }
  return [...cellToScore.values()].map(({ modelId, task, sum, samples }) => ({
    modelId,
    task,
    // Rounding may lift a mean of ones above 1.
    score: Math.min(1, Math.max(0, sum / samples)),
    samples: Math.min(samples, MAX_SAMPLES),
  }));
}

/** The task that a request with this prompt would have. A prompt may be a list of messages as JSON, as promptfoo has them. */
function taskOfPrompt(prompt: string): Task {
  return profileRequest({ messages: messagesOf(prompt) ?? [{ role: 'user', content: prompt }] }).task;
}

function messagesOf(prompt: string): ChatRequestView['messages'] | undefined {
  if (!prompt.trimStart().startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(prompt);
    if (!Array.isArray(parsed) || parsed.length === 0) return undefined;
    return parsed.every(isMessage) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is ChatRequestView['messages'][number] {
  return typeof value === 'object' && value !== null && 'role' in value && typeof value.role === 'string';
}
