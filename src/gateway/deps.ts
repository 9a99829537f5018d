import type { Budgets } from '../core/choice/budgets.ts';
import type { Conversations } from '../core/choice/conversations.ts';
import type { DryRunTally } from '../core/choice/dry-run-tally.ts';
import type { Trials } from '../core/choice/trials.ts';
import type { EndpointWatch } from '../core/health/endpoint-watch.ts';
import type { Random } from '../core/learning/random.ts';
import type { TypedLearner } from '../core/learning/typed-learner.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import type { Remainders } from '../core/money/remainders.ts';
import type { ReAskWatch } from '../core/reward/re-ask-watch.ts';
import type { Guard } from '../providers/guard.ts';
import type { Upstream } from '../providers/upstream.ts';
import type { AnswerCache } from '../store/answer-cache.ts';
import type { AttemptEnd, AttemptStart, Store } from '../store/contract.ts';
import type { Spending } from './admission/spending.ts';
import type { Catalog } from './catalog.ts';
import type { ResponseKeeper } from './dialects/response-keeper.ts';
import type { ExposureCaps } from './evidence/exposure-caps.ts';
import type { Judge, JudgeSettings } from './evidence/judge.ts';
import type { OfflinePrior } from './evidence/offline-prior.ts';
import type { Pauses } from './evidence/pauses.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { RoutingFeed } from './reports/routing-feed.ts';
import type { Cohort } from './request/cohort.ts';
import type { KeptDecisions } from './request/kept-decisions.ts';
import type { PinnedModels } from './request/pinned-models.ts';
import type { ProviderPlaces, Tracing } from './request/request-trace.ts';
import type { Tenancy } from './tenancy.ts';

/** Everything the gateway works with, handed in by `serve.ts` or a test. */
export interface GatewayDeps {
  /** Replaced as a whole when the configuration is read again: each request looks once, and keeps what it saw. */
  readonly live: LiveSettings;
  readonly learner: TypedLearner;
  /** Of the strategies in force. */
  readonly budgets: Budgets;
  /** By key and model: what was not charged yet of answers that cost parts of a micro-USD. */
  readonly remainders: Remainders;
  /** What may still be spent, by key and in total. */
  readonly spending: Spending;
  readonly pauses: Pauses;
  readonly exposure: ExposureCaps;
  readonly feed: RoutingFeed;
  /** Of dry runs, to be carried out. */
  readonly decisions: KeptDecisions;
  readonly conversations: Conversations;
  readonly offlinePrior: OfflinePrior;
  readonly dryRuns: DryRunTally;
  readonly trials: Trials;
  readonly pins: PinnedModels;
  readonly guard: Guard;
  readonly store: Store;
  readonly watch: EndpointWatch;
  readonly reAsks: ReAskWatch;
  readonly judge: Judge;
  readonly responses: ResponseKeeper;
  readonly metrics: GatewayMetrics;
  readonly tracing: Tracing;
  readonly log: AttemptLog;
  readonly random: Random;
  /** Which of several processes on one store this is, for what only it knows. */
  readonly process: { readonly id: string; readonly startedAtMs: number };
  /** Epoch milliseconds: for what is stored and shown. */
  readonly nowMs: () => number;
  /** Milliseconds that never jump: for durations and deadlines. */
  readonly monotonicMs: () => number;
  /** For reports: requests come first. */
  readonly turns: LoopTurns;
  readonly newRequestId: () => string;
  /** Awaited before a request is planned and before its answer is settled. */
  readonly cohort: Cohort;
  /** Calls in flight, so that a shutdown can cut what outlives the drain limit. */
  readonly inFlight: Set<{ abort(ending: 'shutdown'): void }>;
  /** Requests whose first verdict from outside the change detector has seen, the latest of them. */
  readonly judgedRequests: Set<string>;
  /** By endpoint, whose speed changed lately: monotonic time until which no further change is looked for. */
  readonly speedQuietUntilMs: Map<string, number>;
}

export interface LiveSettings {
  readonly catalog: Catalog;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** For traces. */
  readonly places: ProviderPlaces;
  readonly routing: RoutingSettings;
  /** Undefined while no answers are kept. New with each configuration: what was kept under another is forgotten. */
  readonly cache: AnswerCache | undefined;
  /** Undefined while nothing is judged. */
  readonly judge: JudgeSettings | undefined;
  readonly responses: ResponseSettings;
  /** Milliseconds that a realtime session may be silent, and last. */
  readonly realtime: { readonly idleMs: number; readonly sessionMs: number };
  /** The requests that still work with these settings. */
  readonly users: Tenancy;
}

/** `[responses]` */
export interface ResponseSettings {
  /** Milliseconds for which requests and answers of /v1/responses are kept in the store; 0: not at all. */
  readonly retentionMs: number;
  /** Milliseconds for which it is remembered where a response is that its provider keeps. */
  readonly pinMs: number;
  /** Providers that have the Responses API themselves. */
  readonly nativeProviders: ReadonlySet<string>;
}

export interface RoutingSettings {
  readonly defaultStrategy: string;
  /** The model that serves what `auto` asks for while routing is only observed; undefined: routing acts. */
  readonly baseline: string | undefined;
  readonly maxExtraAttempts: number;
  /** Whether an endpoint that does not take a parameter of the request is left out, rather than sent the rest. */
  readonly refusesUnsupportedParameters: boolean;
  /** Share of choices spread evenly over the models near the best, 0–0.5. */
  readonly exploration: number;
  /** Most weight that one key's verdicts about one model and task have together, of a UTC day; infinite: no cap. */
  readonly keyDayWeight: number;
  /** Milliseconds for a request with all its attempts. */
  readonly totalMs: number;
  /** Milliseconds that a client may take nothing of an answer that waits for it. */
  readonly clientMs: number;
  /** Providers whose streams can be asked for a usage event. */
  readonly streamUsageProviders: ReadonlySet<string>;
}

/** pino's shape, as far as it is used, and the one line of each attempt. */
export interface AttemptLog {
  attempt(start: AttemptStart, end: AttemptEnd, reason: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
