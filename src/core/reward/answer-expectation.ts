import type { ChatRequestView } from '../task/task.ts';

/** What the client asked of the form of its answer, as it asked it: nothing here is trusted or examined yet. */
export interface AnswerExpectation {
  readonly responseFormat: unknown;
  /** Tools, or the older `functions`. */
  readonly tools: readonly unknown[];
  readonly toolChoice: unknown;
  /** The client's own bound on answer tokens: an answer cut there is not the model's fault. */
  readonly maxTokensBound: number | undefined;
}

export function expectationOf(request: ChatRequestView): AnswerExpectation {
  return {
    responseFormat: request.response_format,
    tools: request.tools ?? request.functions ?? [],
    toolChoice: request.tool_choice,
    maxTokensBound: request.max_completion_tokens ?? request.max_tokens ?? undefined,
  };
}
