import type { GatewayError } from '../outcome/gateway-error.ts';

/** An `error` event of the realtime API (OpenAI's `RealtimeServerEventError`), as text. */
export function realtimeError(error: GatewayError, eventId: string): string {
  const { message, code, param } = error;
  const type = error.status >= 500 ? 'server_error' : error.type;
  return JSON.stringify({
    event_id: eventId,
    type: 'error',
    error: { type, code, message, param, event_id: null },
  });
}
