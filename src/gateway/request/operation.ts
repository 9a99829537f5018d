import type { ModelType, Price, Tongue } from '../../core/catalog/model.ts';
import type { OperationName } from '../../core/catalog/operation.ts';
import type { Candidate } from '../../core/choice/choice-input.ts';
import type { QualityEvidence } from '../../core/learning/delta.ts';
import type { Usage } from '../../core/money/usage.ts';
import type { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { RequestProfile } from '../../core/task/task.ts';
import type { CannotCarry } from '../../core/wire/cannot-carry.ts';
import type { AnswerForm, CallProgress, FormBody, UpstreamAnswer } from '../../providers/upstream.ts';
import type { AttemptEnd } from '../../store/contract.ts';
import type { AnswerAdditions } from './answer-body.ts';
import type { ClientLine, Job, RequestBody } from './job.ts';

/**
 * What one endpoint of the API is to the gateway: how its requests are profiled and sent up, how its answers are read,
 * checked, metered and shown. Everything else (choice, guard, journal, fail-over, endings, learning, metrics) is the same
 * for all of them, in `run-job.ts`. Made once, by `defineOperation`.
 */
export interface Operation<Body extends RequestBody = RequestBody> {
  readonly name: OperationName;
  /** The type of models that serve it. */
  readonly type: ModelType;
  /** Below a provider's base URL. */
  readonly upstreamPath: string;
  /**
   * Its requests are turns of conversations: kept where their prompt cache is, watched for being asked again, judged by
   * sample, observed beside a baseline, and counted into the budget of their strategy, which is one for so many turns.
   */
  readonly isConversation: boolean;
  /** What `auto` comes to is the same model for all requests of a key (`pinned-models.ts`). */
  readonly isPinned: boolean;

  /** The same as it is at this endpoint, where some are asked otherwise. Left out: it is one everywhere. */
  at?(job: Job<Body>, candidate: Candidate): Operation<Body>;
  /** Where an answer goes whose shape is not the one that the client's end was made for. Left out: to that end. */
  clientLine?(): ClientLine;

  /**
   * Of an operation in which both sides talk over a WebSocket: the client's headers that go up. Left out: it is a request
   * and its answer.
   */
  sessionHeaders?(job: Job<Body>): Readonly<Record<string, string>>;

  /** What kind of request it is. Of models that come into question by `auto` nothing is known yet. */
  profile(job: Job<Body>): RequestProfile;
  /** Whether the answer goes out piece by piece. */
  isStream(job: Job<Body>): boolean;
  /** What goes up: JSON as bytes, or a form. */
  encode(job: Job<Body>, candidate: Candidate, canStreamUsage: boolean): Buffer | FormBody;
  /** How the answer to this job is read. Called for each attempt: a form may keep count of what it has seen. */
  answerForm(job: Job<Body>, candidate: Candidate): AnswerForm;
  /**
   * What of it a provider that speaks another language than OpenAI's cannot carry: it is left out of the choice then.
   * Left out where no such provider serves this operation at all.
   */
  cannotCarry?(job: Job<Body>, tongue: Tongue): CannotCarry | undefined;
  /** Whether the checks need the whole text of a stream. */
  keepsWholeText(job: Job<Body>): boolean;
  /** Whether the usage of a stream's chunks is cleared, as its client gets one in an event of its own. */
  clearsUsage(job: Job<Body>): boolean;

  /** The automatic verdict on a completed answer; undefined where it says nothing about the model. */
  check(job: Job<Body>, answer: UpstreamAnswer): QualityEvidence | undefined;
  /** What an attempt is charged for; undefined for nothing: refused, or never sent. */
  meter(attempt: MeteredAttempt<Body>): Usage | undefined;

  /** The body of a unary answer as its client gets it. */
  answerBody(
    answer: UpstreamAnswer,
    end: AttemptEnd,
    said: unknown,
    additions: AnswerAdditions,
    job: Job<Body>,
  ): Buffer;
  /** The type of that body, where it is neither JSON nor what the provider said. */
  answerType?(job: Job<Body>): string | undefined;
  /** Told before an attempt after which there will be no other, however it ends. */
  onLastAttempt?(job: Job<Body>): void;
  /** What this gateway writes behind a stream that completed, `''` for nothing. */
  lastEvents(ended: EndedStream<Body>): string | Buffer;
  /** What a client is told in the middle of a stream; undefined where nothing but cutting it tells. */
  brokenEvents(error: GatewayError): string | undefined;
}

export interface MeteredAttempt<Body extends RequestBody = RequestBody> {
  readonly job: Job<Body>;
  readonly profile: RequestProfile;
  readonly price: Price;
  readonly answer: UpstreamAnswer | undefined;
  readonly error: GatewayError | undefined;
  readonly progress: CallProgress;
}

export interface EndedStream<Body extends RequestBody = RequestBody> {
  readonly job: Job<Body>;
  readonly candidate: Candidate;
  readonly end: AttemptEnd;
  readonly progress: CallProgress;
  /** Of the whole request, parts of one included. */
  readonly costMicroUsd: number;
  readonly metadata: object | undefined;
}
