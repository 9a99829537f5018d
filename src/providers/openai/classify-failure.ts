import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { scrub, scrubParam } from './scrub.ts';

/** An answer that is not a 200: its status, the headers that matter and the beginning of its body. */
export interface FailedResponse {
  readonly provider: string;
  readonly upstreamModel: string;
  readonly status: number;
  readonly retryAfter: string | string[] | undefined;
  readonly body: string;
  readonly nowMs: number;
}

const CONTEXT_LENGTH =
  /context.?length|context.?window|maximum.{0,20}(context|tokens)|too many (input )?tokens|prompt is too long|input is too long/i;
/** A 403 for what the prompt says: taken for our credentials, one such prompt would shut the model out for everybody. */
const MODERATION = /moderation|(input|prompt|content|message)\b[^.]{0,40}\bflagged|content.?(policy|filter)/i;
/** A quota is not back in a second, whatever the header says. */
const MIN_QUOTA_SECONDS = 60;

/** The table of endings for everything that arrives as a status code. */
export function classifyFailure(response: FailedResponse): GatewayError {
  const { provider, upstreamModel, status } = response;
  const error = readError(response.body);
  const waitSeconds = retryAfterSeconds(response.retryAfter, response.nowMs);
  const who = `Provider '${provider}'`;

  if (status === 429) {
    const isQuota = error.code === 'insufficient_quota' || error.type === 'insufficient_quota';
    return endedBy(
      'rate_limited',
      `${who} is over its ${isQuota ? 'quota' : 'rate limit'} for '${upstreamModel}'.`,
      {
        // Undefined where none was named: how long to rest then is a setting of the guard.
        retryAfterSeconds: isQuota ? Math.max(MIN_QUOTA_SECONDS, waitSeconds ?? 0) : waitSeconds,
      },
    );
  }
  if (status === 503 && waitSeconds !== undefined) {
    return endedBy('waking', `${who} is still loading '${upstreamModel}'.`, {
      retryAfterSeconds: waitSeconds,
    });
  }
  if (status >= 500) return endedBy('server_error', `${who} failed with status ${status}.`);
  // Something that the request refers to: taken for the model, any client could have it shut out by a made-up id.
  const isAboutOther = status === 404 && error.param !== null && error.param !== 'model';
  const isModelUnknown = error.code === 'model_not_found' || error.type === 'invalid_model';
  if (isModelUnknown || (status === 404 && !isAboutOther) || status === 410) {
    return endedBy('model_gone', `${who} does not know the model '${upstreamModel}'.`, { param: 'model' });
  }
  const isFlagged = status === 403 && MODERATION.test(`${error.code} ${error.type} ${error.message}`);
  if (status === 401 || status === 402 || (status === 403 && !isFlagged)) {
    return endedBy('credentials', `${who} does not accept the credentials that this gateway has for it.`);
  }
  if (status === 408) return endedBy('timeout', `${who} gave up waiting for the request.`);
  if (status < 400)
    return endedBy('bad_answer', `${who} answered with status ${status}, which is no answer.`);

  const detail = error.message ? ` It says: ${error.message}` : '';
  if (error.code === 'context_length_exceeded' || CONTEXT_LENGTH.test(error.message)) {
    return endedBy(
      'context_length',
      `The request is over the maximum context length of '${upstreamModel}'.${detail}`,
      {
        param: 'messages',
      },
    );
  }
  return endedBy('client_fault', `${who} refused the request for '${upstreamModel}'.${detail}`, {
    status,
    param: error.param,
  });
}

interface UpstreamError {
  readonly message: string;
  readonly code: string;
  readonly type: string;
  readonly param: string | null;
}

/** OpenAI's error shape, or the bare forms of others; HTML and unknown shapes give nothing to repeat. */
export function readError(body: string): UpstreamError {
  const none = { message: '', code: '', type: '', param: null };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return none;
  }
  const outer = recordOf(Array.isArray(json) ? json[0] : json);
  const inner = typeof outer.error === 'string' ? { message: outer.error } : recordOf(outer.error ?? outer);
  return {
    message: scrub(textOf(inner.message ?? inner.detail)),
    code: textOf(inner.code),
    type: textOf(inner.type),
    param: scrubParam(textOf(inner.param)),
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
