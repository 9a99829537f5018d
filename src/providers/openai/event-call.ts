import type { Dispatcher } from 'undici';
import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';
import type { EventGrammar } from '../upstream.ts';
import { CallHandler } from './call-handler.ts';
import { isError, parseRecord, withoutByteOrderMark } from './read-answer.ts';
import { type EventFate, SseSplitter } from './sse-splitter.ts';

/** One event larger than this is no event; a picture in base64 is. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;
const LINGER_MS = 1_000;
const DONE = Buffer.from('[DONE]');
const HEAD = Buffer.from('data: ');
const NOTHING = Buffer.alloc(0);

/**
 * A call whose answer is a stream of events that each say their `type` (transcripts, speech, pictures, responses), read
 * by the grammar of its operation. Nothing goes out before the first event that carries a piece of the answer; it is
 * complete only when the event that ends it was seen. `[DONE]` is withheld: not every client of such streams knows it.
 */
export class EventCall extends CallHandler {
  #phase: 'opening' | 'flowing' | 'whole' = 'opening';
  #isComplete = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #totalBytes = 0;
  readonly #wholePieces: Buffer[] = [];
  readonly #splitter = new SseSplitter({
    inspect: (bytes, start, end, eventStart) =>
      this.#inspect(bytes.subarray(start, end), eventStart < 0 ? HEAD : bytes.subarray(eventStart, start)),
    forward: (events) => this.#forward(events),
  });

  protected override firstWaitMs(): number {
    return Math.min(this.context.timeouts.headersMs, this.context.timeouts.firstTokenMs);
  }

  protected override onGoodHeaders(controller: Dispatcher.DispatchController, contentType: string): void {
    this.controller = controller;
    if (contentType.startsWith('text/html')) this.fail(this.badAnswer('a web page'));
    else if (!contentType.startsWith('text/event-stream')) this.#phase = 'whole';
    this.deadline.set(this.dueMs(this.context.timeouts.firstTokenMs - this.elapsedMs()));
  }

  protected override onGoodData(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    const { maxAnswerBytes } = this.context.limits;
    if (this.#totalBytes > maxAnswerBytes || this.#splitter.pendingBytes + chunk.length > MAX_EVENT_BYTES) {
      this.fail(
        endedBy('too_much', `Provider '${this.call.endpoint.provider}' sends more than can be kept.`),
      );
    } else if (this.#phase === 'whole') {
      this.#wholePieces.push(chunk);
      this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
    } else {
      this.#splitter.push(chunk);
      if (this.#isComplete && !this.isSettled) {
        this.#complete();
        setTimeout(() => this.controller?.abort(new Error('lingering after the end')), LINGER_MS).unref();
      }
    }
  }

  protected override onGoodEnd(): void {
    if (this.#phase === 'whole') {
      this.#convert();
      return;
    }
    this.#splitter.end();
    if (this.#isComplete) this.#complete();
    else this.fail(this.#phase === 'flowing' ? this.#brokenOff() : this.#withoutToken());
  }

  protected override onNetworkError(error: Error): void {
    if (this.#phase === 'flowing') this.fail(this.#brokenOff(error));
    else if (this.#phase === 'opening' && this.progress.httpStatus !== 0)
      this.fail(this.#withoutToken(error));
    else super.onNetworkError(error);
  }

  protected override onExpired(): void {
    if (this.#phase === 'flowing') this.fail(this.#brokenOff());
    else super.onExpired();
  }

  get #grammar(): EventGrammar {
    const { form } = this.call;
    if (typeof form === 'string' || form.stream === 'bytes' || form.stream === undefined) {
      throw this.badAnswer('a stream that nobody can read');
    }
    return form.stream;
  }

  #inspect(data: Buffer, head: Buffer): EventFate {
    if (this.isSettled) return 'stop';
    if (data.length === 0) return this.#phase === 'flowing' ? 'forward' : 'withhold';
    if (data.subarray(0, DONE.length).equals(DONE)) return 'stop';
    const event = parseRecord(data);
    if (event === undefined || isError(event.error)) return this.#broken();
    const meaning = this.#grammar.read(event);
    if (meaning.isError) return this.#broken();
    if (meaning.usage !== undefined) this.progress.usage = meaning.usage;
    if (meaning.isToken || meaning.isEnd) {
      if (this.#phase === 'opening') this.progress.ttftMs = this.elapsedMs();
      this.#phase = 'flowing';
      if (meaning.isToken) this.progress.tokenEvents += 1;
      if (!this.isPaused) this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
    }
    this.progress.lastChunk = event;
    if (meaning.isEnd) this.#isComplete = true;
    if (!meaning.isWithheld) return 'forward';
    this.progress.lastEvent = { head, data };
    return 'withhold';
  }

  #broken(): EventFate {
    this.fail(this.#phase === 'flowing' ? this.#brokenOff() : this.#openedWithError());
    return 'stop';
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
    this.#send(events);
  }

  #send(events: Buffer): void {
    const whole = this.#held.length > 0 ? Buffer.concat([...this.#held, events]) : events;
    this.#held = [];
    if (this.call.sink?.write(whole) === false) this.pauseFor(this.call.sink);
  }

  /** A whole answer where a stream was asked for: some models know no streams, and say nothing about it. */
  #convert(): void {
    const body = withoutByteOrderMark(Buffer.concat(this.#wholePieces));
    const { form } = this.call;
    const read =
      typeof form === 'string' ? 'nothing' : form.read(body, this.progress.contentType.toLowerCase());
    if (typeof read === 'string') throw this.badAnswer(read);
    const events = this.#grammar.eventsOf?.(read);
    if (events === undefined) throw this.badAnswer('one body where a stream was asked for');
    this.#phase = 'opening';
    this.#splitter.push(Buffer.from(events));
    this.progress.usage = read.usage;
    this.#sendHeld();
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts: read.facts });
  }

  #complete(): void {
    this.#sendHeld();
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts: this.#grammar.facts() });
  }

  /** What came before an end that was withheld and the first piece of the answer at once. */
  #sendHeld(): void {
    if (this.#held.length > 0) this.#send(NOTHING);
  }

  #openedWithError(): GatewayError {
    return endedBy(
      'stream_before_token',
      `Provider '${this.call.endpoint.provider}' opened its stream with an error.`,
    );
  }

  #withoutToken(cause?: unknown): GatewayError {
    return endedBy(
      'stream_before_token',
      `Provider '${this.call.endpoint.provider}' ended its stream before the first piece of its answer.`,
      { cause },
    );
  }

  #brokenOff(cause?: unknown): GatewayError {
    return endedBy(
      'stream_after_token',
      `Provider '${this.call.endpoint.provider}' broke off in the middle of its answer.`,
      { cause },
    );
  }
}
