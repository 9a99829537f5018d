import { readUsage, type Usage } from '../../../core/money/usage.ts';
import { isChargedWhenCut } from '../meter-tokens.ts';
import type { MeteredAttempt } from '../operation.ts';

/** What is charged for its input alone: the provider's own count, else ours of the request; none for what was refused. */
export function meterTokensIn(attempt: Omit<MeteredAttempt, 'job'>): Usage | undefined {
  const said = readUsage(attempt.progress.usage);
  if (said) return said;
  if (!wasServed(attempt)) return undefined;
  return {
    inputTokens: attempt.profile.inputTokens,
    outputTokens: 0,
    cachedInputTokens: 0,
    isEstimated: true,
  };
}

/** Answered, or cut short when the provider had begun to work. */
export function wasServed({
  answer,
  error,
  progress,
}: Pick<MeteredAttempt, 'answer' | 'error' | 'progress'>): boolean {
  return answer !== undefined || progress.tokenEvents > 0 || isChargedWhenCut(error?.ending, progress);
}
