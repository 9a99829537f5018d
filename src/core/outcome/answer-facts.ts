/** What is known of an answer's content, for the automatic checks. Of `n` choices, the first. */
export interface AnswerFacts {
  /** As the provider said it: `stop`, `length`, `tool_calls`, `content_filter`, …; `''` when it said none. */
  readonly finishReason: string;
  readonly text: string;
  /** False when only the beginning and the end of a long stream were kept. */
  readonly isTextWhole: boolean;
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[];
  /** OpenAI's explicit refusal field. */
  readonly refusal?: string;
}
