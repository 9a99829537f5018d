import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { Dispatcher } from 'undici';
import { endedBy, GatewayError } from '../../core/outcome/gateway-error.ts';
import { cannotCarry } from '../../core/wire/cannot-carry.ts';
import { cannotEmbed } from '../../core/wire/cannot-embed.ts';
import { type CallContext, CallHandler, type Settle } from '../openai/call-handler.ts';
import type { FailedResponse } from '../openai/classify-failure.ts';
import { endingOfNetworkError } from '../openai/network-error.ts';
import { factsOfCompletion, parseRecord } from '../openai/read-answer.ts';
import { scrub } from '../openai/scrub.ts';
import type { CallProgress, OtherForm, UpstreamCall } from '../upstream.ts';
import { readChatRequest, textOf } from './chat-request.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { chunkEvent, createDeltaWriter, type DeltaWriter } from './delta-writer.ts';
import { embed } from './embed.ts';
import { isEndOfAnswer } from './end-of-answer.ts';
import { createKeptText, type KeptText } from './kept-text.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { mapRequest } from './map-request.ts';
import { mapUsage } from './map-usage.ts';
import { openProvider, type SdkProvider } from './open-provider.ts';
import type { TongueSettings } from './settings.ts';
import { addSdkWarnings, createWarnings } from './warnings.ts';
import { type AnswerName, writeCompletion } from './write-completion.ts';

/** Where the requests of the SDK's package go. */
export interface SdkLink {
  readonly settings: TongueSettings;
  dispatch(
    request: { readonly path: string; readonly headers: Record<string, string>; readonly body: string },
    handler: Dispatcher.DispatchHandler,
  ): void;
}

/** Bytes of an answer that may wait for the package to read them. */
const MOST_WAITING_BYTES = 256 * 1024;
const LINGER_MS = 1_000;

/**
 * One call in another language, for chat or for embeddings: the SDK's package writes the request and reads the answer, and this is the
 * `fetch` it is given. So the wire is under the same deadlines, bounds and refusals as every other call, nothing of
 * the package's own networking is used, and no status but 200 reaches it. One state machine, kept in one file as
 * `StreamCall` is.
 */
export class SdkCall extends CallHandler {
  readonly #link: SdkLink;
  readonly #writer: DeltaWriter;
  readonly #kept: KeptText;
  readonly #warnings = createWarnings();
  #name: AnswerName;
  #isFlowing = false;
  /** The event that ends the answer has come, though the package does not tell yet. */
  #hasEnded = false;
  #totalBytes = 0;
  #headers: IncomingHttpHeaders = {};
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #respond: ((response: Response) => void) | undefined;
  #refuse: ((error: unknown) => void) | undefined;

  constructor(
    context: CallContext,
    call: UpstreamCall,
    progress: CallProgress,
    settle: Settle,
    link: SdkLink,
  ) {
    super(context, call, progress, settle);
    this.#link = link;
    this.#writer = createDeltaWriter(link.settings.kind);
    this.#kept = createKeptText(call.keepsWholeText);
    this.#name = {
      id: `chatcmpl-${randomUUID()}`,
      model: call.endpoint.upstreamModel,
      created: Math.floor(context.nowMs() / 1000),
    };
  }

  start(): void {
    this.dispatched();
    this.#run().catch((error: unknown) => this.fail(this.#meaningOf(error)));
  }

  async #run(): Promise<void> {
    const { body, form, path } = this.call;
    if (Buffer.isBuffer(body) && form === 'chat') await this.#chat(body);
    else if (Buffer.isBuffer(body) && typeof form === 'object' && path === '/embeddings')
      await this.#embed(body, form);
    else throw this.#refused('is asked for chat and embeddings only', 'model');
  }

  async #embed(body: Buffer, form: OtherForm): Promise<void> {
    const { kind: tongue } = this.#link.settings;
    const request = parseRecord(body) ?? {};
    const obstacle = cannotEmbed(request, tongue);
    if (obstacle !== undefined) throw this.#refused(obstacle.because, obstacle.param);
    const provider = await this.#opened();
    if (this.isSettled) return;
    const model = provider.embeddingModel(this.call.endpoint.upstreamModel);
    const answer = Buffer.from(JSON.stringify(await embed(model, request, tongue, this.#warnings)));
    this.progress.warnings = this.#warnings.list();
    const read = form.read(answer, 'application/json');
    if (typeof read === 'string') throw this.badAnswer(read);
    this.progress.usage = read.usage;
    this.succeed({ body: answer, json: read.json, facts: read.facts });
  }

  async #chat(body: Buffer): Promise<void> {
    const { kind: tongue } = this.#link.settings;
    const { upstreamModel } = this.call.endpoint;
    const request = readChatRequest(body);
    const obstacle = cannotCarry(request, tongue);
    if (obstacle !== undefined) throw this.#refused(obstacle.because, obstacle.param);
    const options = mapRequest(request, tongue, upstreamModel, this.#warnings);
    this.progress.warnings = this.#warnings.list();
    const provider = await this.#opened();
    if (this.isSettled) return;
    const model = provider.languageModel(upstreamModel);
    if (this.call.isStream) {
      const { stream } = await model.doStream({ ...options, includeRawChunks: tongue !== 'anthropic' });
      await this.#relay(stream);
      return;
    }
    const result = await model.doGenerate(options);
    if (this.isSettled) return;
    addSdkWarnings(this.#warnings, result.warnings);
    this.progress.warnings = this.#warnings.list();
    const { id, modelId } = result.response ?? {};
    this.#name = { ...this.#name, id: id || this.#name.id, model: modelId || this.#name.model };
    const json = writeCompletion(result, tongue, this.#name);
    if (json === undefined) throw this.badAnswer('an answer that broke off');
    this.progress.usage = json.usage;
    this.succeed({ body: Buffer.from(JSON.stringify(json)), json, facts: factsOfCompletion(json) });
  }

  async #opened(): Promise<SdkProvider> {
    try {
      return await openProvider(this.#link.settings, (input, init) => this.#fetch(input, init));
    } catch (error) {
      const { provider } = this.call.endpoint;
      throw endedBy('bad_answer', `Provider '${provider}' could not be called.`, { cause: error });
    }
  }

  /** May be called again, for the rest of a long answer or of a list, after the one before has ended. */
  #fetch(input: Parameters<typeof globalThis.fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input);
    // Connections are to one server: whatever the package may want elsewhere, it goes nowhere.
    if (this.isSettled || url.origin !== new URL(this.#link.settings.baseUrl).origin)
      return Promise.reject(new Error('not to be sent'));
    return new Promise((resolve, reject) => {
      this.#respond = resolve;
      this.#refuse = reject;
      const headers: Record<string, string> = {};
      for (const [name, value] of new Headers(init?.headers)) headers[name] = value;
      headers['accept-encoding'] = 'identity';
      headers['user-agent'] = 'outrider';
      // After the package signed what it sends.
      Object.assign(headers, this.call.traceHeaders);
      try {
        this.#link.dispatch({ path: url.pathname + url.search, headers, body: String(init?.body) }, this);
      } catch (error) {
        this.fail(endingOfNetworkError(error, this.call.endpoint.provider, false));
      }
    });
  }

  /** Of several requests the first one's wait is the wait for a connection. */
  override onRequestStart(controller: Dispatcher.DispatchController): void {
    const { queueMs, isSent } = this.progress;
    super.onRequestStart(controller);
    if (isSent) this.progress.queueMs = queueMs;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#headers = headers;
    super.onResponseStart(controller, statusCode, headers);
  }

  protected override firstWaitMs(): number {
    const { headersMs, firstTokenMs } = this.context.timeouts;
    return this.call.isStream ? Math.min(headersMs, firstTokenMs) : headersMs;
  }

  protected override classify(failed: FailedResponse): GatewayError {
    const type = this.#headers['x-amzn-errortype'];
    return classifyRefusal(failed, this.#link.settings.kind, textOf(Array.isArray(type) ? type[0] : type));
  }

  protected override onGoodHeaders(controller: Dispatcher.DispatchController, contentType: string): void {
    const isStream = /^(text\/event-stream|application\/vnd\.amazon\.eventstream)/.test(contentType);
    if (contentType.startsWith('text/html')) {
      this.fail(this.badAnswer('a web page'));
      return;
    }
    if (isStream !== this.call.isStream) {
      this.fail(isStream ? this.badAnswer('a stream where one body was asked for') : this.#withoutToken());
      return;
    }
    if (!this.call.isStream && this.progress.ttftMs === 0) this.progress.ttftMs = this.elapsedMs();
    if (this.call.isStream && !this.#isFlowing)
      this.deadline.set(this.dueMs(this.context.timeouts.firstTokenMs - this.elapsedMs()));
    const body = new ReadableStream<Uint8Array>(
      {
        start: (own) => {
          this.#body = own;
        },
        pull: () => controller.resume(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING_BYTES }),
    );
    const headers = Object.entries(this.#headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    this.#respond?.(new Response(body, { status: 200, headers }));
  }

  protected override onGoodData(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > this.context.limits.maxAnswerBytes) {
      const { provider } = this.call.endpoint;
      this.fail(endedBy('too_much', `Provider '${provider}' sends more than can be kept.`));
      return;
    }
    if (!this.call.isStream) this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
    this.#body?.enqueue(chunk);
    if ((this.#body?.desiredSize ?? 1) <= 0) this.controller?.pause();
  }

  protected override onGoodEnd(): void {
    this.#body?.close();
    this.#body = undefined;
  }

  protected override onNetworkError(error: Error): void {
    if (this.#hasEnded) this.onGoodEnd();
    else if (this.#isFlowing) this.fail(this.#brokenOff(error));
    else if (this.call.isStream && this.progress.httpStatus !== 0) this.fail(this.#withoutToken(error));
    else super.onNetworkError(error);
  }

  protected override onExpired(): void {
    const { provider } = this.call.endpoint;
    if (this.#hasEnded && this.#body !== undefined) {
      this.onGoodEnd();
      setTimeout(() => this.fail(this.#brokenOff()), LINGER_MS).unref();
    } else if (this.#isFlowing) {
      this.fail(endedBy('stream_after_token', `Provider '${provider}' stopped in the middle of its answer.`));
    } else super.onExpired();
  }

  override fail(error: GatewayError): void {
    if (this.isSettled) return;
    super.fail(error);
    this.#refuse?.(error);
    this.#body?.error(error);
    this.#body = undefined;
  }

  async #relay(stream: ReadableStream<LanguageModelV3StreamPart>): Promise<void> {
    const reader = stream.getReader();
    while (!this.isSettled) {
      const { done, value } = await reader.read();
      if (this.isSettled) break;
      if (done) throw this.#isFlowing ? this.#brokenOff() : this.#withoutToken();
      const isRoom = this.#take(value);
      if (!isRoom && !this.isSettled) await this.#drained();
    }
    // What the package still holds is nobody's any more.
    reader.cancel().catch(() => undefined);
  }

  /** False asks to wait until the client has taken what it has. */
  #take(part: LanguageModelV3StreamPart): boolean {
    switch (part.type) {
      case 'raw':
        this.#hasEnded ||= isEndOfAnswer(part.rawValue, this.#link.settings.kind);
        return true;
      case 'stream-start':
        addSdkWarnings(this.#warnings, part.warnings);
        this.progress.warnings = this.#warnings.list();
        return true;
      case 'response-metadata':
        this.#name = {
          ...this.#name,
          id: part.id || this.#name.id,
          model: part.modelId || this.#name.model,
        };
        return true;
      case 'error':
        throw this.#isFlowing ? this.#brokenOff(part.error) : this.#withoutToken(part.error);
      case 'finish': {
        const reason = mapFinishReason(part.finishReason);
        this.progress.usage = mapUsage(part.usage);
        if (reason === undefined) throw this.#isFlowing ? this.#brokenOff() : this.#withoutToken();
        this.#send({}, reason);
        this.#complete(reason);
        return true;
      }
      default: {
        const delta = this.#writer.deltaOf(part);
        if (delta === undefined) return true;
        if (delta.textBytes > 0) this.progress.tokenEvents += 1;
        this.progress.textBytes += delta.textBytes;
        this.#kept.add(delta.text);
        this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
        return this.#send(delta.delta, null);
      }
    }
  }

  #send(delta: object, finishReason: string | null): boolean {
    const { clearsUsage, sink } = this.call;
    let events = '';
    if (!this.#isFlowing) {
      this.#isFlowing = true;
      this.progress.ttftMs = this.elapsedMs();
      this.progress.lastChunk = { ...this.#name };
      events = chunkEvent(this.#name, { role: 'assistant', content: '' }, null, clearsUsage);
    }
    events += chunkEvent(this.#name, delta, finishReason, clearsUsage);
    return sink?.write(Buffer.from(events)) !== false;
  }

  #drained(): Promise<void> {
    const { sink } = this.call;
    if (sink === undefined) return Promise.resolve();
    this.isPaused = true;
    this.deadline.set(this.dueMs(this.context.timeouts.clientMs));
    return new Promise((resolve) => {
      sink.onceDrained(() => {
        this.isPaused = false;
        if (!this.isSettled) this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
        resolve();
      });
    });
  }

  #complete(finishReason: string): void {
    const facts = {
      finishReason,
      text: this.#kept.text(),
      isTextWhole: this.#kept.isWhole(),
      toolCalls: this.#writer.toolCalls(),
    };
    this.#body = undefined;
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts });
    this.controller?.resume();
    setTimeout(() => this.controller?.abort(new Error('lingering after the end')), LINGER_MS).unref();
  }

  /**
   * What is thrown: before anything was sent it is about the request, whatever it is, or a client that sends nonsense
   * could have a provider's breaker opened; after that it is about the answer.
   */
  #meaningOf(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    if (this.progress.isSent) {
      if (!this.call.isStream) return this.badAnswer('something unreadable', error);
      return this.#isFlowing ? this.#brokenOff(error) : this.#withoutToken(error);
    }
    const isTold = error instanceof Error && error.name.startsWith('AI_');
    const because = isTold ? `does not take it: ${scrub(error.message)}` : 'has no words for it';
    return this.#refused(because, null, error);
  }

  #refused(because: string, param: string | null, cause?: unknown): GatewayError {
    const { provider, upstreamModel } = this.call.endpoint;
    return endedBy(
      'client_fault',
      `This request for '${upstreamModel}' cannot be carried to provider '${provider}', which ${because}.`,
      { code: 'unsupported_by_provider', param, cause },
    );
  }

  #withoutToken(cause?: unknown): GatewayError {
    const { provider } = this.call.endpoint;
    const message = `Provider '${provider}' ended its stream before the first token.`;
    return endedBy('stream_before_token', message, { cause });
  }

  #brokenOff(cause?: unknown): GatewayError {
    const { provider } = this.call.endpoint;
    const message = `Provider '${provider}' broke off in the middle of its answer.`;
    return endedBy('stream_after_token', message, { cause });
  }
}
