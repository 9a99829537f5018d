import type { Readable } from 'node:stream';
import type { Endpoint } from '../core/catalog/model.ts';
import type { AnswerFacts } from '../core/outcome/answer-facts.ts';
import type { GatewayError } from '../core/outcome/gateway-error.ts';
import type { FrameSocket } from '../core/wire/frame-socket.ts';

/** One call to one endpoint. */
export interface UpstreamCall {
  readonly endpoint: Endpoint;
  /** Below the provider's base URL, e.g. `/chat/completions`. */
  readonly path: string;
  /** JSON as it goes out, or a form. */
  readonly body: Buffer | FormBody;
  readonly form: AnswerForm;
  readonly isStream: boolean;
  /** Choices asked for (`n`). */
  readonly choices: number;
  /** Milliseconds this call may take in all. */
  readonly totalMs: number;
  /** Keep the whole text of a stream for checks (JSON and tools were asked for), not just its two ends. */
  readonly keepsWholeText: boolean;
  /**
   * A stream's client gets the usage in an event of its own: in the chunks of the text it is null then, as at OpenAI.
   * Clients add up what they find, and would count it twice.
   */
  readonly clearsUsage: boolean;
  /** Where a stream's bytes go from its first token on. */
  readonly sink: StreamSink | undefined;
  /** Headers that tie the provider's part of a trace to ours; undefined where there is no trace. */
  readonly traceHeaders?: Readonly<Record<string, string>> | undefined;
  /** Of an operation in which both sides talk, instead of a request and its answer. */
  readonly session?: CallSession | undefined;
}

/** A session over a WebSocket, as the provider sees its client. */
export interface CallSession {
  /** Of the client's, those that go up. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: SessionLimits;
  /** What the event is called that tells of an end that comes from here. */
  readonly endEventId: string;
  /** The provider has taken the session: lets the client in. Undefined when it has left. */
  accept(): FrameSocket | undefined;
  /** After each response; what was used stands in `progress`. @returns why the session may not go on */
  spent(): GatewayError | undefined;
}

/** Milliseconds. */
export interface SessionLimits {
  /** Without a frame from either side. */
  readonly idleMs: number;
  /** In all. */
  readonly sessionMs: number;
}

/** A body that is no JSON: a form with a file, which may still be arriving from its client. */
export interface FormBody {
  /** With the boundary between its parts. */
  readonly contentType: string;
  /** Undefined while it is not known. */
  readonly bytes: number | undefined;
  /** The whole of it, from its beginning, for one call. Destroyed without an error where it cannot go on: `failed` has told why. */
  open(watch: UploadWatch): Readable;
}

/** Told how a body goes up. */
export interface UploadWatch {
  /** The provider takes it, or would. */
  took(): void;
  /** Nothing more has come: it is its client's turn. */
  waits(): void;
  /** All of it was taken. */
  sent(): void;
  /** It will never be whole. */
  failed(error: GatewayError): void;
}

/**
 * How an answer is read: as a chat completion (`chat`), as a completion of old (`completion`), both with `choices` and a
 * finish reason, or as the operation itself says. An adapter that speaks another language knows `chat` alone.
 */
export type AnswerForm = 'chat' | 'completion' | OtherForm;

/** The form of an answer without choices, made for one call. */
export interface OtherForm {
  /** A whole body of status 200. @returns what is wrong with it, in words that follow "answered with" */
  read(body: Buffer, contentType: string): ReadAnswer | string;
  /** How a stream is read; `bytes`: as a file that goes out piece by piece. Undefined: there are no streams. */
  readonly stream: 'bytes' | EventGrammar | undefined;
  /** Of a stream of bytes: what is wrong with one of this type, in words that follow "answered with". */
  flawOfType?(contentType: string): string | undefined;
}

export interface ReadAnswer {
  /** Undefined for an answer that is no JSON: it goes out under its own type. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly usage: unknown;
  readonly facts: AnswerFacts;
}

/** How the events of a stream are read that have a `type` each, instead of choices. Made for one call: it may keep count. */
export interface EventGrammar {
  /** What the data of one event says. */
  read(event: Readonly<Record<string, unknown>>): EventMeaning;
  /** What is known of the content by now. */
  facts(): AnswerFacts;
  /** The events of an answer that came whole where a stream was asked for; undefined where there are none for it. */
  eventsOf?(answer: ReadAnswer): string | undefined;
}

export interface EventMeaning {
  /** It carries a piece of the answer: from the first one on the stream goes out. */
  readonly isToken?: boolean;
  /** The answer is whole with it. */
  readonly isEnd?: boolean;
  /** It says that something went wrong. */
  readonly isError?: boolean;
  readonly usage?: unknown;
  /** It does not go out as it is: the gateway says it itself, from `progress.lastChunk` or `progress.lastEvent`. */
  readonly isWithheld?: boolean;
}

/** The client's side of a stream, as the provider sees it. */
export interface StreamSink {
  /** Whole SSE events. False asks to pause until `onceDrained` calls back. */
  write(events: Buffer): boolean;
  onceDrained(resume: () => void): void;
}

/** A call that ended well. Every other ending rejects with a `GatewayError` that carries its `ending`. */
export interface UpstreamAnswer {
  /** The body of a unary answer; empty for streams. */
  readonly body: Buffer;
  /** Undefined for streams, and for what is no JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly facts: AnswerFacts;
}

/** What is known of a call at any time, also after it failed. */
export interface CallProgress {
  /** Milliseconds until a connection was free for it; 0 until then. */
  queueMs: number;
  /** True once it went to a socket, a form as a whole: from then on it may cost something. */
  isSent: boolean;
  httpStatus: number;
  /** Of an answer with status 200, as its header says, `''` before. */
  contentType: string;
  /** Milliseconds from sending to the first token (streams) or to the headers (unary); 0 while none came. */
  ttftMs: number;
  /** The provider's `usage` as it came, unchecked. */
  usage: unknown;
  /** Events of a stream that carried text or tool calls: an estimate of output tokens. */
  tokenEvents: number;
  /** Bytes of a stream's events less their envelopes: text, reasoning, arguments, as escaped in JSON. */
  textBytes: number;
  /** Template of the last chunk for ours: id, model, created. */
  lastChunk: Readonly<Record<string, unknown>> | undefined;
  /** An event that was withheld to go out with its price: what stands before its data, and these. */
  lastEvent?: { readonly head: Buffer; readonly data: Buffer };
  /** What was left out of the request on its way into another language, known before the first byte comes back. */
  warnings: readonly string[];
  /** Milliseconds in which the model worked, in the place of those that the call lasted: of a session, and of an upload, whose client may be slow. */
  workedMs?: number;
}

export const NO_WARNINGS: readonly string[] = Object.freeze([]);

/** Of a call that has just begun. */
export function newProgress(): CallProgress {
  return {
    queueMs: 0,
    isSent: false,
    httpStatus: 0,
    contentType: '',
    ttftMs: 0,
    usage: undefined,
    tokenEvents: 0,
    textBytes: 0,
    lastChunk: undefined,
    warnings: NO_WARNINGS,
  };
}

export interface UpstreamHandle {
  readonly done: Promise<UpstreamAnswer>;
  readonly progress: CallProgress;
  /** Cuts the upstream at once; `done` rejects with this ending. */
  abort(ending: 'client_left' | 'shutdown'): void;
}

export interface Upstream {
  call(call: UpstreamCall): UpstreamHandle;
  /** Cuts every call. */
  close(): Promise<void>;
  /** Closes once the calls in flight have ended; new ones fail. */
  drain(): Promise<void>;
}

/** One provider as the config describes it. */
export interface UpstreamSettings {
  readonly name: string;
  /** e.g. `https://api.groq.com/openai/v1` */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxConnections: number;
  readonly timeouts: UpstreamTimeouts;
}

/** Milliseconds; each counts on its own. */
export interface UpstreamTimeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstTokenMs: number;
  /** Between tokens of a stream, or between pieces of a unary body; comments do not count as life. */
  readonly idleMs: number;
  /** How long the client's side may take nothing of a stream. */
  readonly clientMs: number;
}

export interface UpstreamLimits {
  /** Largest unary answer, and largest total of a stream, in bytes. */
  readonly maxAnswerBytes: number;
}
