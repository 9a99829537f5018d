import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { addResponse, emptyTally, type RealtimeTally } from '../../core/money/realtime-usage.ts';
import type { AnswerFacts } from '../../core/outcome/answer-facts.ts';
import { endedBy, GatewayError } from '../../core/outcome/gateway-error.ts';
import { meaningOfClose, sendableCloseCode } from '../../core/wire/close-code.ts';
import { type FrameSocket, OPEN_STATE } from '../../core/wire/frame-socket.ts';
import { isObject } from '../../core/wire/json-value.ts';
import { realtimeError } from '../../core/wire/realtime-error.ts';
import {
  type CallProgress,
  type CallSession,
  newProgress,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamHandle,
} from '../upstream.ts';
import type { CallContext, Settle } from './call-handler.ts';
import { classifyFailure } from './classify-failure.ts';
import { endingOfNetworkError } from './network-error.ts';
import { scrub } from './scrub.ts';

/** Of one message from a provider, and of what waits for a slow side before the other is paused; resumed below the last. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const PAUSE_AT_BYTES = 1024 * 1024;
const RESUME_AT_BYTES = 256 * 1024;
const LOOK_EVERY_MS = 250;
const PING_EVERY_MS = 20_000;
/** What a peer gets to answer a close frame with its own. */
const UPSTREAM_CLOSE_MS = 50;
const CLIENT_CLOSE_MS = 1_000;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_REASON_BYTES = 123;

const CREATED = Buffer.from('"response.created"');
const DONE = Buffer.from('"response.done"');
const DELTA = Buffer.from('.delta"');

/**
 * A session with one provider over a WebSocket (OpenAI's realtime API): frames pass as they come, both ways, and of what
 * the provider says only that is read which tells of responses: that one begins, its pieces, its end with its usage. The
 * client is let in once the provider has taken the session; until then another provider can take over.
 */
export function openSession(
  call: UpstreamCall,
  session: CallSession,
  context: CallContext,
  baseUrl: string,
  headers: Readonly<Record<string, string>>,
): UpstreamHandle {
  const progress: CallProgress = { ...newProgress(), workedMs: 0 };
  let running: Session | undefined;
  const done = new Promise<UpstreamAnswer>((resolve, reject) => {
    const url = `${baseUrl}${call.path}?model=${encodeURIComponent(call.endpoint.upstreamModel)}`;
    running = new Session(call, session, context, progress, { resolve, reject });
    running.dial(url, headers);
  });
  return { done, progress, abort: (ending) => running?.abort(ending) };
}

class Session {
  readonly #call: UpstreamCall;
  readonly #session: CallSession;
  readonly #context: CallContext;
  readonly #progress: CallProgress;
  readonly #settle: Settle;
  readonly #tally: RealtimeTally = emptyTally();
  #upstream: WebSocket | undefined;
  #client: FrameSocket | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #isConnected = false;
  #isSettled = false;
  #openedMs = 0;
  #lastFrameMs = 0;
  #lastUpstreamMs = 0;
  #pausedForClientMs: number | undefined;
  #lastPingMs = 0;
  #clientLives = true;
  #upstreamLives = true;
  /** Responses under way, and what was seen of them. */
  #underWay = 0;
  #createdMs = 0;
  #firstPieceMs: number | undefined;
  #timed = 0;
  #ttftSumMs = 0;
  #flowSumMs = 0;

  constructor(
    call: UpstreamCall,
    session: CallSession,
    context: CallContext,
    progress: CallProgress,
    settle: Settle,
  ) {
    this.#call = call;
    this.#session = session;
    this.#context = context;
    this.#progress = progress;
    this.#settle = settle;
  }

  dial(url: string, headers: Readonly<Record<string, string>>): void {
    const { connectMs, headersMs } = this.#context.timeouts;
    try {
      const upstream = new WebSocket(url, {
        headers,
        handshakeTimeout: Math.max(1, Math.min(connectMs + headersMs, this.#call.totalMs)),
        maxPayload: MAX_FRAME_BYTES,
        perMessageDeflate: false,
        followRedirects: false,
        finishRequest: (request) => {
          request.once('socket', (socket) => {
            const event =
              'encrypted' in socket && (socket as TLSSocket).encrypted ? 'secureConnect' : 'connect';
            socket.once(event, () => this.#connected());
          });
          request.end();
        },
      });
      this.#upstream = upstream;
      this.#connectTimer = setTimeout(() => {
        if (!this.#isConnected) this.#fail(endedBy('connect', `${this.#who} cannot be reached.`));
      }, connectMs);
      upstream.on('unexpected-response', (_request, response) => this.#refused(response));
      upstream.on('open', () => this.#opened(upstream));
      upstream.on('message', (data: Buffer, isBinary: boolean) => this.#said(upstream, data, isBinary));
      upstream.on('pong', () => {
        this.#upstreamLives = true;
      });
      upstream.on('error', (error) => this.#upstreamFailed(error));
      upstream.on('close', (code, reason) => this.#upstreamClosed(code, reason.toString('utf8')));
    } catch (error) {
      this.#fail(endingOfNetworkError(error, this.#call.endpoint.provider, false));
    }
  }

  abort(ending: 'client_left' | 'shutdown'): void {
    if (ending === 'client_left') {
      // Once it is let in, its own end tells.
      if (this.#client === undefined) this.#fail(endedBy('client_left', 'The client left.'));
      return;
    }
    this.#fail(endedBy('shutdown', 'This gateway is shutting down. Open a new session.'), 1001);
  }

  get #who(): string {
    return `Provider '${this.#call.endpoint.provider}'`;
  }

  #connected(): void {
    this.#isConnected = true;
    this.#progress.isSent = true;
    clearTimeout(this.#connectTimer);
  }

  #refused(response: IncomingMessage): void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const tell = () => {
      clearTimeout(timer);
      if (this.#isSettled) return;
      const status = response.statusCode ?? 0;
      this.#progress.httpStatus = status;
      this.#fail(
        classifyFailure({
          provider: this.#call.endpoint.provider,
          upstreamModel: this.#call.endpoint.upstreamModel,
          // A success is none here: it takes no WebSocket.
          status: status < 300 ? 502 : status,
          retryAfter: response.headers['retry-after'],
          body: Buffer.concat(pieces).toString('utf8'),
          nowMs: this.#context.nowMs(),
        }),
      );
    };
    const timer = setTimeout(tell, CLIENT_CLOSE_MS);
    response.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= MAX_ERROR_BYTES) pieces.push(piece);
      else tell();
    });
    response.on('end', tell);
    response.on('error', tell);
    response.on('close', tell);
  }

  #opened(upstream: WebSocket): void {
    if (this.#isSettled) return;
    this.#connected();
    this.#progress.httpStatus = 101;
    this.#progress.usage = this.#tally;
    const client = this.#session.accept();
    if (client === undefined) {
      this.#fail(endedBy('client_left', 'The client left.'));
      return;
    }
    this.#client = client;
    const nowMs = this.#context.monotonicMs();
    this.#openedMs = nowMs;
    this.#lastFrameMs = nowMs;
    this.#lastUpstreamMs = nowMs;
    this.#lastPingMs = nowMs;
    client.on('message', (data: Buffer, isBinary: boolean) => {
      this.#lastFrameMs = this.#context.monotonicMs();
      this.#clientLives = true;
      pass(client, upstream, data, isBinary);
    });
    client.on('pong', () => {
      this.#clientLives = true;
    });
    // Its close follows.
    client.on('error', () => {});
    client.on('close', (code: number) => this.#clientClosed(code));
    this.#look = setInterval(() => this.#lookAround(), LOOK_EVERY_MS);
  }

  #said(upstream: WebSocket, data: Buffer, isBinary: boolean): void {
    const client = this.#client;
    if (this.#isSettled || client === undefined) return;
    const nowMs = this.#context.monotonicMs();
    this.#lastFrameMs = nowMs;
    this.#lastUpstreamMs = nowMs;
    this.#upstreamLives = true;
    const refusal = isBinary ? undefined : this.#read(data, nowMs);
    pass(upstream, client, data, isBinary, () => {
      this.#pausedForClientMs = undefined;
    });
    if (upstream.isPaused) this.#pausedForClientMs ??= nowMs;
    if (refusal !== undefined) this.#end(refusal, 1008);
  }

  /** Names in quotes stand in no text: there their quotes are escaped. */
  #read(data: Buffer, nowMs: number): GatewayError | undefined {
    if (this.#underWay > 0 && data.includes(DELTA)) {
      this.#progress.tokenEvents += 1;
      this.#firstPieceMs ??= nowMs;
    }
    const isDone = data.includes(DONE);
    if (!isDone && !data.includes(CREATED)) return undefined;
    const event = parse(data);
    if (event?.type === 'response.created') {
      if (this.#underWay === 0) {
        this.#createdMs = nowMs;
        this.#firstPieceMs = undefined;
      }
      this.#underWay += 1;
      return undefined;
    }
    if (event?.type !== 'response.done' || !isObject(event.response)) return undefined;
    addResponse(this.#tally, event.response, this.#progress.tokenEvents);
    this.#underWay = Math.max(0, this.#underWay - 1);
    if (this.#underWay === 0) this.#progress.tokenEvents = 0;
    this.#time(nowMs);
    return this.#session.spent();
  }

  /** Time to the first piece is the mean over the responses; the flow after it is summed, as its tokens are. */
  #time(nowMs: number): void {
    if (this.#firstPieceMs === undefined || this.#createdMs === 0) return;
    this.#timed += 1;
    this.#ttftSumMs += this.#firstPieceMs - this.#createdMs;
    this.#flowSumMs += nowMs - this.#firstPieceMs;
    this.#firstPieceMs = undefined;
    this.#progress.ttftMs = this.#ttftSumMs / this.#timed;
    this.#progress.workedMs = this.#progress.ttftMs + this.#flowSumMs;
  }

  #lookAround(): void {
    const nowMs = this.#context.monotonicMs();
    const { limits } = this.#session;
    const { idleMs, clientMs } = this.#context.timeouts;
    if (this.#pausedForClientMs !== undefined && nowMs - this.#pausedForClientMs > clientMs) {
      this.#client?.terminate();
      this.#clientClosed(1006);
    } else if (nowMs - this.#openedMs > limits.sessionMs) {
      this.#end(
        ended('session_expired', `after ${limits.sessionMs / 1000} s (realtime.session_seconds)`),
        1001,
      );
    } else if (this.#underWay > 0 && nowMs - this.#lastUpstreamMs > idleMs) {
      if (this.#pausedForClientMs === undefined) this.#fail(this.#brokenOff());
    } else if (nowMs - this.#lastFrameMs > limits.idleMs) {
      this.#end(
        ended('session_idle', `after ${limits.idleMs / 1000} s without a word (realtime.idle_seconds)`),
        1001,
      );
    } else if (nowMs - this.#lastPingMs > PING_EVERY_MS) this.#ping(nowMs);
  }

  /** A peer that has vanished leaves a connection that looks open. */
  #ping(nowMs: number): void {
    this.#lastPingMs = nowMs;
    if (!this.#clientLives) {
      this.#client?.terminate();
      this.#clientClosed(1006);
      return;
    }
    // Whoever is held back is not heard, and that is our doing.
    if (!this.#upstreamLives) {
      this.#fail(this.#brokenOff());
      return;
    }
    this.#clientLives = this.#client?.isPaused === true;
    this.#upstreamLives = this.#upstream?.isPaused === true;
    if (this.#client?.readyState === OPEN_STATE) this.#client.ping();
    if (this.#upstream?.readyState === OPEN_STATE) this.#upstream.ping();
  }

  #clientClosed(code: number): void {
    if (this.#isSettled) return;
    this.#closeUpstream(code);
    if (this.#hasAnswered()) this.#complete();
    else this.#reject(endedBy('client_left', 'The client left.'));
  }

  #upstreamFailed(error: Error): void {
    if (this.#isSettled) return;
    if (this.#client !== undefined) {
      this.#fail(this.#brokenOff(error));
      return;
    }
    const isLate = error.message.includes('handshake has timed out');
    this.#fail(
      isLate
        ? endedBy('timeout', `${this.#who} did not take the session in time.`, { cause: error })
        : endingOfNetworkError(error, this.#call.endpoint.provider, false),
    );
  }

  #upstreamClosed(code: number, reason: string): void {
    if (this.#isSettled) return;
    const meaning = meaningOfClose(code);
    if (this.#client === undefined || meaning === 'broken') {
      this.#fail(
        this.#client === undefined
          ? endedBy('before_headers', `${this.#who} closed the connection without an answer.`)
          : this.#brokenOff(),
      );
      return;
    }
    this.#closeClient(sendableCloseCode(code), scrub(reason));
    if (meaning === 'refused') {
      this.#reject(endedBy('client_fault', `${this.#who} closed the session with ${code}.`));
    } else if (this.#underWay > 0) this.#reject(this.#brokenOff());
    else this.#complete();
  }

  #hasAnswered(): boolean {
    return this.#tally.responses > 0 && this.#underWay === 0;
  }

  /** An end that nobody is to blame for: what was said until here stands. */
  #end(error: GatewayError, closeCode: number): void {
    if (this.#isSettled) return;
    this.#tell(error, closeCode);
    this.#closeUpstream(1000);
    if (this.#hasAnswered()) this.#complete();
    else this.#reject(endedBy('client_left', error.message));
  }

  #fail(error: GatewayError, closeCode = 1011): void {
    if (this.#isSettled) return;
    this.#tell(error, closeCode);
    this.#closeUpstream(1000);
    this.#reject(error);
  }

  #tell(error: GatewayError, closeCode: number): void {
    const client = this.#client;
    if (client === undefined || client.readyState !== OPEN_STATE) return;
    client.send(realtimeError(error, this.#session.endEventId), { binary: false }, () => {});
    this.#closeClient(closeCode, error.code);
  }

  #closeClient(code: number | undefined, reason: string): void {
    const client = this.#client;
    if (client === undefined) return;
    client.resume();
    if (code === undefined) client.close();
    else client.close(code, bounded(reason));
    setTimeout(() => client.terminate(), CLIENT_CLOSE_MS);
  }

  #closeUpstream(code: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined || upstream.readyState === WebSocket.CLOSED) return;
    if (upstream.readyState !== WebSocket.OPEN) {
      upstream.terminate();
      return;
    }
    upstream.resume();
    const sendable = sendableCloseCode(code);
    if (sendable === undefined) upstream.close();
    else upstream.close(sendable);
    setTimeout(() => upstream.terminate(), UPSTREAM_CLOSE_MS);
  }

  #brokenOff(cause?: unknown): GatewayError {
    return endedBy('stream_after_token', `${this.#who} broke off in the middle of the session.`, { cause });
  }

  #complete(): void {
    if (!this.#stop()) return;
    const { responses, completed } = this.#tally;
    const finishReason = completed === responses ? 'completed' : completed === 0 ? 'failed' : 'incomplete';
    const facts: AnswerFacts = { finishReason, text: '', isTextWhole: true, toolCalls: [] };
    this.#settle.resolve({ body: Buffer.alloc(0), json: undefined, facts });
  }

  #reject(error: GatewayError): void {
    if (this.#stop()) this.#settle.reject(error);
  }

  #stop(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#look);
    return true;
  }
}

/** One frame from one side to the other; who sends faster than the other takes is paused. */
function pass(
  from: FrameSocket,
  to: FrameSocket,
  data: Buffer,
  isBinary: boolean,
  onResumed: () => void = () => {},
): void {
  if (to.readyState !== OPEN_STATE) return;
  to.send(data, { binary: isBinary }, () => {
    if (!from.isPaused || to.bufferedAmount > RESUME_AT_BYTES) return;
    from.resume();
    onResumed();
  });
  if (to.bufferedAmount > PAUSE_AT_BYTES) from.pause();
}

function parse(data: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function ended(code: string, why: string): GatewayError {
  return new GatewayError({ status: 400, code, message: `The session ended ${why}. Open a new one.` });
}

/** As much as a close frame holds. */
function bounded(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  return reason.slice(0, MAX_REASON_BYTES).replace(/[^ -~]/g, '');
}
