import type { Dispatcher } from 'undici';
import type { AnswerFacts } from '../../core/outcome/answer-facts.ts';
import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';
import { CallHandler } from './call-handler.ts';

const NOTHING: AnswerFacts = Object.freeze({ finishReason: '', text: '', isTextWhole: true, toolCalls: [] });

/**
 * A call whose answer is a file: speech. It goes out piece by piece as it comes. Nothing but its type and that it ends
 * properly can be checked; once its first piece is out no other endpoint can take over.
 */
export class BytesCall extends CallHandler {
  #bytes = 0;

  protected override onGoodHeaders(controller: Dispatcher.DispatchController, contentType: string): void {
    const { form } = this.call;
    const flaw = typeof form === 'string' ? undefined : form.flawOfType?.(contentType);
    if (flaw !== undefined) {
      this.fail(this.badAnswer(flaw));
      return;
    }
    this.controller = controller;
    this.deadline.set(this.dueMs(this.context.timeouts.firstTokenMs - this.elapsedMs()));
  }

  protected override onGoodData(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#bytes === 0) this.progress.ttftMs = this.elapsedMs();
    this.#bytes += chunk.length;
    if (this.#bytes > this.context.limits.maxAnswerBytes) {
      this.fail(
        endedBy('too_much', `Provider '${this.call.endpoint.provider}' sends more than can be kept.`),
      );
      return;
    }
    this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
    if (this.call.sink?.write(chunk) === false) this.pauseFor(this.call.sink);
  }

  protected override onGoodEnd(): void {
    if (this.#bytes === 0) throw this.badAnswer('an empty body');
    this.succeed({ body: Buffer.alloc(0), json: undefined, facts: NOTHING });
  }

  protected override onNetworkError(error: Error): void {
    if (this.#bytes > 0) this.fail(this.#brokenOff(error));
    else super.onNetworkError(error);
  }

  protected override onExpired(): void {
    if (this.#bytes > 0) this.fail(this.#brokenOff());
    else super.onExpired();
  }

  #brokenOff(cause?: unknown): GatewayError {
    return endedBy(
      'stream_after_token',
      `Provider '${this.call.endpoint.provider}' broke off in the middle of its answer.`,
      { cause },
    );
  }
}
