import { GatewayError } from '../../core/outcome/gateway-error.ts';

/**
 * Refuses pages of other origins: browsers ask nobody before they open a WebSocket, so that CORS protects no answer there.
 * A page of this gateway's own host may, and whom `api.cors_origins` names; programs send no `Origin`, or their server's own.
 *
 * @throws GatewayError 403 `forbidden_origin`
 */
export function refuseForeignOrigin(
  headers: { readonly origin?: string | undefined; readonly host?: string | undefined },
  allowed: readonly string[],
): void {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return;
  if (URL.canParse(origin) && host !== undefined && new URL(origin).host === hostOf(origin, host)) return;
  throw new GatewayError({
    status: 403,
    code: 'forbidden_origin',
    message:
      'Pages of this origin may not open a session here. An operator allows them with api.cors_enabled and api.cors_origins.',
  });
}

/** As a URL of the same scheme has it: without the port that goes without saying. */
function hostOf(origin: string, host: string): string | undefined {
  const url = `${new URL(origin).protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
