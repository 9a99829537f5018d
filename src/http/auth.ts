import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest } from '../core/outcome/gateway-error.ts';
import type { Caller, Keyring, KeyScope } from '../gateway/keyring.ts';
import { refuseForeignHost } from './forbidden-host.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** The scope a key needs here, or `open` for the few routes that need no key. A route without it needs `admin`. */
    access?: KeyScope | 'open';
  }
}

/**
 * Every route is closed unless its `config.access` says what opens it.
 *
 * @param isOwnHost the host names by which those without a key may call, while none is asked for.
 */
export function registerAuth(
  app: FastifyInstance,
  keyring: Keyring,
  isOwnHost: (hostname: string) => boolean,
): void {
  // biome-ignore lint/suspicious/noExplicitAny: fastify wants a value to shape the request by; the hook sets it.
  app.decorateRequest('caller', null as any);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      done(badRequest('A request needs a Host header.'));
      return;
    }
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'open' || request.is404) {
      done();
      return;
    }
    const admit = (caller: Caller) => {
      if (caller.keyId === '') refuseForeignHost(request.headers.host, isOwnHost);
      request.caller = caller;
    };
    try {
      const caller = keyring.callerOf(bearerOf(request), access);
      if (caller instanceof Promise) {
        caller.then(admit).then(() => done(), done);
        return;
      }
      admit(caller);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
}

/** `-`, which is no key, for a header that holds no bearer token. */
function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  return /^bearer\s+(\S.*)$/i.exec(authorization)?.[1]?.trim() ?? '-';
}
