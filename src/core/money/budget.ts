/** What may be spent in a day or a month (UTC) by one key, or by all together. The record of a key is one. */
export interface BudgetTerms {
  /** Undefined: no bound for this window. */
  readonly budgetMicroUsdPerDay: number | undefined;
  readonly budgetMicroUsdPerMonth: number | undefined;
  readonly onExhausted: OnExhausted;
}

/** What happens to a request that does not fit any more: it is refused, or left to models that still do. */
export const ON_EXHAUSTED = ['stop', 'downgrade'] as const;
export type OnExhausted = (typeof ON_EXHAUSTED)[number];

export const BUDGET_WINDOWS = ['day', 'month'] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** Whose budget it is: everybody's, or one key's. */
export type BudgetHolder = { readonly kind: 'total' } | { readonly kind: 'key'; readonly keyId: string };

/** Undefined where neither window is bounded. */
export function boundedTerms<Terms extends BudgetTerms>(terms: Terms | undefined): Terms | undefined {
  if (terms === undefined) return undefined;
  const { budgetMicroUsdPerDay, budgetMicroUsdPerMonth } = terms;
  return budgetMicroUsdPerDay === undefined && budgetMicroUsdPerMonth === undefined ? undefined : terms;
}

export function limitOf(terms: BudgetTerms, window: BudgetWindow): number | undefined {
  return window === 'day' ? terms.budgetMicroUsdPerDay : terms.budgetMicroUsdPerMonth;
}

/** As labels and documents call it: `total`, or the id of a key. */
export function holderName(holder: BudgetHolder): string {
  return holder.kind === 'total' ? 'total' : holder.keyId;
}
