import type { Dispatcher } from 'undici';
import type { AnswerFacts } from '../../core/outcome/answer-facts.ts';
import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';
import { CallHandler } from './call-handler.ts';
import {
  carriesToken,
  choicesOf,
  chunksOfCompletion,
  factsOfChunks,
  factsOfCompletion,
  finishReasonOf,
  isError,
  isRecord,
  parseRecord,
  readCompletion,
  textBytesOf,
} from './read-answer.ts';
import { type EventFate, SseSplitter } from './sse-splitter.ts';
import { withoutUsage } from './without-usage.ts';

const FINISH_REASON = Buffer.from('"finish_reason"');
const USAGE = Buffer.from('"usage"');
const ERROR = Buffer.from('"error"');
const CHOICES = Buffer.from('"choices"');
const DONE = Buffer.from('[DONE]');
const LETTER_N = 0x6e;
/** One event larger than this is no event. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** Of a long stream, this much of its beginning and as much of its end is kept for the checks. */
const KEPT_END_BYTES = 16 * 1024;
const KEPT_WHOLE_BYTES = 1024 * 1024;
const LINGER_MS = 1_000;

/**
 * A call whose answer is a stream of chunks. Nothing goes out before the first token, so that another model can still
 * take over; from then on whole events pass as they came. The usage event and `[DONE]` are withheld: the gateway
 * writes both itself, after it has settled the cost. Complete only when a finish reason was seen. One state machine, kept
 * in one file: its transitions are only understood together.
 */
export class StreamCall extends CallHandler {
  #phase: 'opening' | 'flowing' | 'json' = 'opening';
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #totalBytes = 0;
  /** Of the first event with a token, what is not text: the others are about the same. */
  #envelopeBytes = 0;
  #finishReason = '';
  /** Only used when several choices were asked for. */
  readonly #unfinishedChoices = new Set<number>();
  readonly #finishedChoices = new Set<number>();
  #isDone = false;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  #isTextWhole = true;
  readonly #jsonPieces: Buffer[] = [];
  readonly #splitter = new SseSplitter({
    inspect: (bytes, start, end) => this.#inspect(bytes, start, end),
    forward: (events) => this.#forward(events),
  });

  protected override firstWaitMs(): number {
    return Math.min(this.context.timeouts.headersMs, this.context.timeouts.firstTokenMs);
  }

  protected override onGoodHeaders(_controller: Dispatcher.DispatchController, contentType: string): void {
    if (contentType.startsWith('application/json')) this.#phase = 'json';
    else if (contentType.startsWith('text/html')) this.fail(this.badAnswer('a web page'));
    else this.deadline.set(this.dueMs(this.context.timeouts.firstTokenMs - this.elapsedMs()));
  }

  protected override onGoodData(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    if (
      this.#totalBytes > this.context.limits.maxAnswerBytes ||
      this.#splitter.pendingBytes + chunk.length > MAX_EVENT_BYTES
    ) {
      this.fail(
        endedBy('too_much', `Provider '${this.call.endpoint.provider}' sends more than can be kept.`),
      );
    } else if (this.#phase === 'json') this.#jsonPieces.push(chunk);
    else {
      this.#splitter.push(chunk);
      if (this.#isDone) this.#doneSeen();
    }
  }

  protected override onGoodEnd(): void {
    if (this.#phase === 'json') {
      this.#convert();
      return;
    }
    this.#splitter.end();
    this.#over();
  }

  protected override onNetworkError(error: Error): void {
    if (this.#isFinished()) this.#complete();
    else if (this.#phase === 'flowing') this.fail(this.#brokenOff(error));
    else if (this.#phase === 'opening' && this.progress.httpStatus !== 0)
      this.fail(this.#withoutToken(error));
    else super.onNetworkError(error);
  }

  protected override onExpired(): void {
    const { provider } = this.call.endpoint;
    if (this.#isFinished()) {
      this.#complete();
      // Whoever goes on after the end would be read for ever.
      this.controller?.abort(new Error('silent after the finish reason'));
    } else if (this.#phase === 'flowing') {
      this.fail(endedBy('stream_after_token', `Provider '${provider}' stopped in the middle of its answer.`));
    } else super.onExpired();
  }

  #inspect(bytes: Buffer, start: number, end: number): EventFate {
    if (this.isSettled) return 'stop';
    if (start === end) return this.#phase === 'flowing' ? 'forward' : 'withhold';
    if (isDone(bytes, start, end)) {
      this.#isDone = true;
      return 'stop';
    }
    if (this.#phase === 'opening') return this.#inspectOpening(bytes.subarray(start, end));

    this.#keep(bytes, start, end);
    const data = bytes.subarray(start, end);
    const isPlain =
      !hasValue(data, FINISH_REASON) &&
      !hasValue(data, USAGE) &&
      !hasValue(data, ERROR) &&
      data.includes(CHOICES);
    if (!isPlain || this.call.choices > 1) return this.#read(data);
    this.progress.textBytes += Math.max(0, data.length - this.#envelopeBytes);
    this.#tokenSeen(1);
    return 'forward';
  }

  #tokenSeen(tokens: 0 | 1): void {
    this.progress.tokenEvents += tokens;
    if (!this.isPaused) this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
  }

  #inspectOpening(data: Buffer): EventFate {
    const chunk = parseRecord(data);
    if (chunk === undefined || isError(chunk.error)) {
      this.fail(
        endedBy(
          'stream_before_token',
          `Provider '${this.call.endpoint.provider}' opened its stream with an error.`,
        ),
      );
      return 'stop';
    }
    this.#keep(data, 0, data.length);
    if (carriesToken(chunk)) {
      this.progress.ttftMs = this.elapsedMs();
      this.#phase = 'flowing';
      this.#envelopeBytes = data.length - textBytesOf(chunk);
    }
    return this.#read(data, chunk);
  }

  /**
   * Events that say more than a token: finish reason, usage, errors. Usually few, but some servers count in every chunk
   * what they have said so far: a token in them is as much a sign of life as any other.
   */
  #read(data: Buffer, parsed = parseRecord(data)): EventFate {
    // What stands behind the finish reason may be garbage: the answer is whole.
    if (parsed === undefined && this.#isFinished()) return 'withhold';
    if (parsed === undefined || isError(parsed.error)) {
      this.fail(this.#brokenOff());
      return 'stop';
    }
    this.progress.lastChunk = parsed;
    const reason = finishReasonOf(parsed);
    if (carriesToken(parsed)) {
      this.progress.textBytes += textBytesOf(parsed);
      this.#tokenSeen(reason === '' ? 1 : 0);
    }
    this.#finishReason = reason || this.#finishReason;
    if (this.call.choices > 1) this.#tellChoicesApart(parsed);
    if (isRecord(parsed.usage)) {
      this.progress.usage = parsed.usage;
      if (!Array.isArray(parsed.choices) || parsed.choices.length === 0) return 'withhold';
      if (this.call.clearsUsage) return withoutUsage(data);
    }
    return 'forward';
  }

  #forward(events: Buffer): void {
    if (this.isSettled) return;
    if (this.#phase === 'opening') {
      this.#heldBytes += events.length;
      if (this.#heldBytes > MAX_EVENT_BYTES) {
        this.fail(
          endedBy('too_much', `Provider '${this.call.endpoint.provider}' sends much and says nothing.`),
        );
      } else this.#held.push(events);
      return;
    }
    const whole = this.#held.length > 0 ? Buffer.concat([...this.#held.splice(0), events]) : events;
    if (this.call.sink?.write(whole) === false) this.pauseFor(this.call.sink);
  }

  /** JSON where a stream was asked for: checked like a unary answer, then sent as chunks. */
  #convert(): void {
    const { form, endpoint } = this.call;
    const json = readCompletion(
      Buffer.concat(this.#jsonPieces),
      endpoint.provider,
      form === 'completion' ? form : 'chat',
    );
    this.progress.usage = json.usage;
    this.progress.lastChunk = json;
    this.progress.ttftMs = this.elapsedMs();
    this.#phase = 'flowing';
    this.#forward(chunksOfCompletion(json));
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts: factsOfCompletion(json) });
  }

  /** A server that keeps the connection open after `[DONE]` does not keep the client waiting, nor the socket. */
  #doneSeen(): void {
    this.#over();
    setTimeout(() => this.controller?.abort(new Error('lingering after [DONE]')), LINGER_MS).unref();
  }

  #over(): void {
    if (this.#isFinished()) this.#complete();
    else if (this.#phase === 'flowing') this.fail(this.#brokenOff());
    else this.fail(this.#withoutToken());
  }

  /** Of several choices each one that began has to have ended. */
  #isFinished(): boolean {
    return this.#finishReason !== '' && this.#unfinishedChoices.size === 0;
  }

  #tellChoicesApart(chunk: Readonly<Record<string, unknown>>): void {
    for (const { index, isFinished } of choicesOf(chunk)) {
      if (isFinished) this.#unfinishedChoices.delete(index);
      else if (!this.#finishedChoices.has(index)) this.#unfinishedChoices.add(index);
      if (isFinished) this.#finishedChoices.add(index);
    }
  }

  #withoutToken(cause?: unknown): GatewayError {
    return endedBy(
      'stream_before_token',
      `Provider '${this.call.endpoint.provider}' ended its stream before the first token.`,
      { cause },
    );
  }

  #complete(): void {
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts: this.#facts() });
  }

  #facts(): AnswerFacts {
    return factsOfChunks([...this.#head, ...this.#tail], this.#isTextWhole, this.#finishReason);
  }

  #brokenOff(cause?: unknown): GatewayError {
    return endedBy(
      'stream_after_token',
      `Provider '${this.call.endpoint.provider}' broke off in the middle of its answer.`,
      { cause },
    );
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    const limit = this.call.keepsWholeText ? KEPT_WHOLE_BYTES : KEPT_END_BYTES;
    if (this.#headBytes + size <= limit && this.#tail.length === 0) {
      this.#head.push(bytes.subarray(start, end));
      this.#headBytes += size;
      return;
    }
    this.#tail.push(bytes.subarray(start, end));
    this.#tailBytes += size;
    while (this.#tailBytes > KEPT_END_BYTES && this.#tail.length > 1) {
      this.#isTextWhole = false;
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
    }
  }
}

/** Whether `name` stands in the data with a value other than null. Inside a string its quotes would be escaped. */
function hasValue(data: Buffer, name: Buffer): boolean {
  for (let at = data.lastIndexOf(name); at >= 0; at = at === 0 ? -1 : data.lastIndexOf(name, at - 1)) {
    let i = at + name.length;
    while (i < data.length && (data[i] === 0x20 || data[i] === 0x3a)) i++;
    if (data[i] !== LETTER_N) return true;
  }
  return false;
}

/** `[DONE]`, with the blanks that some servers leave behind it. */
function isDone(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== DONE[0]) return false;
  let stop = end;
  while (stop > start && (bytes[stop - 1] === 0x20 || bytes[stop - 1] === 0x09)) stop--;
  return stop - start === DONE.length && bytes.subarray(start, stop).equals(DONE);
}
