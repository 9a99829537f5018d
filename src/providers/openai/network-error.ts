import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/;

/** A socket's error as the ending it means. After the headers of a unary answer it is a broken answer. */
export function endingOfNetworkError(error: unknown, provider: string, hadHeaders: boolean): GatewayError {
  const code = codeOf(error);
  if (hadHeaders) {
    return endedBy('bad_answer', `Provider '${provider}' broke off in the middle of its answer.`, {
      cause: error,
    });
  }
  if (CONNECT_CODES.has(code)) {
    return endedBy('connect', `Provider '${provider}' cannot be reached.`, { cause: error });
  }
  if (TLS_CODE.test(code)) {
    return endedBy('tls', `Provider '${provider}' has no certificate that can be trusted.`, { cause: error });
  }
  return endedBy('before_headers', `Provider '${provider}' closed the connection without an answer.`, {
    cause: error,
  });
}

/** Several addresses tried in turn end in an AggregateError whose own code may be missing. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return 'cause' in error ? codeOf(error.cause) : '';
}
