import type { ModelType } from '../core/catalog/model.ts';
import type { OperationName } from '../core/catalog/operation.ts';
import type { Decision } from '../core/choice/decision.ts';
import type { Evaluation } from '../core/evaluation/evaluation.ts';
import type { ChangeDirection } from '../core/learning/contract.ts';
import type { BeliefDelta, EvidenceSource, QualityEvidence } from '../core/learning/delta.ts';
import type { Moments } from '../core/learning/moments.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { ON_EXHAUSTED, type OnExhausted } from '../core/money/budget.ts';
import type { DaySpending } from '../core/money/spending-ledger.ts';
import type { Ending } from '../core/outcome/endings.ts';
import type { Booking, DayAccount } from '../core/reward/daily-cap.ts';
import type { AnyTask } from '../core/task/operation-task.ts';
import type { RequestSize } from '../core/task/request-size.ts';

/** One client request and the decision taken for it. Written with its first attempt, never changed. */
export interface RequestRecord {
  /** Unique for ever. Ids that sort by time cost half the writing of random ones: neighbours share a page. */
  readonly requestId: string;
  /** `''` when the gateway is open on loopback. */
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly requestedModel: string;
  /** Which endpoint of the API it came to. */
  readonly operation: OperationName;
  readonly task: AnyTask;
  readonly taskConfidence: number;
  readonly complexity: number;
  readonly language: string;
  readonly inputTokens: number;
  readonly isStream: boolean;
  readonly strategy: string;
  readonly reason: string;
  /** What `core/task/request-shape.ts` calls it, for the roll-up of patterns; `''` for what is nobody's traffic. */
  readonly shape: string;
  /** What `core/choice/decision-record.ts` writes: candidates, propensities, exclusions. */
  readonly decision: string;
}

/** One call to one endpoint, as known before its first byte goes out. */
export interface AttemptStart {
  readonly requestId: string;
  /** 0 for the first choice, then the fallbacks. */
  readonly number: number;
  readonly keyId: string;
  readonly task: AnyTask;
  readonly modelId: string;
  readonly endpointId: string;
  readonly provider: string;
  /** Epoch of the model's belief at decision time. */
  readonly epoch: number;
  /** Epoch of the endpoint's speed at decision time. */
  readonly endpointEpoch: number;
  readonly startedAtMs: number;
  readonly propensity: number;
  readonly estimatedCostMicroUsd: number;
  /** Of its request; not stored with the attempt. */
  readonly shape?: string;
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
  /** Images, seconds of audio, characters or searches, by the operation; 0 where only tokens are charged. */
  readonly units: number;
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
  /** Of a first attempt whose model was chosen freely (`core/choice/free-choice.ts`): what it was chosen among. */
  readonly freeChoice?: Decision | undefined;
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
  /** The account of the daily cap that its weight is booked on. */
  readonly chargedTo?: DayAccount;
}

/** All verdicts on one request: what decides which one counts. */
export interface RequestEvidence {
  readonly requestId: string;
  readonly keyId: string;
  readonly task: AnyTask;
  /** The request's `reason`: a choice the client forced teaches nothing about quality. */
  readonly reason: string;
  /** The attempt whose answer the client got. */
  readonly modelId: string;
  readonly endpointId: string;
  readonly epoch: number;
  readonly attemptNumber: number;
  readonly automatic: QualityEvidence | undefined;
  readonly feedback: readonly FeedbackRecord[];
  /** Weight booked on the account that was asked for, about this model and task; undefined when none was. */
  readonly bookedWeight?: number;
}

/** An attempt as its row says, read back: what a reader can verify the beliefs and the roll-up with. */
export interface AttemptFact extends AttemptStart {
  /** `undefined` while it runs. */
  readonly ending: Ending | undefined;
  readonly endedAtMs: number | undefined;
  readonly httpStatus: number;
  readonly finishReason: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly units: number;
  readonly costMicroUsd: number;
  readonly isCostEstimated: boolean;
  readonly ttftMs: number;
  readonly latencyMs: number;
  readonly errorCode: string;
  readonly automatic: QualityEvidence | undefined;
  /** False once a stronger verdict from outside replaced the automatic one. */
  readonly automaticCounts: boolean;
}

/** One ended attempt and, on the attempt whose answer the client got, the verdicts from outside. */
export interface EndedAttempt extends AttemptFact {
  readonly ending: Ending;
  readonly endedAtMs: number;
  readonly feedback: readonly FeedbackRecord[];
}

/** Everything remembered about one request, for `explain`. Attempts by number, feedback by source name. */
export interface RequestHistory {
  readonly request: RequestRecord;
  readonly attempts: readonly AttemptFact[];
  readonly feedback: readonly FeedbackRecord[];
}

/** A request in the order of time. */
export interface RequestPlace {
  readonly createdAtMs: number;
  readonly requestId: string;
}

/** Looks at the newest 2,000 requests before `before`, and others of the last one's millisecond, and takes at most `limit` that fit. */
export interface RequestListQuery {
  readonly limit: number;
  readonly before: RequestPlace | undefined;
  readonly keyId: string | undefined;
  readonly task: string | undefined;
  readonly reason: string | undefined;
  /** Of any attempt. */
  readonly modelId: string | undefined;
}

/** A verdict in the order of time. */
export interface FeedbackPlace {
  readonly updatedAtMs: number;
  readonly requestId: string;
  readonly sourceName: string;
}

/** Looks at the newest 2,000 verdicts before `before` and takes at most `limit` that fit. */
export interface FeedbackListQuery {
  readonly limit: number;
  readonly before: FeedbackPlace | undefined;
  readonly sinceMs: number | undefined;
  /** Of the request. */
  readonly keyId: string | undefined;
  readonly task: string | undefined;
  /** Whose answer it is about. */
  readonly modelId: string | undefined;
  readonly sourceName: string | undefined;
}

/** A verdict from outside with what it is about. */
export interface ListedVerdict {
  readonly verdict: FeedbackRecord;
  readonly keyId: string;
  readonly task: AnyTask;
  readonly reason: string;
  /** The attempt whose answer the client got. */
  readonly answer: Pick<AttemptFact, 'requestId' | 'number' | 'ending' | 'modelId' | 'epoch' | 'automatic'>;
  /** Every verdict on that answer. */
  readonly all: readonly FeedbackRecord[];
}

export interface ListedRequest extends RequestPlace {
  readonly keyId: string;
  readonly requestedModel: string;
  readonly task: string;
  readonly strategy: string;
  readonly reason: string;
  readonly isStream: boolean;
  /** By number. */
  readonly attempts: readonly ListedAttempt[];
  /** The one whose answer the client got. */
  readonly answer: ListedAttempt | undefined;
  /** Of the weightiest verdict from outside, the latest of equals; undefined without any. */
  readonly score: number | undefined;
}

/** What a line needs of an attempt. */
export type ListedAttempt = Pick<
  AttemptFact,
  'number' | 'modelId' | 'provider' | 'ending' | 'costMicroUsd' | 'latencyMs' | 'automatic'
>;

/** What `change` decides from all verdicts on a request. Written in one transaction. */
export interface EvidenceChange {
  readonly upsert?: FeedbackRecord;
  readonly removeSourceName?: string;
  /** Whether the automatic verdict counts from now on. */
  readonly automaticCounts: boolean;
  /** What this change adds to the beliefs, corrections as negated deltas. */
  readonly deltas: readonly BeliefDelta[];
  /** What it adds to the accounts of the daily cap about this model and task. */
  readonly bookings?: readonly Booking[];
}

/** Sums read back at start or by a replica. Rows that no honest writer could have left are skipped, not thrown. */
export interface LoadedBeliefs {
  readonly beliefs: readonly BeliefDelta[];
  /** Rows skipped: not finite, negative where a sum cannot be, unknown kind, task or source. */
  readonly skipped: number;
}

/** What an alarm measured; nothing in it where an epoch was opened without one, or before this was stored. */
export interface StoredChange {
  readonly direction?: ChangeDirection | null;
  /** Quality, or milliseconds, as the cause says. */
  readonly measuredBefore?: number | null;
  readonly measuredAfter?: number | null;
}

/** The start of an epoch of a model's belief. Epoch 0 is never stored. */
export interface ModelEpoch extends StoredChange {
  readonly modelId: string;
  readonly epoch: number;
  readonly openedAtMs: number;
  readonly cause: string;
}

/** Which model `auto` is for a key, of one type. */
export interface PinnedModel {
  /** `''` for requests without a key. */
  readonly keyId: string;
  readonly type: ModelType;
  readonly modelId: string;
  readonly pinnedAtMs: number;
}

/** The same of an endpoint's speed and availability. */
export interface EndpointEpoch extends StoredChange {
  readonly endpointId: string;
  readonly epoch: number;
  readonly openedAtMs: number;
  readonly cause: string;
}

/** One row of the hourly roll-up: ended attempts by the hour they ended in (UTC, epoch ms of its start). */
export interface TrafficHour {
  readonly hourMs: number;
  readonly task: AnyTask;
  readonly modelId: string;
  readonly endpointId: string;
  readonly keyId: string;
  readonly requests: number;
  readonly completed: number;
  /** Endings that speak about the endpoint (`learnt: 'failure'`). */
  readonly failures: number;
  readonly costMicroUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Images, seconds of audio, characters or searches, by the task. */
  readonly units: number;
  /** Over the completed ones. */
  readonly latencyMsSum: number;
  /** Over the completed ones. */
  readonly ttftMsSum: number;
}

/** What traffic looks like: attempts that ended in some blocks of six hours, of one task, shape and model, over all keys. */
export interface PatternSum {
  readonly task: AnyTask;
  /** As `core/task/request-shape.ts` names it. */
  readonly shape: string;
  readonly modelId: string;
  /** Those that began at this model. */
  readonly requests: number;
  readonly attempts: number;
  readonly completed: number;
  /** Endings that speak about the endpoint (`learnt: 'failure'`). */
  readonly failures: number;
  readonly costMicroUsd: number;
  /** Over the completed ones. */
  readonly latencyMsSum: number;
  /** Σw·q, Σw·(1−q) and Σw² of the verdicts that count; checks that only find faults are left out. */
  readonly successes: number;
  readonly shortfalls: number;
  readonly squares: number;
  /** A bit for each key, of 52: those of several sums put together count each key once (`core/tally/key-bits.ts`). */
  readonly keyBits: number;
}

/** What is older than this, or over, may go; undefined: it stays for ever. */
export interface RetentionLimits {
  /** Requests with their attempts, decisions and verdicts. */
  readonly requestsBeforeMs: number | undefined;
  /** All roll-ups; whole UTC days. */
  readonly usageBeforeMs: number | undefined;
  /** Accounts of the daily cap, and what was claimed by name. */
  readonly accountsBeforeMs: number;
  /** Responses that are kept tell themselves until when. */
  readonly nowMs: number;
}

export const REMOVED_KINDS = ['requests', 'usage', 'accounts', 'responses'] as const;
export type RemovedKind = (typeof REMOVED_KINDS)[number];

export interface Removed {
  readonly what: RemovedKind;
  readonly rows: number;
}

/** Both undefined: all requests. */
export interface PurgeQuery {
  readonly keyId: string | undefined;
  readonly beforeMs: number | undefined;
}

/** Those that another process removed meanwhile are neither. */
export interface RemovedRequests {
  readonly removed: number;
  /** They have not ended, and stay. */
  readonly running: number;
}

export interface ForgottenKey {
  /** Hours of the roll-up in which it was. */
  readonly usageHours: number;
  readonly responses: number;
  readonly isNameForgotten: boolean;
}

/** What one model did of one task. */
export type ModelTraffic = Omit<TrafficHour, 'hourMs' | 'endpointId' | 'keyId'>;

/** What is spent since some day, at one moment: endings on their way to disk are part of it. */
export interface Spending {
  /** False: only days of which something may have changed since the last reading. */
  readonly isWhole: boolean;
  readonly days: readonly DaySpending[];
  /** By key, the estimates of attempts of other processes that have not ended, micro-USD. */
  readonly reservedElsewhere: ReadonlyMap<string, number>;
}

/** Whole UTC days since 1970, the last one included. */
export interface ChoiceQuery {
  readonly fromDay: number;
  readonly toDay: number;
  readonly tasks: readonly AnyTask[];
}

/** What was chosen freely and answered by the model that was drawn first, of one task, size and model. */
export interface ChoiceSum {
  readonly task: AnyTask;
  readonly size: RequestSize;
  readonly modelId: string;
  /** Requests it could have been chosen for, those for which it had a chance, and what was expected of it in sum. */
  readonly offered: number;
  readonly supported: number;
  readonly expectedCostMicroUsd: number;
  readonly expectedSeconds: number;
  /** Of the requests it was chosen for; `count` is the same in all four. */
  readonly costMicroUsd: Moments;
  /** What it cost less what was expected. */
  readonly costErrorMicroUsd: Moments;
  readonly seconds: Moments;
  readonly secondsError: Moments;
  /** Of the verdicts that count, by their source; heuristics are none. */
  readonly ratings: readonly RatingSum[];
}

export interface RatingSum {
  /** An `EvidenceSource`; `judge:` and its name for a judge. */
  readonly source: string;
  readonly quality: Moments;
}

export const USAGE_GROUPS = ['key', 'model', 'task', 'day', 'hour'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageQuery {
  /** From the hour that this falls into. */
  readonly fromMs: number;
  /** To the beginning of the hour that this falls into. */
  readonly toMs: number;
  /** Empty: one sum over everything. */
  readonly groupBy: readonly UsageGroup[];
  /** Undefined: of all keys. */
  readonly keyId: string | undefined;
  /** Undefined: of all tasks. */
  readonly task?: AnyTask;
}

/** A sum over the hourly roll-up; what is not grouped by is undefined. */
export interface UsageSum {
  readonly dayStartMs: number | undefined;
  readonly hourMs: number | undefined;
  readonly keyId: string | undefined;
  readonly modelId: string | undefined;
  readonly task: string | undefined;
  readonly requests: number;
  readonly completed: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
  readonly units: number;
  /** Over the completed ones, like the next. */
  readonly latencyMsSum: number;
  readonly ttftMsSum: number;
}

export interface GroupPage {
  readonly first: number;
  readonly limit: number;
}

export interface UsagePage {
  readonly groups: readonly UsageSum[];
  readonly hasMore: boolean;
  readonly total: UsageSum;
}

export const KEY_SCOPES = ['inference', 'feedback', 'intelligence', 'admin'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export { ON_EXHAUSTED, type OnExhausted };

/** A client's key without the key itself: only its hash and a prefix to recognise it by are stored. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** First characters of the key, e.g. `or-3kF9aZ`. */
  readonly prefix: string;
  readonly scopes: readonly KeyScope[];
  /** Model ids this key may use; undefined allows all. */
  readonly allowedModels: readonly string[] | undefined;
  /** Names of the providers that may serve it; undefined allows all. */
  readonly allowedProviders: readonly string[] | undefined;
  /** IP addresses and CIDR blocks it may come from; undefined allows all. */
  readonly allowedAddresses: readonly string[] | undefined;
  /** Name under `[plans.*]`; `''` for none. */
  readonly plan: string;
  /** Its own limit in place of its plan's; undefined leaves that to the plan. */
  readonly requestsPerMinute: number | undefined;
  /** Likewise, prompt and answer together. */
  readonly tokensPerMinute: number | undefined;
  /** Per UTC day; undefined for no such budget. */
  readonly budgetMicroUsdPerDay: number | undefined;
  /** Per UTC calendar month; undefined for no such budget. */
  readonly budgetMicroUsdPerMonth: number | undefined;
  readonly onExhausted: OnExhausted;
  /** Its streams go out only once they are whole, unless a request says otherwise. */
  readonly holdBack: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

/** What can be said of a key, at its creation and later. */
export type KeySettings = Omit<KeyRecord, 'id' | 'prefix' | 'createdAtMs' | 'revokedAtMs'>;

/** Behind a key, or from the first one on. */
export interface KeyPage {
  readonly after: KeyRecord | undefined;
  readonly limit: number;
}

/** Without a plan, limits, budgets or an expiry where none are named, and `stop` when a budget is used up. */
export type NewKey = Pick<KeySettings, 'name' | 'scopes'> & Partial<KeySettings>;

/** Attempts on their way to disk. */
export interface Journal {
  /**
   * Resolves once the attempt (and, with the first one, its request) is durable: only then may a byte go upstream.
   * All that arrive in one turn of the event loop share one transaction.
   * Rejects with a `GatewayError` and leaves nothing behind: 503 `storage_unavailable` when the disk is full, the
   * database is locked for more than 100 ms or out of reach; 409 `duplicate_request_id` when the row exists already.
   * After a rejection `end` must not be called for it (and is ignored).
   *
   * @param isNewRequestId promises that no request ever had this id: then nobody has to look, and on SQLite the
   *   attempt may wait in a log beside the database until it ends.
   */
  begin(request: RequestRecord | undefined, attempt: AttemptStart, isNewRequestId?: boolean): Promise<void>;
  /**
   * The one ending of an attempt that began here; never throws. The first call wins, later ones are ignored.
   * Written within milliseconds together with its deltas and its share of the roll-up, in one transaction, and
   * kept and retried while storage is away. Numbers that are not finite are stored as 0.
   */
  end(end: AttemptEnd): void;
  /** What is not on disk yet. `dropped` counts endings the database refused for good (never because it was away). */
  lag(): { pending: number; oldestMs: number; dropped: number };
  /** Resolves when everything handed over so far is written; rejects with 503 `storage_unavailable` if it cannot be. */
  flush(): Promise<void>;
}

export interface OpenStoreOptions {
  /** `sqlite:./outrider.db`, `sqlite::memory:` or `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Server secret for key hashes; without it one is generated once and kept in the `settings` table. */
  readonly keySecret?: string;
  /** Without it every piece of a report has a turn of its own. */
  readonly turns?: LoopTurns;
}

/** What is remembered. Reads and writes reject with `GatewayError` 503 `storage_unavailable` while storage is away. */
/** A response that can be asked for later. */
export interface StoredResponse {
  readonly responseId: string;
  readonly keyId: string;
  readonly modelId: string;
  readonly endpointId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** JSON of the response; `''` where the provider keeps it itself. */
  readonly body: string;
  /** JSON of the chat messages up to and with the answer; `''` where the provider keeps them itself. */
  readonly conversation: string;
}

export interface Store {
  readonly journal: Journal;

  /**
   * Ends attempts that dead processes left running as `unknown`, charged at their estimate, and returns them.
   * Attempts of living replicas are left alone. A SQLite file bears one server only: from the first call until
   * `close` this store is the one.
   * @throws StoreUnusableError `in_use` when another server has the file; nothing is changed
   */
  recoverPending(): Promise<readonly AttemptStart[]>;

  /**
   * Hands all verdicts on a request to the pure `change` and writes what it decides (nothing when it returns
   * undefined). Concurrent changes of one request, in one process or several, happen one after the other.
   * `keyId` undefined means any key. With `account`, the evidence says what is booked on it; until the change is written
   * nobody else changes that.
   * @returns the evidence `change` saw, or undefined when there is no such request or it belongs to another key
   * @throws GatewayError 409 `request_in_progress` while an attempt of the request still runs
   */
  changeEvidence(
    requestId: string,
    keyId: string | undefined,
    change: (evidence: RequestEvidence) => EvidenceChange | undefined,
    account?: DayAccount,
  ): Promise<RequestEvidence | undefined>;

  loadBeliefs(): Promise<LoadedBeliefs>;
  /** Adds to the beliefs outside of any attempt. */
  addBeliefs(deltas: readonly BeliefDelta[]): Promise<void>;
  /**
   * Stores an operator's evaluation in place of the one of the same name, whole or not at all; concurrent ones of one name
   * happen one after the other.
   */
  saveEvaluation(evaluation: Evaluation): Promise<void>;
  /** @returns false when there is none of this name */
  deleteEvaluation(name: string): Promise<boolean>;
  /** By name; rows that no honest writer could have left are skipped. */
  listEvaluations(): Promise<readonly Evaluation[]>;
  loadEpochs(): Promise<readonly ModelEpoch[]>;
  /** Of these models, the newest first. */
  latestEpochs(modelIds: readonly string[], limit: number): Promise<readonly ModelEpoch[]>;
  /** @returns false when another replica had opened this epoch before. */
  openEpoch(epoch: ModelEpoch): Promise<boolean>;
  loadEndpointEpochs(): Promise<readonly EndpointEpoch[]>;
  /** Of these endpoints, the newest first. */
  latestEndpointEpochs(endpointIds: readonly string[], limit: number): Promise<readonly EndpointEpoch[]>;
  /** @returns false when another replica had opened this epoch before. */
  openEndpointEpoch(epoch: EndpointEpoch): Promise<boolean>;

  readRequest(requestId: string): Promise<RequestHistory | undefined>;
  /** A page of requests, the newest first, each with its attempts and verdicts; `next` is where to go on. */
  listRequests(
    query: RequestListQuery,
  ): Promise<{ readonly requests: readonly ListedRequest[]; readonly next: RequestPlace | undefined }>;
  /** A page of verdicts from outside, the newest first; `next` is where to go on. */
  listFeedback(
    query: FeedbackListQuery,
  ): Promise<{ readonly verdicts: readonly ListedVerdict[]; readonly next: FeedbackPlace | undefined }>;
  /** All that was said of one answer; undefined when there is no such request, or no attempt of it. */
  readVerdicts(requestId: string): Promise<Omit<ListedVerdict, 'verdict'> | undefined>;
  /** Sums of the hour that `sinceMs` falls into and of all later ones, the judge's calls left out. */
  readModelTraffic(sinceMs: number): Promise<readonly ModelTraffic[]>;
  /**
   * Every row of the hourly roll-up from that hour on, oldest first: to verify it by. Reports read sums, which are a
   * hundredth of it.
   */
  readTraffic(sinceMs: number): Promise<readonly TrafficHour[]>;
  /**
   * Sums of what was chosen freely, in no particular order. All that ended here before is in it; what others offered, which
   * replicas write once a second, comes after them.
   */
  readChoices(query: ChoiceQuery): Promise<readonly ChoiceSum[]>;
  /**
   * Sums of the roll-up of patterns over the blocks of six hours from the one that `fromMs` falls into to the one before
   * `toMs`, in no particular order. What other processes change of blocks that are over may be seen minutes later.
   */
  readPatterns(fromMs: number, toMs: number): Promise<readonly PatternSum[]>;
  /** When the first block of it began; undefined while there is none. */
  firstPatternMs(): Promise<number | undefined>;
  /** Sums of the roll-up, in no particular order. */
  readUsage(query: UsageQuery): Promise<readonly UsageSum[]>;
  /**
   * Groups `first` to `first + limit - 1` of these sums: the oldest first, within it what cost most, then by the names of
   * key, model and task; and the sum of all.
   */
  readUsagePage(query: UsageQuery, page: GroupPage): Promise<UsagePage>;
  /** The names of those of these keys that there are. */
  nameKeys(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Hands `take` what is spent since `sinceMs`, at once when it is known, so that nothing ends in between. The first
   * reading, and one with another `sinceMs`, is of everything since then; after it commits wait for a reading at most
   * 250 ms. One reading at a time.
   */
  readSpending(sinceMs: number, take: (spending: Spending) => void): Promise<void>;
  /** Every ended attempt, by request id and number; read in pages, so the event loop stays free. */
  attemptFacts(): AsyncIterable<EndedAttempt>;

  /** @returns the key itself, shown this once, and what is stored of it */
  createKey(key: NewKey): Promise<{ key: string; record: KeyRecord }>;
  /** The oldest first; a page of them, where one is asked for. */
  listKeys(page?: KeyPage): Promise<readonly KeyRecord[]>;
  findKey(id: string): Promise<KeyRecord | undefined>;
  /**
   * A setting that is named changes, to nothing where it is undefined; the others stay. A revoked key changes no more.
   * @returns the key as it is then; undefined when there is none that could be changed
   */
  updateKey(id: string, changes: Partial<KeySettings>): Promise<KeyRecord | undefined>;
  /** @returns false when there is no such key or it was revoked before */
  revokeKey(id: string): Promise<boolean>;
  /** HMAC-SHA-256 with the server secret, hex: what `findKeyByHash` looks up. */
  hashKey(key: string): string;
  /** Revoked and expired keys are found too: the caller says why it refuses them. */
  findKeyByHash(hash: string): Promise<KeyRecord | undefined>;
  /** True once any key was ever created, revoked ones included: a gateway does not fall open by revoking. */
  hasKeys(): Promise<boolean>;

  /** The model that `auto` is for all requests of a key, of one type; undefined while none was chosen. */
  pinnedModel(place: Pick<PinnedModel, 'keyId' | 'type'>): Promise<string | undefined>;
  /** Chooses it, unless somebody did before. @returns the model in force */
  pinModel(pin: PinnedModel): Promise<string>;
  /** Chooses it, whatever was chosen before. */
  movePin(pin: PinnedModel): Promise<void>;
  /** @returns false when none was chosen */
  removePin(place: Pick<PinnedModel, 'keyId' | 'type'>): Promise<boolean>;
  listPins(): Promise<readonly PinnedModel[]>;

  /** Keeps a response. One of the same id, which only a provider that repeats itself could bring about, stays as it is. */
  saveResponse(response: StoredResponse): Promise<void>;
  /** @returns undefined when there is none (any more), or when it is another key's */
  readResponse(responseId: string, keyId: string, nowMs: number): Promise<StoredResponse | undefined>;
  /** @returns false when there is none, or when it is another key's */
  deleteResponse(responseId: string, keyId: string): Promise<boolean>;

  /** What a process left under this name, whichever wrote it last; undefined when none did. */
  loadState(name: string): Promise<string | undefined>;
  saveState(name: string, value: string): Promise<void>;
  /**
   * Saves it unless it is no longer what it was read as; `expected` undefined: there was none.
   *
   * @returns false when somebody else was faster; nothing is written then
   */
  exchangeState(name: string, expected: string | undefined, value: string): Promise<boolean>;

  /**
   * Sums up a little of what has come to the roll-up, in milliseconds: reports read these sums. To be called again until it
   * says that nothing is left.
   *
   * @returns after how many milliseconds to go on, undefined when nothing is left
   */
  rollUp(): Promise<number | undefined>;
  /**
   * Packs the sums of one day that is over and summed up, which lets reports read them at once: under a tenth of a second,
   * a few milliseconds at a time. To be called again until nothing is left. By one process at a time; undefined too while another is at it.
   *
   * @returns after how many milliseconds to go on, undefined when nothing is left
   */
  packDay(): Promise<number | undefined>;

  /**
   * Removes a little of what is older than its time: milliseconds of work. To be called again until nothing is left. What
   * still runs stays. Undefined too while another process is at it.
   */
  removeExpired(limits: RetentionLimits): Promise<Removed | undefined>;
  /** Requests that began before this may have been removed; undefined when none were. */
  purgedBeforeMs(): Promise<number | undefined>;
  /** Ids of requests, some at a time, the oldest first: what `removeRequests` would be handed. */
  requestsToPurge(query: PurgeQuery): AsyncIterable<readonly string[]>;
  /** Removes these with their attempts and verdicts, as far as they have ended. */
  removeRequests(requestIds: readonly string[]): Promise<RemovedRequests>;
  /** Removes whatever else a key left; once it is revoked its name too. */
  forgetKey(keyId: string): Promise<ForgottenKey>;
  /** From now on whoever misses a request from before is told that it was removed. */
  notePurged(beforeMs: number): Promise<void>;

  /** Takes a name that nobody took before, in this process or another; false when somebody did. */
  claim(name: string, atMs: number): Promise<boolean>;

  /** Whether the next write is expected to succeed; after a failure it tries one. Never rejects. */
  isHealthy(): Promise<boolean>;
  /** Writes what is queued, then closes. Rejects when something could not be written; is closed all the same. */
  close(): Promise<void>;
}
