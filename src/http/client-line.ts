import type { FastifyReply } from 'fastify';
import type { ClientLine } from '../gateway/chat-job.ts';

/**
 * The client's end of one request.
 *
 * Whether it left is read off the response, not off fastify's `request.signal`: that one aborts about a millisecond
 * after a POST body was read, with the client still there.
 */
export function clientLineOf(reply: FastifyReply, clientMs: () => number): ClientLine {
  const { raw } = reply;
  let leftCallbacks: (() => void)[] = [];
  let hasLeft = raw.destroyed;
  raw.once('close', () => {
    if (raw.writableFinished) return;
    hasLeft = true;
    for (const callback of leftCallbacks) callback();
    leftCallbacks = [];
  });

  return {
    get hasLeft() {
      return hasLeft;
    },
    onLeft(callback) {
      leftCallbacks.push(callback);
    },
    startStream(headers) {
      reply.hijack();
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        // nginx would collect the tokens otherwise.
        'x-accel-buffering': 'no',
        ...(reply.getHeaders() as Record<string, string>),
        ...headers,
      });
    },
    write: (bytes) => hasLeft || raw.write(bytes),
    onceDrained(callback) {
      raw.once('drain', callback);
    },
    end() {
      // Node waits for ever for a client to take what is left.
      raw.setTimeout(clientMs());
      raw.end();
    },
    cut: () => raw.destroy(),
  };
}
