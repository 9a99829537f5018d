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
    const { form, endpoint } = this.call;
    if (typeof form !== 'string') {
      const read = form.read(body, this.progress.contentType.toLowerCase());
      if (typeof read === 'string') throw this.badAnswer(read);
      this.progress.usage = read.usage;
      this.succeed({ body, json: read.json, facts: read.facts });
      return;
    }
    const json = readCompletion(body, endpoint.provider, form);
    this.progress.usage = json.usage;
    this.succeed({ body, json, facts: factsOfCompletion(json) });
  }
}
