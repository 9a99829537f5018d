import type { BeliefDelta, EvidenceSource, QualityEvidence } from '../core/learning/delta.ts';
import type { Ending } from '../core/outcome/endings.ts';
import type { Task } from '../core/task/task.ts';

/** One client request and the decision taken for it. Written with its first attempt, never changed. */
export interface RequestRecord {
  readonly requestId: string;
  /** `''` when the gateway is open on loopback. */
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly requestedModel: string;
  readonly task: Task;
  readonly taskConfidence: number;
  readonly complexity: number;
  readonly language: string;
  readonly inputTokens: number;
  readonly isStream: boolean;
  readonly strategy: string;
  readonly reason: string;
  /** The `Decision` as JSON: candidates, propensities, exclusions. */
  readonly decision: string;
}

/** One call to one endpoint, as known before its first byte goes out. */
export interface AttemptStart {
  readonly requestId: string;
  /** 0 for the first choice, then the fallbacks. */
  readonly number: number;
  readonly keyId: string;
  readonly task: Task;
  readonly modelId: string;
  readonly endpointId: string;
  readonly provider: string;
  /** Epoch of the model's belief at decision time. */
  readonly epoch: number;
  readonly startedAtMs: number;
  readonly propensity: number;
  readonly estimatedCostMicroUsd: number;
}

/** The one ending of an attempt, with what it taught. */
export interface AttemptEnd {
  readonly requestId: string;
  readonly number: number;
  readonly ending: Exclude<Ending, 'unknown'>;
  readonly endedAtMs: number;
  readonly httpStatus: number;
  readonly finishReason: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly costMicroUsd: number;
  /** True when the provider's usage was missing or absurd. */
  readonly isCostEstimated: boolean;
  /** Milliseconds from sending to the first token (streams) or to the headers; 0 when none came. */
  readonly ttftMs: number;
  readonly latencyMs: number;
  /** `''` when it completed. */
  readonly errorCode: string;
  /** Automatic quality verdict on this answer, if it gave one. */
  readonly automatic: QualityEvidence | undefined;
  /** Everything this ending adds to the beliefs, the automatic verdict's share included. */
  readonly deltas: readonly BeliefDelta[];
}

/** A verdict that came from outside for one request. One per (request, source name); the last one wins. */
export interface FeedbackRecord {
  readonly requestId: string;
  /** As the client named it, e.g. `human`, `ci`. */
  readonly sourceName: string;
  readonly source: EvidenceSource;
  readonly quality: number;
  readonly weight: number;
  readonly comment: string;
  /** The body as JSON. */
  readonly signals: string;
  readonly updatedAtMs: number;
}

/** All verdicts on one request: what decides which one counts. */
export interface RequestEvidence {
  readonly requestId: string;
  readonly keyId: string;
  readonly task: Task;
  /** The request's `reason`: a choice the client forced teaches nothing about quality. */
  readonly reason: string;
  /** The attempt whose answer the client got. */
  readonly modelId: string;
  readonly endpointId: string;
  readonly epoch: number;
  readonly attemptNumber: number;
  readonly automatic: QualityEvidence | undefined;
  readonly feedback: readonly FeedbackRecord[];
}
