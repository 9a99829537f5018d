import type { AttemptFact } from './contract.ts';

/**
 * The attempt whose answer the client got: the completed one, else the last, whose failure it saw. Attempts follow
 * one another and end with the first success, so at most one is completed.
 */
export function answeringAttempt(attempts: readonly AttemptFact[]): AttemptFact | undefined {
  return attempts.reduce<AttemptFact | undefined>((best, attempt) => {
    if (best === undefined) return attempt;
    const isBetter = Number(attempt.ending === 'completed') - Number(best.ending === 'completed');
    return isBetter > 0 || (isBetter === 0 && attempt.number > best.number) ? attempt : best;
  }, undefined);
}
