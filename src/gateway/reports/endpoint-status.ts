import type { Endpoint } from '../../core/catalog/model.ts';
import { secondsUntil } from '../../core/outcome/seconds-until.ts';
import type { GatewayDeps } from '../deps.ts';

export const ENDPOINT_STATUSES = ['ready', 'waking', 'cooling', 'open', 'disabled', 'paused'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** Whether an endpoint would be chosen now, in the words of the API. */
export interface Readiness {
  readonly status: EndpointStatus;
  /** Whole seconds, at least 1; absent for who is ready, or waits for an operator. */
  readonly retry_after_seconds?: number;
}

const READY: Readiness = Object.freeze({ status: 'ready' });
const PAUSED: Readiness = Object.freeze({ status: 'paused' });

export function readinessOf(deps: GatewayDeps, { id, modelId }: Endpoint): Readiness {
  if (deps.pauses.has(modelId)) return PAUSED;
  const refusal = deps.guard.refusalOf(id);
  if (refusal === undefined) return READY;
  return {
    status: refusal.reason === 'breaker_open' ? 'open' : refusal.reason,
    retry_after_seconds: secondsUntil(refusal.retryAtMs, deps.nowMs()),
  };
}

/** Of a model: ready if one of its endpoints is, else as the one that will be the soonest. */
export function soonestOf(readiness: readonly Readiness[]): Readiness {
  return (
    readiness.reduce<Readiness | undefined>(
      (best, one) =>
        best === undefined || (one.retry_after_seconds ?? 0) < (best.retry_after_seconds ?? 0) ? one : best,
      undefined,
    ) ?? READY
  );
}
