import { GatewayError } from '../../core/outcome/gateway-error.ts';

/**
 * Refuses names that are not this machine's own. A web page whose name is made to resolve to 127.0.0.1 is of the same
 * origin as the gateway for its reader's browser (DNS rebinding): only the `Host` header tells it from a local client.
 *
 * @param hostHeader with or without a port; undefined for HTTP/1.0, which no browser speaks.
 * @throws GatewayError 403 `forbidden_host`
 */
export function refuseForeignHost(
  hostHeader: string | undefined,
  isOwnHost: (hostname: string) => boolean,
): void {
  if (hostHeader === undefined) return;
  const url = `http://${hostHeader}`;
  if (URL.canParse(url) && isOwnHost(new URL(url).hostname)) return;
  throw new GatewayError({
    status: 403,
    code: 'forbidden_host',
    message:
      "This gateway asks for no key and so answers only by this machine's own names, such as http://127.0.0.1 or http://localhost. Use one of them, or make a key with 'outrider keys create'.",
  });
}
