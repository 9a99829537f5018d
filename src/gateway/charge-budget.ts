import type { Budgets } from '../core/choice/budgets.ts';
import type { Decision } from '../core/choice/decision.ts';
import type { AttemptEnd } from '../store/contract.ts';

/**
 * What an attempt cost, against the budget of the strategy that chose it. A named model, a baseline and a judge's call
 * are not its choice, and a request that nobody answered and nobody charged for is none of the thousand that a budget
 * is for: during an outage it would look like money saved.
 *
 * @param isLast whether the client got this attempt's answer or its failure, rather than another attempt's
 */
export function chargeBudget(
  budgets: Budgets,
  { reason, strategy }: Decision,
  { ending, costMicroUsd }: AttemptEnd,
  isLast: boolean,
): void {
  if (reason === 'explicit' || reason === 'dry-run' || reason === 'judge') return;
  if (ending !== 'completed' && costMicroUsd === 0) return;
  budgets.spent(strategy, costMicroUsd, isLast);
}
