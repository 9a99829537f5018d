import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { RoutingFeed } from '../../gateway/reports/routing-feed.ts';
import { rateLimitHeaders } from '../admission/rate-limits.ts';
import type { OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { ownRequestsOf } from './feedback.ts';

/** Proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const MOST_WATCHERS = 100;
/** A watcher that does not read is cut before it takes the memory. */
const MOST_UNREAD_BYTES = 1024 * 1024;

const STREAMING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Watch decisions as they are made',
  description:
    'Server-sent events, one `decision` for each request of this process. `Last-Event-ID` brings what was missed, as far as it is kept: a `gap` says that some is not. A key without the scope `admin` sees its own.',
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
export function registerRoutingStream(app: FastifyInstance, feed: RoutingFeed): void {
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
      const leave = feed.watch(
        {
          keyId: ownRequestsOf(request.caller),
          visibleModels: visibleTo(request.caller),
          send: (id, data) => write(`id: ${id}\nevent: decision\ndata: ${data}\n\n`),
          missed: () => write('event: gap\ndata: {}\n\n'),
          end: () => raw.end(),
        },
        typeof last === 'string' ? last : undefined,
      );
      raw.once('close', () => {
        watching -= 1;
        clearInterval(heartbeat);
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
