import type { FastifyReply } from 'fastify';
import type { ClientLine } from '../../gateway/request/job.ts';
import { rateLimitHeaders } from '../admission/rate-limits.ts';

/**
 * The client's end of one request.
 *
 * Whether it left is read off the response, not off fastify's `request.signal`: that one aborts about a millisecond
 * after a POST body was read, with the client still there.
 */
export function clientLineOf(reply: FastifyReply, clientMs: () => number): ClientLine {
  return new ReplyLine(reply, clientMs);
}

/**
 * A class, because of the getter: in an object literal it gives every object a hidden class of its own, which cost
 * 20 µs a request here and made each use of the line slow.
 */
class ReplyLine implements ClientLine {
  readonly #reply: FastifyReply;
  readonly #clientMs: () => number;
  #leftCallbacks: (() => void)[] = [];
  #hasLeft: boolean;

  constructor(reply: FastifyReply, clientMs: () => number) {
    this.#reply = reply;
    this.#clientMs = clientMs;
    this.#hasLeft = reply.raw.destroyed;
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) return;
      this.#hasLeft = true;
      for (const callback of this.#leftCallbacks) callback();
      this.#leftCallbacks = [];
    });
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  onLeft(callback: () => void): void {
    this.#leftCallbacks.push(callback);
  }

  startStream(headers: Readonly<Record<string, string>>): void {
    const { raw } = this.#reply.hijack();
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // nginx would collect the tokens otherwise.
      'x-accel-buffering': 'no',
      ...(this.#reply.getHeaders() as Record<string, string>),
      ...rateLimitHeaders(this.#reply.request),
      ...headers,
    });
  }

  write(bytes: Buffer | string): boolean {
    return this.#hasLeft || this.#reply.raw.write(bytes);
  }

  onceDrained(callback: () => void): void {
    this.#reply.raw.once('drain', callback);
  }

  end(): void {
    // Node waits for ever for a client to take what is left.
    this.#reply.raw.setTimeout(this.#clientMs());
    this.#reply.raw.end();
  }

  cut(): void {
    this.#reply.raw.destroy();
  }
}
