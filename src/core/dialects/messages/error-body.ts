import type { GatewayError } from '../../outcome/gateway-error.ts';

/** An error as Anthropic's clients expect it, with this gateway's own `code` and `param` beside. */
export function messagesErrorBody(error: GatewayError, requestId: string): object {
  const { message, code, param } = error;
  return {
    type: 'error',
    error: { type: typeOf(error.status), message, code, param },
    request_id: requestId,
  };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 402) return 'billing_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 413) return 'request_too_large';
  if (status === 429) return 'rate_limit_error';
  if (status === 503) return 'overloaded_error';
  if (status === 504) return 'timeout_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}
