import type { Dispatcher } from 'undici';
import { endedBy } from '../../core/outcome/gateway-error.ts';
import { CallHandler } from './call-handler.ts';
import { factsOfCompletion, readCompletion, withoutByteOrderMark } from './read-answer.ts';

/** A call whose answer is one JSON body: kept whole, checked, and handed on byte for byte. */
export class UnaryCall extends CallHandler {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  protected override onGoodHeaders(_controller: Dispatcher.DispatchController, contentType: string): void {
    this.progress.ttftMs = this.elapsedMs();
    if (contentType.startsWith('text/event-stream')) {
      this.fail(this.badAnswer('a stream where one body was asked for'));
    }
  }

  protected override onGoodData(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.context.limits.maxAnswerBytes) {
      this.fail(
        endedBy('too_much', `Provider '${this.call.endpoint.provider}' sends more than can be kept.`),
      );
      return;
    }
    this.#pieces.push(chunk);
    this.deadline.set(this.dueMs(this.context.timeouts.idleMs));
  }

  protected override onGoodEnd(): void {
    const [only] = this.#pieces;
    const whole = this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces, this.#bytes);
    const body = withoutByteOrderMark(whole);
    const json = readCompletion(body, this.call.endpoint.provider);
    this.progress.usage = json.usage;
    this.succeed({ body, json, facts: factsOfCompletion(json) });
  }
}
