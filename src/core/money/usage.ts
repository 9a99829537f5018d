/** What is charged of one answer. Tokens are non-negative integers; cached input is part of the input. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  /** Part of the input as well: what the provider kept of it for the next time, where that has a price of its own. */
  readonly cacheWriteTokens?: number;
  /** Tokens of sound, part of the input and of the output, where those have prices of their own; uncached ones. */
  readonly audioInputTokens?: number;
  readonly audioOutputTokens?: number;
  /** Images, seconds of audio, characters or searches, by the operation; absent where only tokens are charged. */
  readonly units?: number;
  /** True when some of it is our own estimate, because the provider said nothing or nothing credible. */
  readonly isEstimated: boolean;
}

/** The largest context sold today. A count above it is a broken provider, and would eat a budget in one answer. */
const MAX_CREDIBLE_TOKENS = 10_000_000;

/** English prose has about four bytes to a token, CJK three; code fewer. */
const BYTES_PER_TOKEN = 4;

/**
 * Reads the `usage` value of an OpenAI-shaped answer or last stream chunk: Chat Completions (`prompt_tokens`),
 * Responses (`input_tokens`), embeddings (no output count, only `total_tokens`).
 *
 * Undefined when a charged count is missing, a string, negative, fractional or absurd: then `estimateUsage` is what
 * remains. An incredible cached count only costs its discount, and marks the usage as estimated.
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const inputTokens = readCount(usage.prompt_tokens ?? usage.input_tokens);
  if (inputTokens === undefined) return undefined;
  const stated = usage.completion_tokens ?? usage.output_tokens;
  const outputTokens =
    stated === undefined || stated === null ? outputOfTotal(usage, inputTokens) : readCount(stated);
  if (outputTokens === undefined) return undefined;
  const cached = statedCachedTokens(usage);
  const written = readCount(statedDetails(usage)?.cache_write_tokens);
  if (written !== undefined && written > 0) return withWritten(inputTokens, outputTokens, cached, written);
  if (cached === undefined || cached === null) {
    return { inputTokens, outputTokens, cachedInputTokens: 0, isEstimated: false };
  }
  const cachedInputTokens = readCount(cached);
  const isCredible = cachedInputTokens !== undefined && cachedInputTokens <= inputTokens;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: isCredible ? cachedInputTokens : 0,
    isEstimated: !isCredible,
  };
}

/**
 * Usage by bytes, where the provider's own is not to be had. `tokenEvents` counts the stream events that carried
 * text: providers send at least one token in each, so it is a lower bound.
 */
export function estimateUsage(seen: {
  readonly inputTokens: number;
  readonly outputBytes: number;
  readonly tokenEvents?: number;
}): Usage {
  const byBytes = Math.ceil(clampCount(seen.outputBytes) / BYTES_PER_TOKEN);
  return {
    inputTokens: clampCount(seen.inputTokens),
    outputTokens: Math.max(byBytes, clampCount(seen.tokenEvents ?? 0)),
    cachedInputTokens: 0,
    isEstimated: true,
  };
}

/** Only some providers sell what they keep: the shape of all other usages stays one. */
function withWritten(inputTokens: number, outputTokens: number, said: unknown, written: number): Usage {
  const cached = readCount(said ?? 0);
  const isCredible = cached !== undefined && cached + written <= inputTokens;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: isCredible ? cached : 0,
    cacheWriteTokens: isCredible ? written : 0,
    isEstimated: !isCredible,
  };
}

function outputOfTotal(usage: Record<string, unknown>, inputTokens: number): number | undefined {
  const total = readCount(usage.total_tokens);
  return total === undefined || total < inputTokens ? undefined : total - inputTokens;
}

/** OpenAI and most others; OpenAI's Responses; DeepSeek. */
function statedCachedTokens(usage: Record<string, unknown>): unknown {
  const details = statedDetails(usage);
  return details?.cached_tokens !== undefined ? details.cached_tokens : usage.prompt_cache_hit_tokens;
}

function statedDetails(usage: Record<string, unknown>): Record<string, unknown> | undefined {
  const details = usage.prompt_tokens_details ?? usage.input_tokens_details;
  return isObject(details) ? details : undefined;
}

function readCount(value: unknown): number | undefined {
  const isCredible = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_CREDIBLE_TOKENS;
  return isCredible ? Number(value) : undefined;
}

function clampCount(value: number): number {
  return value > 0 ? Math.min(Math.ceil(value), MAX_CREDIBLE_TOKENS * BYTES_PER_TOKEN) : 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
