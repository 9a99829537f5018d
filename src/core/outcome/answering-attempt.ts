import type { QualityEvidence } from '../learning/delta.ts';
import type { Ending } from './endings.ts';

/** What tells an answer apart from the other attempts of its request. */
export interface AnswerClaim {
  readonly number: number;
  readonly ending: Ending | undefined;
  readonly automatic: QualityEvidence | undefined;
}

/**
 * The attempt whose answer the client gets: of the completed ones the one whose automatic verdict is best, the later
 * of equals; without any, the last, whose failure it sees. The gateway serves by this rule and whoever reads the rows
 * finds the served one by it: a cascade completes several, and feedback is about the one that went out.
 */
export function answeringAttempt<Attempt extends AnswerClaim>(
  attempts: readonly Attempt[],
): Attempt | undefined {
  return attempts.reduce<Attempt | undefined>(
    (best, attempt) => (best === undefined || answersRather(attempt, best) ? attempt : best),
    undefined,
  );
}

function answersRather(attempt: AnswerClaim, best: AnswerClaim): boolean {
  const isCompleted = Number(attempt.ending === 'completed') - Number(best.ending === 'completed');
  const isBetter = isCompleted || (attempt.ending === 'completed' ? qualityOf(attempt) - qualityOf(best) : 0);
  return isBetter > 0 || (isBetter === 0 && attempt.number > best.number);
}

/** An answer that the checks say nothing about has no known fault. */
function qualityOf({ automatic }: AnswerClaim): number {
  return automatic?.quality ?? 1;
}
