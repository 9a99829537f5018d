import type { LanguageModelV3Usage } from '@ai-sdk/provider';

/** `usage` of a chat completion. */
export interface CompletionUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** `cache_write_tokens` are those that the provider kept for the next time, where it says so; part of the prompt. */
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens?: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/** Undefined where the provider did not count: the gateway estimates then, and says so. */
export function mapUsage({ inputTokens, outputTokens }: LanguageModelV3Usage): CompletionUsage | undefined {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return undefined;
  const { cacheWrite } = inputTokens;
  return {
    prompt_tokens: inputTokens.total,
    completion_tokens: outputTokens.total,
    total_tokens: inputTokens.total + outputTokens.total,
    prompt_tokens_details: {
      cached_tokens: inputTokens.cacheRead ?? 0,
      ...(cacheWrite === undefined || cacheWrite === 0 ? {} : { cache_write_tokens: cacheWrite }),
    },
    ...(outputTokens.reasoning === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: outputTokens.reasoning } }),
  };
}
