import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision } from '../../core/choice/decision.ts';
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

/** What of the request was passed over on the way to this endpoint. */
export function warningsOf(job: Job, endpoint: Candidate['endpoint']): readonly string[] {
  const dropped = warningsOfDropped(job.body, endpoint);
  return dropped.length === 0 ? job.warnings : [...job.warnings, ...dropped];
}
