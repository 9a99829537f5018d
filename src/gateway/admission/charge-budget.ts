import type { Budgets } from '../../core/choice/budgets.ts';
import type { Decision } from '../../core/choice/decision.ts';
import type { AttemptEnd } from '../../store/contract.ts';

/**
 * What an attempt cost, against the budget of the strategy that chose it; while routing is only observed, what its choice
 * was expected to cost. A named model and a judge's call are not its choice, and a request that nobody answered and nobody charged for is none of the thousand that a budget
 * is for: during an outage it would look like money saved.
 *
 * @param isLast whether the client got this attempt's answer or its failure, rather than another attempt's
 */
export function chargeBudget(
  budgets: Budgets,
  { reason, strategy, circumstances }: Decision,
  { ending, costMicroUsd }: AttemptEnd,
  isLast: boolean,
): void {
  if (reason === 'explicit' || reason === 'judge') return;
  if (ending !== 'completed' && costMicroUsd === 0) return;
  if (reason === 'dry-run') {
    const [chosen] = circumstances?.dryRun?.ranking ?? [];
    // The baseline's attempts before the last one are no attempts of the choice.
    if (chosen && isLast) budgets.spent(strategy, chosen.expectedCostMicroUsd, true);
    return;
  }
  budgets.spent(strategy, costMicroUsd, isLast);
}
