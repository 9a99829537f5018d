import type { EndingRule } from '../core/outcome/endings.ts';

/** When an endpoint's breaker opens, and how long things rest. The defaults are the rules of docs/faults.md. */
export interface GuardSettings {
  /** Opens on this many failures in a row. */
  readonly consecutiveFailures: number;
  /** Opens when at least this share, 0–1, of at least `minOutcomes` outcomes in `windowMs` failed. */
  readonly failureShare: number;
  readonly minOutcomes: number;
  readonly windowMs: number;
  /** The window moves in steps of `windowMs / windowBuckets`. */
  readonly windowBuckets: number;
  /** Wait before the first probe; each failed probe doubles it up to `maxOpenFactor` times. */
  readonly openMs: number;
  readonly maxOpenFactor: number;
  /** A probe that nobody settled gives its place back after this long. */
  readonly probeLeaseMs: number;
  /** Rest after a 429 or a waking model that named no time. */
  readonly defaultCoolDownMs: number;
  /** Longest rest that one `Retry-After` can ask for. */
  readonly maxCoolDownMs: number;
  /** Wait before an endpoint whose model was gone is probed again. */
  readonly disabledMs: number;
}

export const DEFAULT_GUARD_SETTINGS: GuardSettings = {
  consecutiveFailures: 5,
  failureShare: 0.5,
  minOutcomes: 10,
  windowMs: 60_000,
  windowBuckets: 12,
  openMs: 30_000,
  maxOpenFactor: 16,
  probeLeaseMs: 120_000,
  defaultCoolDownMs: 5_000,
  maxCoolDownMs: 60_000,
  disabledMs: 600_000,
};

/** Leave to make one call. Settle it exactly once, whatever happened: later calls are ignored. */
export interface Permit {
  /** True for the one call that a half-open breaker admits. */
  readonly isProbe: boolean;
  /**
   * @param ruling What the ending of this call says about the endpoint: `ruleOf(ending).breaker`.
   * @param details only read for `cool_down`
   */
  settle(ruling: EndingRule['breaker'], details?: RestDetails): void;
}

export interface RestDetails {
  /** What `Retry-After` asked for, in milliseconds. */
  readonly coolDownMs?: number | undefined;
  /** The model is being loaded: shown as such, otherwise a rest like any other. */
  readonly isWaking?: boolean;
}

export interface Refusal {
  readonly reason: 'breaker_open' | 'cooling' | 'waking' | 'disabled';
  /** Epoch ms at which it may be tried again. */
  readonly retryAtMs: number;
}

export interface GuardSnapshot {
  readonly state: 'closed' | 'open' | 'half_open';
  /** True while the model counts as gone at this provider. */
  readonly disabled: boolean;
  readonly consecutiveFailures: number;
  /** How often the breaker has opened since it was made, reopenings after a failed probe included. */
  readonly openedTimes: number;
  /** Epoch ms; absent when not cooling. */
  readonly coolingUntilMs?: number;
  /** Epoch ms; absent unless open. */
  readonly nextProbeAtMs?: number;
}

export interface GuardEvent {
  readonly kind: 'open' | 'half_open' | 'close' | 'cool_down' | 'disable';
  readonly endpointId: string;
}
