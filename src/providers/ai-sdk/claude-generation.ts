/** What a Claude can be told about its thinking, by the number in its name, at Anthropic and at Bedrock. */
export type ClaudeThinking = 'none' | 'budget' | 'effort';

const NUMBER = /claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2})(?!\d))?/;

/**
 * Undefined for a model that is no Claude. Thinking came with 3.7, by a budget in tokens; from 4.6 on it adapts by
 * itself to an effort in words, and the newest refuse budgets.
 */
export function claudeThinking(upstreamModel: string): ClaudeThinking | undefined {
  if (!upstreamModel.includes('claude')) return undefined;
  const match = NUMBER.exec(upstreamModel);
  const generation = Number(match?.[1] ?? 5) + Number(match?.[2] ?? 0) / 100;
  if (generation < 3.07) return 'none';
  return generation < 4.06 ? 'budget' : 'effort';
}
