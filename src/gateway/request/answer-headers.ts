import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision } from '../../core/choice/decision.ts';
import { PICO_USD_PER_MICRO_USD, usdOf } from '../../core/money/cost.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import { headerValue } from './header-value.ts';
import type { Job } from './job.ts';
import { warningsOfDropped } from './supported-parameters.ts';

/** The short account of an answer that every client gets: who answered, and why. */
export function answerHeaders(
  job: Job,
  decision: Decision,
  { model, endpoint }: Candidate,
  account: {
    readonly attempts: number;
    readonly overheadMs: number;
    readonly budgetWarning: string | undefined;
  },
): Record<string, string> {
  const { attempts, overheadMs, budgetWarning } = account;
  const headers: Record<string, string> = {
    'x-request-id': job.requestId,
    'x-router-model': headerValue(model.id),
    'x-router-provider': headerValue(endpoint.provider),
    'x-router-reason': attempts > 1 ? 'fallback' : decision.reason,
    'x-router-task': decision.profile.task,
    'x-router-strategy': headerValue(decision.strategy),
    'x-router-attempts': String(attempts),
    'x-router-overhead-ms': Math.max(0, overheadMs).toFixed(2),
  };
  if (job.isCacheMiss) headers['x-router-cache'] = 'miss';
  if (budgetWarning !== undefined) headers['x-router-budget-warning'] = budgetWarning;
  const warnings = warningsOf(job, endpoint);
  if (warnings.length > 0) headers['x-router-warnings'] = headerValue(warnings.join(','));
  return headers;
}

/**
 * An error with the same account beside it: who was chosen and asked before it came to this. The model and the provider are
 * those that were asked last.
 */
export function withAccount(
  error: unknown,
  job: Job,
  decision: Pick<Decision, 'profile' | 'strategy' | 'reason'>,
  account: {
    readonly asked: Candidate | undefined;
    readonly attempts: number;
    readonly overheadMs: number;
    readonly costPicoUsd: number;
    readonly budgetWarning: string | undefined;
  },
): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { asked, attempts, overheadMs, costPicoUsd, budgetWarning } = account;
  const headers: Record<string, string> = {
    ...(asked === undefined
      ? undefined
      : {
          'x-router-model': headerValue(asked.model.id),
          'x-router-provider': headerValue(asked.endpoint.provider),
        }),
    'x-router-reason': attempts > 1 ? 'fallback' : decision.reason,
    'x-router-task': decision.profile.task,
    'x-router-strategy': headerValue(decision.strategy),
    'x-router-attempts': String(attempts),
    'x-router-overhead-ms': Math.max(0, overheadMs).toFixed(2),
    'x-router-cost-usd': costHeader(costPicoUsd),
  };
  if (budgetWarning !== undefined) headers['x-router-budget-warning'] = budgetWarning;
  const warnings = asked === undefined ? job.warnings : warningsOf(job, asked.endpoint);
  if (warnings.length > 0) headers['x-router-warnings'] = headerValue(warnings.join(','));
  const { message, cause } = error;
  return new GatewayError({ ...error, message, cause, headers });
}

/** USD without an exponent, which not everybody reads in a header; pico-USD have twelve digits. */
export function costHeader(picoUsd: number): string {
  const usd = usdOf(picoUsd / PICO_USD_PER_MICRO_USD);
  return usd > 0 && usd < 1e-6 ? usd.toFixed(12).replace(/0+$/, '') : String(usd);
}

/** What of the request was passed over on the way to this endpoint. */
export function warningsOf(job: Job, endpoint: Candidate['endpoint']): readonly string[] {
  const dropped = warningsOfDropped(job.body, endpoint);
  return dropped.length === 0 ? job.warnings : [...job.warnings, ...dropped];
}
