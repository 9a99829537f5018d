import { holderName } from '../../core/money/budget.ts';
import { shareOf } from '../../core/money/spending-ledger.ts';
import type { BudgetWarning } from '../admission/budget-warning.ts';
import type { KnownBudget, Spending } from '../admission/spending.ts';

/**
 * Every budget with what is spent and reserved of it in its present window: of all requests together first, then of keys.
 *
 * @param keyId the key whose budgets the caller may see; undefined for all
 * @throws GatewayError 503 `storage_unavailable`
 */
export async function reportBudgets(spending: Spending, keyId: string | undefined): Promise<object> {
  await spending.listKeys();
  await spending.refresh();
  const known = spending
    .standings()
    .filter(
      ({ standing: { holder } }) => keyId === undefined || (holder.kind === 'key' && holder.keyId === keyId),
    );
  return { object: 'list', data: known.map((one) => describeBudget(one)) };
}

function describeBudget({ standing, terms, keyName }: KnownBudget) {
  const { limitMicroUsd, spentMicroUsd, reservedMicroUsd } = standing;
  return {
    object: 'budget',
    ...whoseBudget(standing, keyName),
    limit_usd: limitMicroUsd / 1_000_000,
    spent_usd: spentMicroUsd / 1_000_000,
    reserved_usd: reservedMicroUsd / 1_000_000,
    remaining_usd: Math.max(0, limitMicroUsd - spentMicroUsd - reservedMicroUsd) / 1_000_000,
    share: shareOf(standing),
    on_exhausted: terms.onExhausted,
    ...datesOf(standing),
  };
}

/** What a webhook is sent: docs/budgets.md. */
export function warningMessage({ id, threshold, standing }: BudgetWarning, keyName: string): object {
  return {
    type: 'budget_warning',
    id,
    ...whoseBudget(standing, keyName),
    threshold,
    share: shareOf(standing),
    spent_usd: standing.spentMicroUsd / 1_000_000,
    limit_usd: standing.limitMicroUsd / 1_000_000,
    ...datesOf(standing),
  };
}

/** As reports name the holder and the window of a budget. */
export function whoseBudget({ holder, window }: KnownBudget['standing'], keyName: string) {
  return {
    budget: holderName(holder),
    key_id: holder.kind === 'key' ? holder.keyId : null,
    key_name: holder.kind === 'key' ? keyName : null,
    window,
  };
}

function datesOf({ startsAtMs, resetsAtMs }: KnownBudget['standing']) {
  return { starts_at: new Date(startsAtMs).toISOString(), resets_at: new Date(resetsAtMs).toISOString() };
}
