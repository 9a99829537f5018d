import type { Capability } from '../catalog/model.ts';
import type { AnyTask } from './operation-task.ts';

/** Coarse task labels: the cells of what is learnt. `unknown` is a pooled cell for low confidence. */
export const TASKS = [
  'code_generation',
  'code_review',
  'reasoning_math',
  'question_answering',
  'summarization',
  'extraction',
  'translation',
  'creative_writing',
  'tool_use',
  'conversation',
  'unknown',
] as const;
export type Task = (typeof TASKS)[number];
/** The tasks the classifier tells apart, in the order of its weights. */
export const CLASSIFIED_TASKS: readonly Task[] = TASKS.filter((task) => task !== 'unknown');

/** What core reads of a chat request. The rest of the body passes through untouched. */
export interface ChatRequestView {
  readonly messages: readonly ChatMessageView[];
  readonly tools?: readonly unknown[] | null;
  readonly functions?: readonly unknown[] | null;
  readonly tool_choice?: unknown;
  readonly response_format?: { readonly type?: unknown } | null;
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  readonly n?: number | null;
}
export interface ChatMessageView {
  readonly role: string;
  /** A string, an array of content parts, or null. */
  readonly content?: unknown;
  readonly tool_calls?: unknown;
}

/** Of a chat, which the classifier reads. */
export interface ChatProfile extends RequestProfile {
  readonly task: Task;
}

/** Everything about one request that choosing depends on. */
export interface RequestProfile {
  readonly task: AnyTask;
  /**
   * Calibrated probability that `task` is right, 0–1; 1 when the client said it. For `unknown` that of the best
   * guess, which was too low to stand.
   */
  readonly confidence: number;
  /** 0 (trivial) to 1 (hard). */
  readonly complexity: number;
  /** ISO 639-1 where recognised, else `und`. */
  readonly language: string;
  readonly needs: ReadonlySet<Capability>;
  /** Messages of the user so far; absent where there is no conversation. */
  readonly turns?: number;
  /** Estimated prompt tokens, by bytes: never a tokenizer (hostile text takes one minutes). */
  readonly inputTokens: number;
  /** The client's own bound on answer tokens, per choice. */
  readonly maxOutputTokens?: number;
  /** Choices asked for (`n`). */
  readonly choices: number;
  /** Images, seconds of audio, characters or searches that it will probably be charged for, beside its tokens. */
  readonly units?: number;
  /** Tokens that have to fit into a context at once, where those are not all: of a batch the longest; absent: all. */
  readonly contextTokens?: number;
  /** Tokens of one choice where they are known beforehand, such as 0 of an embedding; absent: what was learnt. */
  readonly answerTokens?: number;
  /** The answer comes in one piece: its time is that to its first byte, whatever its size. */
  readonly isTimedWhole?: boolean;
}
