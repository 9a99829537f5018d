import type { Tongue } from '../../core/catalog/model.ts';
import type { GatewayError } from '../../core/outcome/gateway-error.ts';
import { classifyFailure, type FailedResponse } from '../openai/classify-failure.ts';
import { parseRecord } from '../openai/read-answer.ts';
import { type JsonRecord, listOf, recordOf, textOf } from './chat-request.ts';

/** A model that AWS is about to load; it names no time. */
const BEDROCK_WAKING_SECONDS = 10;

/**
 * A refusal by status in the words of OpenAI's, where the provider says the same thing otherwise: the table of
 * endings then holds for it as it stands.
 *
 * @param errorType Bedrock's `x-amzn-errortype`, `''` elsewhere
 */
export function classifyRefusal(failed: FailedResponse, tongue: Tongue, errorType: string): GatewayError {
  const body = parseRecord(Buffer.from(failed.body)) ?? {};
  switch (tongue) {
    case 'anthropic':
      return classifyFailure(ofAnthropic(failed, recordOf(body.error)));
    case 'google':
      return classifyFailure(ofGoogle(failed, recordOf(body.error)));
    case 'bedrock':
      return classifyFailure(ofBedrock(failed, textOf(body.message), errorType.split(':')[0] ?? ''));
  }
}

/** An account without money is told as a bad request. */
function ofAnthropic(failed: FailedResponse, error: JsonRecord): FailedResponse {
  const isUnpaid = failed.status === 400 && /credit balance/i.test(textOf(error.message));
  return isUnpaid ? { ...failed, status: 402 } : failed;
}

/** A wrong key is told as a bad request, and the wait stands in the body. */
function ofGoogle(failed: FailedResponse, error: JsonRecord): FailedResponse {
  const details = listOf(error.details).map(recordOf);
  const isKey =
    details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
    /api key (not valid|expired)/i.test(textOf(error.message));
  if (failed.status === 400 && isKey) return { ...failed, status: 401 };
  // Where the account may not be used from here, or has no billing: nothing that a client could mend.
  if (failed.status === 400 && error.status === 'FAILED_PRECONDITION') return { ...failed, status: 403 };
  if (failed.status !== 429) return failed;
  const delay = details.map(({ retryDelay }) => textOf(retryDelay)).find((text) => text !== '');
  const isQuota = details.some(({ violations }) =>
    listOf(violations).some((violation) => textOf(recordOf(violation).quotaId).includes('PerDay')),
  );
  return {
    ...failed,
    retryAfter: failed.retryAfter ?? delay?.replace(/s$/, ''),
    body: isQuota ? JSON.stringify({ error: { code: 'insufficient_quota' } }) : failed.body,
  };
}

const MODEL_IS_NONE = /model identifier is invalid|on-demand throughput isn.t supported|end of its life/i;

/** Bedrock says it by the name of an exception more than by the status. */
function ofBedrock(failed: FailedResponse, message: string, exception: string): FailedResponse {
  switch (exception) {
    case 'ThrottlingException':
    case 'ServiceQuotaExceededException':
      return { ...failed, status: 429 };
    case 'ModelNotReadyException':
      return { ...failed, status: 503, retryAfter: failed.retryAfter ?? String(BEDROCK_WAKING_SECONDS) };
    case 'ModelErrorException':
      return { ...failed, status: 502 };
    case 'ExpiredTokenException':
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
      return { ...failed, status: 401 };
    default:
      return failed.status === 400 && MODEL_IS_NONE.test(message) ? { ...failed, status: 404 } : failed;
  }
}
