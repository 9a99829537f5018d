import { type BudgetTerms, boundedTerms } from '../core/money/budget.ts';
import type { ConfigFile } from './file-schema.ts';

/** `[budgets]`, ready for use. */
export function buildBudgets(
  table: ConfigFile['budgets'],
  env: Readonly<Record<string, string | undefined>>,
) {
  const { webhook_url: plainUrl, webhook_url_env: urlEnv } = table;
  const webhookUrl = urlEnv === undefined ? plainUrl : (env[urlEnv] ?? '').trim();
  const terms: BudgetTerms = {
    budgetMicroUsdPerDay: microUsdOf(table.usd_per_day),
    budgetMicroUsdPerMonth: microUsdOf(table.usd_per_month),
    onExhausted: table.on_exhausted,
  };
  return {
    /** Undefined where neither window is bounded. */
    total: boundedTerms(terms),
    /** Rising. */
    warnAt: [...table.warn_at].sort((one, other) => one - other),
    /** Behind a function: it may hold a secret. Undefined for none. */
    webhookUrl: (): string | undefined => webhookUrl,
  };
}

function microUsdOf(usd: number | undefined): number | undefined {
  return usd === undefined ? undefined : Math.round(usd * 1_000_000);
}
