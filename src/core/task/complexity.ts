import { HARD, HARD_IN_A_ROW } from './known-words.ts';
import type { RequestReading } from './request-reading.ts';
import type { Task } from './task.ts';
import type { TextFeatures } from './text-features.ts';
import { LINES } from './text-words.ts';

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

/**
 * 0 (trivial) to 1 (hard), from signs that cost nothing: the task, how long the request is, how many demands it
 * lists, words such as "prove", tools offered, turns so far. Not calibrated against anything; it orders requests.
 * `scan` is that of the request's text.
 */
export function complexityOf(task: Task, reading: RequestReading, scan: TextFeatures): number {
  const length = Math.min(1, Math.log2(1 + reading.request.length / 60) / 8);
  const sum =
    BASE[task] +
    0.3 * length +
    0.12 * Math.min(1, (scan.counts[LINES] as number) / 16) +
    (hasHardWords(scan) ? 0.15 : 0) +
    0.08 * Math.min(1, reading.toolsOffered / 8) +
    0.05 * Math.min(1, reading.userTurns / 10) +
    (reading.hasImage ? 0.05 : 0);
  return Math.min(1, sum);
}

function hasHardWords({ known }: TextFeatures): boolean {
  let rowBefore = -2;
  for (let at = 0; at < known.count; at += 1) {
    const value = known.values[at] as number;
    if (value & HARD) return true;
    if (value & HARD_IN_A_ROW) {
      const index = known.indices[at] as number;
      if (index === rowBefore + 1) return true;
      rowBefore = index;
    }
  }
  return false;
}
