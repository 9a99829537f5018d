import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { endedBy, GatewayError } from '../../core/outcome/gateway-error.ts';
import type {
  CallProgress,
  StreamSink,
  UploadWatch,
  UpstreamAnswer,
  UpstreamCall,
  UpstreamLimits,
  UpstreamTimeouts,
} from '../upstream.ts';
import { classifyFailure, type FailedResponse } from './classify-failure.ts';
import { Deadline } from './deadline.ts';
import { endingOfNetworkError } from './network-error.ts';

export interface CallContext {
  readonly timeouts: UpstreamTimeouts;
  readonly limits: UpstreamLimits;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** Whether any connection to this provider has stood since then (monotonic milliseconds). */
  readonly wasConnected: (sinceMs: number) => boolean;
}

export interface Settle {
  readonly resolve: (answer: UpstreamAnswer) => void;
  readonly reject: (error: GatewayError) => void;
}

/** Bytes of a refusal's body that are read for its message. */
const MAX_ERROR_BYTES = 64 * 1024;
/** The status has said it already: for the words after it nobody waits long. */
const ERROR_BODY_MS = 5_000;

/**
 * What every call has in common, as undici's dispatch handler: deadlines, refusals by status, network errors, and
 * that it settles exactly once and then lets nothing more through.
 */
export abstract class CallHandler implements Dispatcher.DispatchHandler, UploadWatch {
  protected readonly context: CallContext;
  protected readonly call: UpstreamCall;
  protected readonly progress: CallProgress;
  protected readonly deadline: Deadline;
  protected controller: Dispatcher.DispatchController | undefined;
  readonly #settle: Settle;
  readonly #startedMs: number;
  #sentMs: number;
  #isSettled = false;
  /** It has a connection. */
  #isStarted = false;
  /** Of a form that goes up: nothing more of it has come. */
  #awaitsUpload = false;
  /** The client takes nothing: nothing more is read until it does. */
  protected isPaused = false;
  #failedStatus = 0;
  #retryAfter: string | string[] | undefined;
  readonly #errorPieces: Buffer[] = [];
  #errorBytes = 0;

  constructor(context: CallContext, call: UpstreamCall, progress: CallProgress, settle: Settle) {
    this.context = context;
    this.call = call;
    this.progress = progress;
    this.#settle = settle;
    this.#startedMs = context.monotonicMs();
    this.#sentMs = this.#startedMs;
    this.deadline = new Deadline(context.monotonicMs, () => this.#expired());
  }

  /**
   * The call has been handed over. Waiting for one of our own connections is no fault of the provider: its deadlines
   * begin when the call goes out, at once if a connection is free. One that does not come about is watched by
   * `connectMs`.
   */
  dispatched(): void {
    if (!this.#isStarted && !this.#isSettled) this.deadline.set(this.#startedMs + this.call.totalMs);
  }

  protected abstract onGoodHeaders(controller: Dispatcher.DispatchController, contentType: string): void;
  protected abstract onGoodData(chunk: Buffer): void;
  /** May throw a `GatewayError` when the answer turns out to be none. */
  protected abstract onGoodEnd(): void;

  get isSettled(): boolean {
    return this.#isSettled;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.#isSettled) {
      controller.abort(new Error('settled'));
      return;
    }
    this.#sentMs = this.context.monotonicMs();
    this.progress.queueMs = this.#sentMs - this.#startedMs;
    this.#isStarted = true;
    this.progress.isSent = Buffer.isBuffer(this.call.body);
    this.deadline.set(this.dueMs(this.firstWaitMs()));
  }

  took(): void {
    this.#awaitsUpload = false;
    this.#waitForUpload(this.firstWaitMs());
  }

  waits(): void {
    this.#awaitsUpload = true;
    this.#waitForUpload(this.context.timeouts.clientMs);
  }

  /** The provider has it all: from here on it is its time that counts. */
  sent(): void {
    if (this.#isSettled) return;
    this.progress.isSent = true;
    if (this.progress.httpStatus !== 0) return;
    this.#sentMs = this.context.monotonicMs();
    this.#waitForUpload(this.firstWaitMs());
  }

  failed(error: GatewayError): void {
    this.fail(error);
  }

  /** Whoever answers before it has it all is waited for as after it. */
  #waitForUpload(waitMs: number): void {
    if (this.#isStarted && !this.#isSettled && this.progress.httpStatus === 0) {
      this.deadline.set(this.dueMs(waitMs));
    }
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 103 Early Hints and their like announce an answer and are none.
    if (this.#isSettled || statusCode < 200) return;
    this.progress.httpStatus = statusCode;
    if (statusCode !== 200) {
      this.#failedStatus = statusCode;
      this.#retryAfter = headers['retry-after'];
      this.deadline.set(this.dueMs(Math.min(this.context.timeouts.idleMs, ERROR_BODY_MS)));
      return;
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      this.fail(this.badAnswer('an encoding that was not asked for'));
      return;
    }
    const contentType = String(headers['content-type'] ?? '');
    this.progress.contentType = contentType;
    this.onGoodHeaders(controller, contentType.toLowerCase());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    if (this.#failedStatus === 0) {
      this.onGoodData(chunk);
      return;
    }
    this.#errorBytes += chunk.length;
    if (this.#errorBytes > MAX_ERROR_BYTES) this.#refused();
    else this.#errorPieces.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#isSettled) return;
    if (this.#failedStatus !== 0) {
      this.#refused();
      return;
    }
    try {
      this.onGoodEnd();
    } catch (error) {
      this.fail(error instanceof GatewayError ? error : this.badAnswer('something unreadable', error));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isSettled) return;
    if (this.#failedStatus !== 0) this.#refused();
    else this.onNetworkError(error);
  }

  /** Cuts the upstream; nothing of it is heard after this. */
  fail(error: GatewayError): void {
    if (this.#isSettled) return;
    this.#settled();
    this.controller?.abort(error);
    this.#settle.reject(error);
  }

  protected succeed(answer: UpstreamAnswer): void {
    if (this.#isSettled) return;
    this.#settled();
    this.#settle.resolve(answer);
  }

  #settled(): void {
    this.#isSettled = true;
    this.deadline.stop();
    if (!Buffer.isBuffer(this.call.body))
      this.progress.workedMs = this.progress.isSent ? this.elapsedMs() : 0;
  }

  protected onNetworkError(error: Error): void {
    this.fail(endingOfNetworkError(error, this.call.endpoint.provider, this.progress.httpStatus !== 0));
  }

  /** Reads no more until the client has taken what it has, for which it gets `clientMs`. */
  protected pauseFor(sink: StreamSink): void {
    const { controller } = this;
    if (this.isPaused || controller === undefined) return;
    controller.pause();
    this.awaitClient(sink, () => controller.resume());
  }

  /** @param goOn called when the client takes more; not at all after the call has ended */
  protected awaitClient(sink: StreamSink, goOn: () => void): void {
    this.isPaused = true;
    this.deadline.set(this.dueMs(this.context.timeouts.clientMs));
    sink.onceDrained(() => {
      this.isPaused = false;
      if (this.isSettled) return;
      this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
      goOn();
    });
  }

  protected onExpired(): void {
    const seconds = Math.round(this.elapsedMs() / 100) / 10;
    this.fail(
      endedBy('timeout', `Provider '${this.call.endpoint.provider}' did not answer within ${seconds} s.`),
    );
  }

  /** What a refusal by status means; other languages than OpenAI's say some of it otherwise. */
  protected classify(failed: FailedResponse): GatewayError {
    return classifyFailure(failed);
  }

  /** How long the first sign of life may take. */
  protected firstWaitMs(): number {
    return this.context.timeouts.headersMs;
  }

  protected badAnswer(what: string, cause?: unknown): GatewayError {
    return endedBy('bad_answer', `Provider '${this.call.endpoint.provider}' answered with ${what}.`, {
      cause,
    });
  }

  /** Since it was sent; before that, since it was called. */
  protected elapsedMs(): number {
    return this.context.monotonicMs() - this.#sentMs;
  }

  /** Monotonic time at which a wait that starts now is over; the call's own total bounds it. */
  protected dueMs(waitMs: number): number {
    return Math.min(this.context.monotonicMs() + waitMs, this.#startedMs + this.call.totalMs);
  }

  #expired(): void {
    if (this.#failedStatus !== 0) this.#refused();
    else if (!this.#isStarted) this.fail(this.#neverSent());
    else if (this.#awaitsUpload) this.fail(uploadStalled());
    else if (this.isPaused) this.fail(endedBy('client_left', 'The client stopped reading.'));
    else this.onExpired();
  }

  #neverSent(): GatewayError {
    const { provider } = this.call.endpoint;
    if (!this.context.wasConnected(this.#startedMs)) {
      return endedBy('connect', `Provider '${provider}' cannot be reached.`);
    }
    return endedBy('local_queue', `All connections to provider '${provider}' are in use.`, {
      retryAfterSeconds: 1,
    });
  }

  #refused(): void {
    const { endpoint } = this.call;
    this.fail(
      this.classify({
        provider: endpoint.provider,
        upstreamModel: endpoint.upstreamModel,
        status: this.#failedStatus,
        retryAfter: this.#retryAfter,
        body: Buffer.concat(this.#errorPieces).toString('utf8'),
        nowMs: this.context.nowMs(),
      }),
    );
  }
}

/** No fault of the provider, which waits as well. */
function uploadStalled(): GatewayError {
  return endedBy('client_fault', 'The upload stopped: nothing more of the file came. Send it again.', {
    status: 408,
    code: 'upload_stalled',
  });
}
