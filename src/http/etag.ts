import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its answers carry an `ETag`, and are a 304 for whoever has the same already. */
    hasEtag?: boolean;
  }
}

/** When an answer was made is no part of what it says; a text inside of it cannot hold these, its quotes being escaped. */
const TIME_OF_ANSWER = /"generated_at":"[^"]*"/g;

/**
 * `ETag` and `If-None-Match` (RFC 9110, §13.1.2) on the routes that say `hasEtag`. Weak, as `generated_at` is left out of it:
 * two answers of one tag say the same, and are not the same bytes.
 */
export function registerEtags(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isRevalidated(request, reply) || typeof payload !== 'string') return done(null, payload);
    const tag = `W/"${createHash('sha1').update(payload.replace(TIME_OF_ANSWER, '')).digest('base64url')}"`;
    reply.header('etag', tag);
    // Whoever keeps it has to ask each time: the next may come with another key, and see something else.
    reply.header('cache-control', 'private, no-cache');
    if (!isAmong(request.headers['if-none-match'], tag)) return done(null, payload);
    reply.code(304);
    reply.removeHeader('content-type');
    reply.removeHeader('content-length');
    done(null, '');
  });
}

function isRevalidated({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  return (
    routeOptions.config.hasEtag === true && statusCode === 200 && (method === 'GET' || method === 'HEAD')
  );
}

/** By the weak comparison, which does not ask whether either is weak. */
function isAmong(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const opaque = tag.slice(2);
  return header.split(',').some((one) => {
    const named = one.trim();
    return named === '*' || named === opaque || named === `W/${opaque}`;
  });
}
