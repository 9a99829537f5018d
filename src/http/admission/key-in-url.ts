import { GatewayError } from '../../core/outcome/gateway-error.ts';

/** What clients of other APIs call it there, without `-` and `_`. */
const NAMES = new Set([
  'key',
  'apikey',
  'accesstoken',
  'token',
  'authtoken',
  'authorization',
  'bearer',
  'xapikey',
]);
/** Which key is meant, not the key itself. */
const KEY_ID = /^key_[0-9a-f]{1,32}$/;

/**
 * Addresses end up in the logs of every proxy on their way, so a key in one is taken for lost, valid or not.
 *
 * @param url path and query, as the client sent it
 * @throws GatewayError 401 `key_in_url`
 */
export function refuseKeyInUrl(url: string): void {
  const start = url.indexOf('?');
  if (start < 0) return;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (!NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, '')) || KEY_ID.test(value)) continue;
    throw new GatewayError({
      status: 401,
      code: 'key_in_url',
      message: `An API key does not belong into a URL, which every proxy on its way logs. Send it as 'Authorization: Bearer or-…', and revoke one that was sent like this.`,
    });
  }
}
