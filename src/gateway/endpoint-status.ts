import type { Endpoint } from '../core/catalog/model.ts';
import type { GatewayDeps } from './deps.ts';

export const ENDPOINT_STATUSES = ['ready', 'waking', 'cooling', 'open', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** Whether an endpoint would be chosen now, in the words of the API. */
export interface Readiness {
  readonly status: EndpointStatus;
  /** Whole seconds, at least 1; absent for who is ready. */
  readonly retry_after_seconds?: number;
}

const READY: Readiness = Object.freeze({ status: 'ready' });

export function readinessOf(deps: GatewayDeps, { id }: Endpoint): Readiness {
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

export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((atMs - nowMs) / 1000));
}
