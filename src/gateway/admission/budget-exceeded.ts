import type { BudgetStanding } from '../../core/money/spending-ledger.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';

/**
 * 402 for a request that does not fit into a budget any more: which one, how much of it is gone, and when it begins anew.
 *
 * @param neededMicroUsd what the attempt was expected to cost; undefined where no model is cheap enough for what is left
 */
export function budgetExceeded(standing: BudgetStanding, neededMicroUsd: number | undefined): GatewayError {
  const { holder, window, limitMicroUsd, spentMicroUsd, reservedMicroUsd, resetsAtMs } = standing;
  const whose = holder.kind === 'total' ? 'this gateway' : 'this API key';
  const per = window === 'day' ? 'daily' : 'monthly';
  const reserved = reservedMicroUsd > 0 ? ` and ${usd(reservedMicroUsd)} reserved by requests under way` : '';
  const needed =
    neededMicroUsd === undefined
      ? 'no model that may answer this request is expected to cost as little as what is left'
      : `this request is expected to cost ${usd(neededMicroUsd)}`;
  // What is only reserved may come back within seconds.
  const isSpent = spentMicroUsd + (neededMicroUsd ?? 1) > limitMicroUsd;
  return new GatewayError({
    status: 402,
    code: 'budget_exceeded',
    message:
      `The ${per} budget of ${whose} has no room for this request: ${usd(spentMicroUsd)} of ${usd(limitMicroUsd)} is spent${reserved}, and ${needed}. ` +
      (isSpent ? '' : 'What they do not use comes back when they end; try again then. ') +
      `It begins anew at ${new Date(resetsAtMs).toISOString()}; until then, name a cheaper model or have the budget raised.`,
    retryAfterSeconds: isSpent ? undefined : 1,
    isRetryPointless: isSpent,
  });
}

/** To the cent where that says it all, else to the last millionth. */
function usd(microUsd: number): string {
  const text = (microUsd / 1_000_000).toFixed(6).replace(/0{1,4}$/, '');
  return `$${text}`;
}
