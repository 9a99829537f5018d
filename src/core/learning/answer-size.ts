import { TASKS, type Task } from '../task/task.ts';
import { ALL_TASKS, at, type BeliefSums, clamp, EVERYONE } from './belief-sums.ts';
import type { AnswerSize } from './contract.ts';
import { boundedLogNormalMean, type LogBelief, logNormalMean, updateBelief } from './log-normal.ts';

/** Expected tokens of an answer before anything was seen. */
const TASK_TO_TOKENS: Readonly<Record<Task, number>> = {
  code_generation: 500,
  code_review: 450,
  reasoning_math: 500,
  question_answering: 200,
  summarization: 200,
  extraction: 120,
  translation: 200,
  creative_writing: 650,
  tool_use: 60,
  conversation: 180,
  unknown: 300,
};
const FIRST_VARIANCE = 0.5;
/** Answers that a default, and then the average model, are worth against a model's own. */
const DEFAULT_STRENGTH = 3;
const TASK_STRENGTH = 4;
const TOKENS_LIMIT = 1_000_000;
const LOG_TOKENS_LIMIT = Math.log(TOKENS_LIMIT);

/**
 * Output tokens of (task, model), leaning on the task over all models, leaning on a default per task.
 */
export function createAnswerSizes(sums: BeliefSums, measure: number) {
  const everyone = sums.register(EVERYONE);
  const belief: LogBelief = { mean: 0, variance: 0 };

  return {
    /** @param bound most tokens the answer may have */
    expectedTokens(taskIndex: number, modelIndex: number, bound?: number): number {
      believe(taskIndex, modelIndex);
      const tokens =
        bound !== undefined && bound > 0 ? boundedLogNormalMean(belief, bound) : logNormalMean(belief);
      return clamp(tokens, 1, TOKENS_LIMIT);
    },
    /** Of a model that is not known, what all models together have shown. */
    sizeOf(taskIndex: number, modelIndex: number): AnswerSize {
      believe(taskIndex, modelIndex);
      const subject = modelIndex < 0 ? everyone : modelIndex;
      const samples = Math.max(0, at(sums.effective(), offsetOf(subject, columnOf(taskIndex))));
      return {
        logMean: belief.mean,
        logVariance: belief.variance,
        samples,
        logMeanVariance: belief.variance / (samples + TASK_STRENGTH),
      };
    },
  };

  /** Leaves the answer in `belief`. */
  function believe(taskIndex: number, modelIndex: number): void {
    const task = TASKS[taskIndex] ?? 'unknown';
    belief.variance = FIRST_VARIANCE;
    belief.mean = Math.log(TASK_TO_TOKENS[task]) - FIRST_VARIANCE / 2;
    const column = columnOf(taskIndex);
    updateBelief(belief, sums, offsetOf(everyone, column), DEFAULT_STRENGTH, 0, LOG_TOKENS_LIMIT);
    updateBelief(belief, sums, offsetOf(modelIndex, column), TASK_STRENGTH, 0, LOG_TOKENS_LIMIT);
  }

  function columnOf(taskIndex: number): number {
    return taskIndex < 0 ? ALL_TASKS : taskIndex;
  }

  function offsetOf(subjectIndex: number, column: number): number {
    return subjectIndex < 0 ? -1 : sums.offsetOf(subjectIndex, measure, column);
  }
}
