import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import { SECRET_PREFIX } from '../../core/wire/client-secret.ts';
import type { Caller, Keyring, KeyScope } from '../../gateway/admission/keyring.ts';
import { matchAddresses } from './address-ranges.ts';
import { refuseForeignHost } from './forbidden-host.ts';
import { refuseKeyInUrl } from './key-in-url.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** The scope a key needs here, or `open` for the few routes that need no key. A route without it needs `admin`. */
    access?: KeyScope | 'open';
    /** Whether a client secret opens it, as far as its key would. */
    takesClientSecrets?: boolean;
  }
}

/**
 * Who a request is of by now, for what goes on long after it was let in; `request.caller` is it, too.
 *
 * @throws GatewayError 401, 403 as if it came now
 */
export type LookAgain = (request: FastifyRequest) => Promise<Caller>;

/**
 * Every route is closed unless its `config.access` says what opens it.
 *
 * @param isOwnHost the host names by which those without a key may call, while none is asked for.
 */
export function registerAuth(
  app: FastifyInstance,
  keyring: Keyring,
  isOwnHost: (hostname: string) => boolean,
): LookAgain {
  /** A caller is made anew every few seconds, and its list read with it. */
  const callerToMatch = new WeakMap<Caller, ReturnType<typeof matchAddresses>>();
  /** A `Host` header that was let through last: parsing it was the dearest thing here, and all requests have the same. */
  let lastOwnHost = '';

  // biome-ignore lint/suspicious/noExplicitAny: fastify wants a value to shape the request by; the hook sets it.
  app.decorateRequest('caller', null as any);
  app.addHook('onRequest', (request, _reply, done) => {
    try {
      refuseUnclearHost(request);
      refuseKeyInUrl(request.url);
      const access = request.routeOptions.config.access ?? 'admin';
      if (access === 'open' || request.is404) {
        done();
        return;
      }
      const caller = callerOf(request, access);
      if (caller instanceof Promise) {
        caller.then((found) => admit(request, found)).then(() => done(), done);
        return;
      }
      admit(request, caller);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });

  function callerOf(request: FastifyRequest, access: KeyScope): Caller | Promise<Caller> {
    const key = keyOf(request);
    return key?.startsWith(SECRET_PREFIX) ? ofSecret(request, key) : keyring.callerOf(key, access);
  }

  function ofSecret({ routeOptions }: FastifyRequest, secret: string): Promise<Caller> {
    if (routeOptions.config.takesClientSecrets === true) return keyring.callerOfSecret(secret);
    throw new GatewayError({
      status: 401,
      code: 'invalid_api_key',
      message: 'A client secret opens realtime sessions (GET /v1/realtime) and nothing else.',
    });
  }

  function admit(request: FastifyRequest, caller: Caller): void {
    const { host } = request.headers;
    if (caller.key === undefined) {
      if (host !== undefined && host !== lastOwnHost) {
        refuseForeignHost(host, isOwnHost);
        lastOwnHost = host;
      }
    } else if (caller.key.allowedAddresses !== undefined) refuseForeignAddress(request, caller, caller.key);
    request.caller = caller;
  }

  function refuseForeignAddress(
    { ip }: FastifyRequest,
    caller: Caller,
    { allowedAddresses = [] }: NonNullable<Caller['key']>,
  ): void {
    let match = callerToMatch.get(caller);
    if (match === undefined) {
      match = matchAddresses(allowedAddresses);
      callerToMatch.set(caller, match);
    }
    if (match(ip)) return;
    throw new GatewayError({
      status: 403,
      code: 'address_not_allowed',
      message: `This API key may not be used from ${ip || 'this address'}.`,
    });
  }

  return async (request) => {
    const access = request.routeOptions.config.access ?? 'admin';
    if (access !== 'open') admit(request, await callerOf(request, access));
    return request.caller;
  };
}

/** Of two a proxy may heed one and this gateway the other. */
function refuseUnclearHost({ raw, headers }: FastifyRequest): void {
  if (headers.host === undefined) {
    if (raw.httpVersion === '1.1') throw badRequest('A request needs a Host header.');
    return;
  }
  const { rawHeaders } = raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  if (count > 1) throw badRequest('A request has one Host header, not several.');
}

/** `-`, which is no key, for a header that holds no bearer token. Anthropic's clients send theirs as `x-api-key`. */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return /^bearer\s+(\S.*)$/i.exec(authorization)?.[1]?.trim() ?? '-';
  const key = headers['x-api-key'];
  return typeof key === 'string' ? key.trim() : undefined;
}
