import { type Ending, ruleOf } from './endings.ts';

/**
 * The one error of this house. Raw errors become one in `providers/`; a client sees its `message`, which we wrote.
 * `type` follows OpenAI's names, `code` is always a string.
 */
export class GatewayError extends Error {
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly param: string | null;
  /** Seconds the client should wait; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;
  /** The same request fails the same way however long its client waits; sent as `x-should-retry: false`, which SDKs heed. */
  readonly isRetryPointless: boolean;
  /** How the attempt ended, when this error ended one. */
  readonly ending: Ending | undefined;
  /** What its client is told beside it: who was chosen and asked, where that was known. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(options: {
    status: number;
    code: string;
    message: string;
    param?: string | null;
    retryAfterSeconds?: number;
    isRetryPointless?: boolean;
    ending?: Ending;
    headers?: Readonly<Record<string, string>>;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.name = 'GatewayError';
    this.status = options.status;
    this.code = options.code;
    this.type = typeOfStatus(options.status);
    this.param = options.param ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.isRetryPointless = options.isRetryPointless ?? false;
    this.ending = options.ending;
    this.headers = options.headers;
  }

  toBody(): { error: { message: string; type: string; param: string | null; code: string } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

/** An attempt that ended by `ending`, as the error its client would see if nobody else can serve. */
export function endedBy(
  ending: Ending,
  message: string,
  details: {
    status?: number;
    code?: string;
    param?: string | null;
    retryAfterSeconds?: number;
    cause?: unknown;
  } = {},
): GatewayError {
  const rule = ruleOf(ending);
  return new GatewayError({ status: rule.status, code: rule.code, ...details, message, ending });
}

export function badRequest(
  message: string,
  param: string | null = null,
  code = 'invalid_request',
): GatewayError {
  return new GatewayError({ status: 400, code, message, param });
}

function typeOfStatus(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 402) return 'insufficient_quota';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  if (status >= 500) return 'api_error';
  return 'invalid_request_error';
}
