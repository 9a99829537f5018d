import type { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { EndingRule } from '../core/outcome/endings.ts';
import type {
  GuardEvent,
  GuardSettings,
  GuardSnapshot,
  Permit,
  Refusal,
  RestDetails,
} from './guard-settings.ts';

/** The guard of one endpoint: an opossum breaker, a cool-down, and the one place a probe can take. */
export interface EndpointGuard {
  refusal(): Refusal | undefined;
  enter(): Permit | undefined;
  snapshot(): GuardSnapshot;
  /** Closes again what was opened for credentials or a missing model. */
  forgiveConfiguration(): void;
  shutdown(): void;
}

/**
 * opossum is fired when an answer has *ended*, and only with outcomes that speak about the provider. Handed the call
 * itself it would count an opened stream as a success, count filtered errors as successes (closing a half-open
 * breaker), and stay half-open for ever after a probe whose client left.
 */
export function createEndpointGuard(dependencies: {
  readonly endpointId: string;
  readonly settings: GuardSettings;
  readonly now: () => number;
  readonly onEvent: (event: GuardEvent) => void;
  /** Emits `rotate` when the window of outcomes moves on. */
  readonly windowClock: EventEmitter;
}): EndpointGuard {
  const { endpointId, settings, now, onEvent, windowClock } = dependencies;
  const options = {
    name: endpointId,
    timeout: false as const,
    // opossum opens *above* the threshold; the rule is at or above.
    errorThresholdPercentage: settings.failureShare * 100 - 1e-9,
    volumeThreshold: settings.minOutcomes,
    rollingCountBuckets: settings.windowBuckets,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    rotateBucketController: windowClock,
    // Read by opossum each time it opens, so changing it before that sets the wait.
    resetTimeout: settings.openMs,
  };
  const breaker = new CircuitBreaker(report, options);

  let consecutiveFailures = 0;
  let openedTimes = 0;
  let openFactor = 1;
  let openedFor: 'failures' | 'credentials' | 'model_gone' = 'failures';
  let nextProbeAtMs = 0;
  let coolingUntilMs = 0;
  let coolingFor: 'cooling' | 'waking' = 'cooling';
  let probe: Permit | undefined;
  let probeSinceMs = 0;

  breaker.on('open', () => {
    openedTimes += 1;
    nextProbeAtMs = now() + options.resetTimeout;
    probe = undefined;
    onEvent({ kind: openedFor === 'model_gone' ? 'disable' : 'open', endpointId });
  });
  breaker.on('halfOpen', () => onEvent({ kind: 'half_open', endpointId }));
  breaker.on('close', () => {
    consecutiveFailures = 0;
    openFactor = 1;
    openedFor = 'failures';
    probe = undefined;
    forgetOutcomes(breaker);
    onEvent({ kind: 'close', endpointId });
  });

  function isCooling(): boolean {
    if (coolingUntilMs === 0) return false;
    const leftMs = coolingUntilMs - now();
    // A clock set back must not turn a minute's rest into an hour's.
    if (leftMs > 0 && leftMs <= settings.maxCoolDownMs) return true;
    coolingUntilMs = 0;
    return false;
  }

  function isProbing(): boolean {
    if (probe === undefined) return false;
    // Without the lease, one caller that never settles would keep everybody out for ever.
    return Math.abs(now() - probeSinceMs) < settings.probeLeaseMs;
  }

  function refusal(): Refusal | undefined {
    if (breaker.closed) {
      return coolingUntilMs !== 0 && isCooling()
        ? { reason: coolingFor, retryAtMs: coolingUntilMs }
        : undefined;
    }
    if (breaker.opened) {
      return {
        reason: openedFor === 'model_gone' ? 'disabled' : 'breaker_open',
        retryAtMs: Math.max(nextProbeAtMs, isCooling() ? coolingUntilMs : 0),
      };
    }
    if (isCooling()) return { reason: coolingFor, retryAtMs: coolingUntilMs };
    // The probe may end any moment; a second is the least that `Retry-After` can say.
    return isProbing() ? { reason: 'breaker_open', retryAtMs: now() + 1000 } : undefined;
  }

  function openNow(why: typeof openedFor, waitMs: number): void {
    openedFor = why;
    options.resetTimeout = waitMs;
    breaker.open();
  }

  function fail(): void {
    consecutiveFailures += 1;
    openedFor = 'failures';
    options.resetTimeout = settings.openMs * openFactor;
    breaker.fire(false).catch(() => {});
    if (breaker.closed && consecutiveFailures >= settings.consecutiveFailures) breaker.open();
  }

  function settle(
    ruling: EndingRule['breaker'],
    { coolDownMs = settings.defaultCoolDownMs, isWaking = false }: RestDetails,
    permit: Permit,
    era: number,
  ): void {
    if (ruling === 'cool_down') coolDown(coolDownMs, isWaking);
    const isProbe = permit === probe;
    // Calls begun before the breaker last opened say nothing new: 60 hanging streams that die after the provider
    // came back must not shut it out again.
    if (!isProbe && (era !== openedTimes || !breaker.closed)) return;
    if (isProbe && (ruling === 'failure' || ruling === 'open')) {
      openFactor = Math.min(openFactor * 2, settings.maxOpenFactor);
    }
    switch (ruling) {
      case 'success':
        consecutiveFailures = 0;
        breaker.fire(true);
        return;
      case 'failure':
        fail();
        return;
      case 'open':
        openNow('credentials', settings.openMs * openFactor);
        return;
      case 'disable':
        openNow('model_gone', settings.disabledMs);
        return;
      case 'cool_down':
      case 'neither':
        if (isProbe) probe = undefined;
    }
  }

  function coolDown(askedMs: number, isWaking: boolean): void {
    const restMs = Number.isNaN(askedMs) ? settings.defaultCoolDownMs : askedMs;
    const untilMs = now() + Math.min(restMs, settings.maxCoolDownMs);
    if (restMs <= 0 || (isCooling() && untilMs <= coolingUntilMs)) return;
    coolingUntilMs = untilMs;
    coolingFor = isWaking ? 'waking' : 'cooling';
    onEvent({ kind: 'cool_down', endpointId });
  }

  return {
    refusal,
    enter() {
      if (refusal() !== undefined) return undefined;
      const era = openedTimes;
      let isSettled = false;
      const permit: Permit = {
        isProbe: breaker.halfOpen,
        settle(ruling, details) {
          if (isSettled || breaker.isShutdown) return;
          isSettled = true;
          settle(ruling, details ?? NO_DETAILS, permit, era);
        },
      };
      if (permit.isProbe) {
        probe = permit;
        probeSinceMs = now();
      }
      return permit;
    },
    snapshot: () => ({
      state: breaker.opened ? 'open' : breaker.halfOpen ? 'half_open' : 'closed',
      disabled: !breaker.closed && openedFor === 'model_gone',
      consecutiveFailures,
      openedTimes,
      ...(isCooling() ? { coolingUntilMs } : {}),
      ...(breaker.opened ? { nextProbeAtMs } : {}),
    }),
    forgiveConfiguration() {
      if (!breaker.closed && openedFor !== 'failures') breaker.close();
    },
    shutdown: () => breaker.shutdown(),
  };
}

const NO_DETAILS: RestDetails = {};
const SUCCEEDED = Promise.resolve();
const FAILED = new Error('the endpoint failed');

/** The action behind each breaker. Throwing, unlike rejecting, lets opossum open before `fire` returns. */
function report(isSuccess: boolean): Promise<void> {
  if (!isSuccess) throw FAILED;
  return SUCCEEDED;
}

/** opossum keeps its window over a close: without this one failure after recovery would open again. */
function forgetOutcomes(breaker: CircuitBreaker<[boolean], void>): void {
  for (const bucket of breaker.status.window) {
    bucket.fires = 0;
    bucket.failures = 0;
  }
}
