import type { Endpoint } from '../core/catalog/model.ts';
import type { AnswerFacts } from '../core/outcome/answer-facts.ts';

/** One call to one endpoint. */
export interface UpstreamCall {
  readonly endpoint: Endpoint;
  /** Below the provider's base URL, e.g. `/chat/completions`. */
  readonly path: string;
  readonly body: Buffer;
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
}

/** The client's side of a stream, as the provider sees it. */
export interface StreamSink {
  /** Whole SSE events. False asks to pause until `onceDrained` calls back. */
  write(events: Buffer): boolean;
  onceDrained(resume: () => void): void;
}

/** A call that ended well. Every other ending rejects with a `GatewayError` that carries its `ending`. */
export interface UpstreamAnswer {
  /** The JSON body of a unary answer; empty for streams. */
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly facts: AnswerFacts;
}

/** What is known of a call at any time, also after it failed. */
export interface CallProgress {
  /** Milliseconds until a connection was free for it; 0 until then. */
  queueMs: number;
  /** True once it went to a socket: from then on it may cost something. */
  isSent: boolean;
  httpStatus: number;
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
