import { EventEmitter } from 'node:events';
import { createEndpointGuard, type EndpointGuard } from './guard-endpoint.ts';
import {
  DEFAULT_GUARD_SETTINGS,
  type GuardEvent,
  type GuardSettings,
  type GuardSnapshot,
  type Permit,
  type Refusal,
} from './guard-settings.ts';

/**
 * Keeps requests away from endpoints that are ill, resting or gone: one circuit breaker per endpoint, told at the end
 * of each answer (docs/decisions/0004). Never throws, never waits, makes no call of its own.
 */
export interface Guard {
  /** Why this endpoint may not be chosen now; undefined when it may. Under 100 ns for a healthy endpoint. */
  refusalOf(endpointId: string): Refusal | undefined;
  /** Leave to call the endpoint, undefined when refused; half-open gives leave to one caller at a time. */
  enter(endpointId: string): Permit | undefined;
  snapshot(endpointId: string): GuardSnapshot;
  /**
   * The catalogue was read again: forgets endpoints that are gone, and lets those back in that were shut out for what
   * an operator repairs (credentials, a model's name). Ill and cooling ones stay as they are.
   */
  setEndpoints(endpointIds: Iterable<string>): void;
  /** Stops every timer. Afterwards all endpoints count as healthy and nothing is learnt. */
  close(): void;
}

/**
 * @param now Epoch milliseconds. Only cool-downs and what is shown depend on it: the breaker's own waits run on timers,
 * so a clock that jumps neither opens nor closes anything.
 */
export function createGuard(dependencies: {
  readonly now: () => number;
  readonly settings?: Partial<GuardSettings>;
  readonly onEvent?: (event: GuardEvent) => void;
}): Guard {
  const settings: GuardSettings = { ...DEFAULT_GUARD_SETTINGS, ...dependencies.settings };
  const { now, onEvent = () => {} } = dependencies;
  const endpointIdToGuard = new Map<string, EndpointGuard>();
  let isClosed = false;

  // opossum would start one interval per breaker; one for all of them costs nothing however long the catalogue is.
  const windowClock = new EventEmitter().setMaxListeners(0);
  const windowTimer = setInterval(
    () => windowClock.emit('rotate'),
    settings.windowMs / settings.windowBuckets,
  ).unref();

  function guardOf(endpointId: string): EndpointGuard {
    let guard = endpointIdToGuard.get(endpointId);
    if (guard === undefined) {
      guard = createEndpointGuard({ endpointId, settings, now, onEvent, windowClock });
      endpointIdToGuard.set(endpointId, guard);
    }
    return guard;
  }

  return {
    refusalOf: (endpointId) => endpointIdToGuard.get(endpointId)?.refusal(),
    enter: (endpointId) => (isClosed ? UNGUARDED : guardOf(endpointId).enter()),
    snapshot: (endpointId) => endpointIdToGuard.get(endpointId)?.snapshot() ?? HEALTHY,
    setEndpoints(endpointIds) {
      const kept = new Set(endpointIds);
      for (const [endpointId, guard] of endpointIdToGuard) {
        if (kept.has(endpointId)) guard.forgiveConfiguration();
        else {
          guard.shutdown();
          endpointIdToGuard.delete(endpointId);
        }
      }
    },
    close() {
      isClosed = true;
      clearInterval(windowTimer);
      for (const guard of endpointIdToGuard.values()) guard.shutdown();
      endpointIdToGuard.clear();
    },
  };
}

const UNGUARDED: Permit = { isProbe: false, settle: () => {} };

const HEALTHY: GuardSnapshot = {
  state: 'closed',
  disabled: false,
  consecutiveFailures: 0,
  openedTimes: 0,
};
