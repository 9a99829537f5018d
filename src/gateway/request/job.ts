import type { SoldUnit } from '../../core/catalog/sold-unit.ts';
import type { BudgetTerms } from '../../core/money/budget.ts';
import type { ChatRequestView } from '../../core/task/task.ts';
import type { FrameSocket } from '../../core/wire/frame-socket.ts';
import type { JsonMember } from '../../core/wire/json-members.ts';
import type { Allowance } from '../admission/rate-limits.ts';
import type { Operation } from './operation.ts';
import type { RequestTrace } from './request-trace.ts';

/** A request that `http/` has checked, with everything the gateway needs of it, whatever it asks for. */
export interface Job<Body extends RequestBody = RequestBody> {
  readonly operation: Operation<Body>;
  /** The client's own if it sent a fit one. Replaced when it was used before. */
  requestId: string;
  /** Whether the id is one that this gateway made up. */
  readonly isOwnRequestId: boolean;
  /** `''` while the gateway is open. */
  readonly keyId: string;
  /** Model ids the key may use; undefined for all. */
  readonly allowedModels: ReadonlySet<string> | undefined;
  /** Names of the providers that may serve the key; undefined for all. */
  readonly allowedProviders: ReadonlySet<string> | undefined;
  /** The budget of the key; undefined where it has none. */
  readonly budget: BudgetTerms | undefined;
  /** Whether its streams go out only once they are whole, where the request itself does not say. */
  readonly holdsBack: boolean;
  /** What it may take of the limits on its key and on all; undefined where nothing limits it. */
  readonly allowance: Allowance | undefined;
  /**
   * The body's bytes as they came and where its members stand in them; empty for a form. Replaced, all three, when a
   * preset adds to them.
   */
  bytes: Buffer;
  members: readonly JsonMember[];
  body: Body;
  readonly taskHint: string | undefined;
  /** From `x-model-router-strategy`. */
  readonly strategyHint: string | undefined;
  /** What of it was passed over, as `x-router-warnings` says it: short words with a colon. */
  warnings: readonly string[];
  /** From `x-session-id`; the body may name one too. */
  readonly sessionId: string | undefined;
  /** The number of this ask in `deps.reAsks`. */
  ask: number;
  /** With which probability its answer was drawn to be judged; 0 when it was not. */
  judgedWith: number;
  readonly wantsMetadata: boolean;
  /** From `cache-control`. */
  readonly cacheControl: string | undefined;
  /** Whether it was looked for in the cache and not found there. */
  isCacheMiss: boolean;
  /** The client's trace context, as it came. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Its span, while somebody collects them. */
  trace: RequestTrace | undefined;
  /** Monotonic milliseconds at which the request arrived. */
  readonly arrivedMs: number;
}

/** What every request says, whatever it asks for. */
export interface RequestBody {
  readonly model: string;
  readonly stream?: boolean | null;
  readonly route?: RouteWishes | null;
  /** OpenRouter's: models to try in this order. */
  readonly models?: readonly string[] | null;
  readonly provider?: ProviderWishes | null;
  readonly preset?: string | null;
  readonly session_id?: unknown;
  readonly conversation_id?: unknown;
}

/** Of an answer in tokens, which may be streamed as chunks. */
export interface TokensBody extends RequestBody {
  readonly stream_options?: {
    readonly include_usage?: boolean | null;
    readonly continuous_usage_stats?: unknown;
  } | null;
  readonly temperature?: number | null;
}

export interface ChatBody extends ChatRequestView, TokensBody {}
export type ChatJob = Job<ChatBody>;

/** The `route` object of a request. */
export interface RouteWishes {
  readonly strategy?: string;
  readonly models?: readonly string[];
  readonly provider_allow?: readonly string[];
  readonly provider_deny?: readonly string[];
  readonly max_cost_usd?: number;
  readonly max_latency_ms?: number;
  readonly min_quality?: number;
  readonly allow_fallback?: boolean;
  readonly hold_back?: boolean;
  readonly explore?: boolean;
  readonly decision_id?: string;
}

/** OpenRouter's `provider` object, without those of its options that this gateway refuses. */
export interface ProviderWishes {
  readonly order?: readonly string[];
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly sort?: string | { readonly by: string; readonly partition?: 'model' | 'none' };
  readonly allow_fallbacks?: boolean;
  readonly require_parameters?: boolean;
  /** USD per million tokens, and for one of what else a model is sold by. */
  readonly max_price?: Readonly<Partial<Record<'prompt' | 'completion' | SoldUnit, number | string>>>;
}

/** The client's end of the line. */
export interface ClientLine {
  readonly hasLeft: boolean;
  onLeft(callback: () => void): void;
  /** Sends the head of a stream; only then may `write` be called. */
  startStream(headers: Readonly<Record<string, string>>): void;
  /** False asks to wait for `onceDrained`. */
  write(bytes: Buffer | string): boolean;
  onceDrained(callback: () => void): void;
  /** What is written goes out, to a client that takes it in time. */
  end(): void;
  /** Cuts a client that takes nothing. */
  cut(): void;
  /** Of a session, once its stream is started: where its frames go. Undefined when its client is gone. */
  frames?(): FrameSocket | undefined;
}

/** What a request came to. A stream has gone out by then; a unary answer is sent by `http/`. */
export interface JobResult {
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when the answer was streamed, or the client is gone. */
  readonly body: Buffer | undefined;
}
