import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { RoutingFeed } from '../../gateway/reports/routing-feed.ts';
import type { LookAgain } from '../admission/auth.ts';
import { rateLimitHeaders } from '../admission/rate-limits.ts';
import type { OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { ownRequestsOf } from './feedback.ts';

/** Proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** With the seconds for which a key is remembered, what is revoked watches for five at most. */
const LOOK_AGAIN_MS = 1_000;
const MOST_WATCHERS = 100;
/** A watcher that does not read is cut before it takes the memory. */
const MOST_UNREAD_BYTES = 1024 * 1024;

const STREAMING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Watch decisions as they are made',
  description:
    'Server-sent events, one `decision` for each request of this process. `Last-Event-ID` brings what was missed, as far as it is kept: a `gap` says that some is not. A key without the scope `admin` sees its own. When its key is revoked or may not watch any more, the stream ends.',
  headers: z.object({ 'last-event-id': z.string().optional() }),
  answers: {
    200: {
      description: 'Events without end',
      content: {
        'text/event-stream': {
          schema: z.string().meta({
            example:
              'id: a1b2-7\nevent: decision\ndata: {"object":"routing.decision","task":"translation","model":"small", …}\n\n',
          }),
        },
      },
    },
  },
};

/** `GET /v1/routing-stream` */
export function registerRoutingStream(app: FastifyInstance, feed: RoutingFeed, lookAgain: LookAgain): void {
  let watching = 0;
  app.get(
    '/v1/routing-stream',
    { config: { access: 'intelligence', operation: STREAMING } },
    (request, reply) => {
      readQuery(request.query, []);
      if (request.method === 'HEAD') return reply.type('text/event-stream').send();
      if (watching >= MOST_WATCHERS) throw tooMany();
      watching += 1;
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
        ...(reply.getHeaders() as Record<string, string>),
        ...rateLimitHeaders(request),
        'x-request-id': request.id,
      });
      const write = (text: string) => {
        if (raw.writableLength > MOST_UNREAD_BYTES) raw.destroy();
        else raw.write(text);
      };
      write(': decisions as they are made\n\n');
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS).unref();
      const last = request.headers['last-event-id'];
      const watcher = {
        keyId: ownRequestsOf(request.caller),
        visibleModels: visibleTo(request.caller),
        send: (id: string, data: string) => write(`id: ${id}\nevent: decision\ndata: ${data}\n\n`),
        missed: () => write('event: gap\ndata: {}\n\n'),
        end: () => raw.end(),
      };
      const leave = feed.watch(watcher, typeof last === 'string' ? last : undefined);
      const looking = setInterval(() => {
        const { caller: before } = request;
        lookAgain(request).then(
          (caller) => {
            if (caller === before) return;
            watcher.keyId = ownRequestsOf(caller);
            watcher.visibleModels = visibleTo(caller);
          },
          (error: unknown) => {
            // A database that does not answer says nothing about the key.
            if (!(error instanceof GatewayError) || (error.status !== 401 && error.status !== 403)) return;
            leave();
            raw.end();
          },
        );
      }, LOOK_AGAIN_MS).unref();
      raw.once('close', () => {
        watching -= 1;
        clearInterval(heartbeat);
        clearInterval(looking);
        leave();
      });
    },
  );
}

function tooMany(): GatewayError {
  return new GatewayError({
    status: 429,
    code: 'rate_limit_exceeded',
    message: `${MOST_WATCHERS} watch this process's decisions already.`,
    retryAfterSeconds: 10,
  });
}
