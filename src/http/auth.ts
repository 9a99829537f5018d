import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller, Keyring, KeyScope } from '../gateway/keyring.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** The scope a key needs here, or `open` for the few routes that need no key. A route without it needs `admin`. */
    access?: KeyScope | 'open';
  }
}

/** Every route is closed unless its `config.access` says what opens it. */
export function registerAuth(app: FastifyInstance, keyring: Keyring): void {
  // biome-ignore lint/suspicious/noExplicitAny: fastify wants a value to shape the request by; the hook sets it.
  app.decorateRequest('caller', null as any);
  app.addHook('onRequest', (request, _reply, done) => {
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'open' || request.is404) {
      done();
      return;
    }
    try {
      const caller = keyring.callerOf(bearerOf(request), access);
      if (!(caller instanceof Promise)) {
        request.caller = caller;
        done();
        return;
      }
      caller.then(
        (found) => {
          request.caller = found;
          done();
        },
        (error: Error) => done(error),
      );
    } catch (error) {
      done(error as Error);
    }
  });
}

/** `-`, which is no key, for a header that holds no bearer token. */
function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  return /^bearer\s+(\S.*)$/i.exec(authorization)?.[1]?.trim() ?? '-';
}
