import type { GatewayError } from '../../core/outcome/gateway-error.ts';

/** An error in the middle of a stream of chunks: one event, and no `[DONE]`. */
export function brokenEvent(error: GatewayError): string {
  const body = error.toBody();
  const code = error.ending === 'shutdown' ? body.error.code : 'upstream_error';
  return `data: ${JSON.stringify({ error: { ...body.error, code } })}\n\n`;
}
