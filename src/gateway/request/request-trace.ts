import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision, RankedCandidate } from '../../core/choice/decision.ts';
import type { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { AttemptEnd } from '../../store/contract.ts';
import type { Job } from './job.ts';

/** Where spans are begun. Nothing of a prompt, of an answer or of a provider's words is ever handed to it. */
export interface Tracing {
  /** Undefined while nobody collects spans. Never throws. */
  begin(job: Job, places: ProviderPlaces): RequestTrace | undefined;
}

/** By provider: as OpenTelemetry calls it, and where it is; no address where it is in this process. */
export type ProviderPlaces = ReadonlyMap<
  string,
  { readonly name: string; readonly address: string | undefined; readonly port: number | undefined }
>;

/** The span of one request. Nothing throws. */
export interface RequestTrace {
  decided(decision: Decision): void;
  attempt(candidate: Candidate, ranked: RankedCandidate, number: number): AttemptTrace;
  /** Whose answer the client got. */
  answered(candidate: Candidate, end: AttemptEnd): void;
  /** It was answered from the cache. */
  remembered(): void;
  /** What the client was told instead of an answer, or of the rest of it. */
  failed(error: unknown): void;
  /** Once. Who was neither answered nor told anything has left. */
  end(spent: { readonly costPicoUsd: number; readonly attempts: number }): void;
}

/** The span of one attempt. */
export interface AttemptTrace {
  /** `traceparent` and `tracestate`, for the provider. */
  readonly headers: Readonly<Record<string, string>>;
  /** Once. */
  end(end: AttemptEnd, costPicoUsd: number, error: GatewayError | undefined): void;
}
