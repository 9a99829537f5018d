import type { OperationName } from '../core/catalog/operation.ts';
import type { Decision } from '../core/choice/decision.ts';
import type { ChangeDirection } from '../core/learning/contract.ts';
import type { AttemptEnd, AttemptStart } from '../store/contract.ts';

/** What the gateway reports of itself; `src/metrics.ts` turns it into Prometheus series. */
export interface GatewayMetrics {
  decided(decision: Decision): void;
  attemptEnded(start: AttemptStart, end: AttemptEnd, isStream: boolean, operation: OperationName): void;
  /** Milliseconds that this gateway itself took of a request. */
  overhead(overheadMs: number): void;
  /** Somebody was refused for asking too much. */
  rateLimited(limit: 'requests' | 'tokens' | 'parallel', of: 'key' | 'gateway'): void;
  feedbackGiven(source: string): void;
  /** A conversation asked again what had just been answered. */
  reAsked(): void;
  /** What became of an answer that was drawn to be judged. */
  judged(outcome: string): void;
  /** An answer was given again that had cost so much. */
  cacheHit(costMicroUsd: number): void;
  /** One was looked for in the cache that was not there, or not wanted. */
  cacheMissed(): void;
  /** A request that did not fit into a budget; the holder is `total` or the id of a key. */
  budgetRefused(holder: string, window: string): void;
  /** A threshold of a budget was reached. */
  budgetWarned(holder: string, window: string, threshold: number): void;
  alarmRaised(modelId: string, direction: ChangeDirection): void;
  speedAlarmRaised(endpointId: string, direction: ChangeDirection): void;
}
