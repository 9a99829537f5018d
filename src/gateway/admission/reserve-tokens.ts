import type { Decision } from '../../core/choice/decision.ts';
import type { Allowance } from './rate-limits.ts';

/**
 * Sets aside what a planned request is going to take: its prompt, and as long an answer as it allows; the expected one
 * where it sets no bound.
 *
 * @returns a promise when somebody else has to be asked
 * @throws GatewayError 429
 */
export function reserveTokens(
  allowance: Allowance | undefined,
  { profile, ranking }: Decision,
): void | Promise<void> {
  if (allowance === undefined) return undefined;
  const { inputTokens, maxOutputTokens, choices } = profile;
  const expected = (ranking[0]?.expectedOutputTokens ?? 0) * choices;
  const most = maxOutputTokens === undefined ? expected : Math.max(expected, maxOutputTokens * choices);
  return allowance.reserveTokens(inputTokens + expected, inputTokens + most);
}
