import type { RequestReading } from './request-reading.ts';
import type { Task } from './task.ts';

/** How hard a plain request of a task tends to be; a guess to start from, not learnt. */
const BASE: Readonly<Record<Task, number>> = {
  code_generation: 0.4,
  code_review: 0.4,
  reasoning_math: 0.45,
  question_answering: 0.22,
  summarization: 0.2,
  extraction: 0.18,
  translation: 0.18,
  creative_writing: 0.28,
  tool_use: 0.35,
  conversation: 0.08,
  unknown: 0.25,
};

/** Words that ask for more than a first answer, in the languages most written in. */
const HARD_WORDS =
  /\b(?:prove|proof|derive|optimi[sz]e|refactor|architecture|concurren|distributed|theorem|step by step|trade-?offs?|edge cases|rigorous|beweis|démontr|demuestr|dimostr|оптимиз|докаж)|证明|優化|优化|架构|証明|最適化|증명/i;
const EXAMINED = 1_024;

/**
 * 0 (trivial) to 1 (hard), from signs that cost nothing: the task, how long the request is, how many demands it
 * lists, words such as "prove", tools offered, turns so far. Not calibrated against anything; it orders requests.
 */
export function complexityOf(task: Task, reading: RequestReading): number {
  const request = reading.request;
  const head = request.length > EXAMINED ? request.slice(0, EXAMINED) : request;
  let lines = 0;
  for (let at = head.indexOf('\n'); at >= 0; at = head.indexOf('\n', at + 1)) lines += 1;
  const length = Math.min(1, Math.log2(1 + request.length / 60) / 8);
  const sum =
    BASE[task] +
    0.3 * length +
    0.12 * Math.min(1, lines / 16) +
    (HARD_WORDS.test(head) ? 0.15 : 0) +
    0.08 * Math.min(1, reading.toolsOffered / 8) +
    0.05 * Math.min(1, reading.userTurns / 10) +
    (reading.hasImage ? 0.05 : 0);
  return Math.min(1, sum);
}
