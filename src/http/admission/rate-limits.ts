import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Allowance, RateLimiter, Standing } from '../../gateway/admission/rate-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What this request may take; undefined where nothing limits it. */
    allowance: Allowance | undefined;
  }
  interface FastifyContextConfig {
    /** Whether a request counts. Unless said: those that have a model work, which are POSTs of the scope `inference`. */
    isCounted?: boolean;
  }
}

/**
 * Counts requests and refuses those that are too many. To be registered behind the keys, which say who asks, and before
 * the routes.
 */
export function registerRateLimits(app: FastifyInstance, limiter: RateLimiter): void {
  app.decorateRequest('allowance', undefined);
  app.addHook('onRoute', (route) => {
    const { config } = route;
    const isPost = [route.method].flat().includes('POST');
    // A copy: several routes may have been given one and the same.
    route.config = { ...config, isCounted: config?.isCounted ?? (isPost && config?.access === 'inference') };
  });
  app.addHook('onRequest', (request, reply, done) => {
    const { caller } = request;
    if (caller === null) {
      done();
      return;
    }
    if (request.routeOptions.config.isCounted !== true) {
      request.allowance = limiter.look(caller);
      done();
      return;
    }
    const admitting = limiter.admit(caller);
    if (admitting === undefined) {
      done();
      return;
    }
    admitting.then((allowance) => done(take(request, reply, allowance)), done);
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.allowance !== undefined) reply.headers(rateLimitHeaders(request));
    done();
  });
}

/** @returns why the request may not go on */
function take(request: FastifyRequest, reply: FastifyReply, allowance: Allowance): Error | undefined {
  request.allowance = allowance;
  if (allowance.refusal !== undefined) return allowance.refusal;
  // The one event that comes however an answer ends, also when its client is gone; and it comes once: while
  // somebody was asked who calls, or how much is used, the client may have left.
  if (reply.raw.destroyed) allowance.end();
  else reply.raw.once('close', () => allowance.end());
  return undefined;
}

/** Where nothing limits a caller. */
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** How its caller stands now, in the words of OpenAI and in those that others know. Nothing where nothing limits it. */
export function rateLimitHeaders({ allowance }: FastifyRequest): Readonly<Record<string, string>> {
  if (allowance === undefined) return NO_HEADERS;
  const requests = allowance.standing('requests');
  const tokens = allowance.standing('tokens');
  if (requests !== undefined && tokens !== undefined) return headersOfBoth(requests, tokens);
  if (requests !== undefined) {
    return {
      'x-ratelimit-limit-requests': String(requests.limit),
      'x-ratelimit-remaining-requests': String(requests.remaining),
      'x-ratelimit-reset-requests': durationOf(requests.resetMs),
      'x-ratelimit-remaining': String(requests.remaining),
      'x-ratelimit-reset': secondOf(requests.resetsAtMs),
    };
  }
  if (tokens === undefined) return NO_HEADERS;
  return {
    'x-ratelimit-limit-tokens': String(tokens.limit),
    'x-ratelimit-remaining-tokens': String(tokens.remaining),
    'x-ratelimit-reset-tokens': durationOf(tokens.resetMs),
    'x-ratelimit-remaining': String(tokens.remaining),
    'x-ratelimit-reset': secondOf(tokens.resetsAtMs),
  };
}

/** As one literal: put together member by member it cost three times as much. */
function headersOfBoth(requests: Standing, tokens: Standing): Readonly<Record<string, string>> {
  const remaining = String(requests.remaining);
  return {
    'x-ratelimit-limit-requests': String(requests.limit),
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': durationOf(requests.resetMs),
    'x-ratelimit-limit-tokens': String(tokens.limit),
    'x-ratelimit-remaining-tokens': String(tokens.remaining),
    'x-ratelimit-reset-tokens': durationOf(tokens.resetMs),
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': secondOf(requests.resetsAtMs),
  };
}

function secondOf(epochMs: number): string {
  return String(Math.ceil(epochMs / 1000));
}

/** `0s`, `17s`, `1m0s`: as OpenAI writes it, in whole seconds. */
const SECONDS_TO_TEXT = Array.from({ length: 61 }, (_, seconds) =>
  seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`,
);

/** Of a minute, so 60 seconds at most. */
function durationOf(ms: number): string {
  return SECONDS_TO_TEXT[Math.ceil(ms / 1000)] ?? '1m0s';
}
