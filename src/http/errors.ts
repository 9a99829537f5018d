import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messagesErrorBody } from '../core/dialects/messages/error-body.ts';
import { GatewayError } from '../core/outcome/gateway-error.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the clients of a route expect their errors, where it is not as OpenAI's do. */
    errorDialect?: 'messages';
  }
}

/** One place where errors become answers, in OpenAI's shape unless the route says otherwise, and in our own words. */
export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    // What is wrong with the body comes to light before the URL is known to lead nowhere. A key that is lost is told of all the same.
    const isKeyLost = error instanceof GatewayError && error.status === 401;
    if (request.is404 && !isKeyLost) sendError(unknownUrl(request), request, reply);
    else answerError(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => sendError(unknownUrl(request), request, reply));
}

function unknownUrl({ method, url }: FastifyRequest): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'unknown_url',
    message: `There is no ${method} ${url.split('?')[0]?.slice(0, 200)} here. The README and GET /openapi.json list the endpoints.`,
  });
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  sendError(toGatewayError(error), request, reply);
}

function sendError(error: GatewayError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.status >= 500) log(error, request, reply);
  if (error.headers !== undefined) reply.headers(error.headers);
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
  if (error.isRetryPointless) reply.header('x-should-retry', 'false');
  // SDKs do not try a 402 again, unless they are told to.
  else if (error.status === 402 && error.retryAfterSeconds !== undefined)
    reply.header('x-should-retry', 'true');
  if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id);
  reply
    .code(error.status)
    .type('application/json')
    .send(bodyOf(error, request, reply));
}

/** What fails before a route is found has no options; below /v1/messages it is asked by Anthropic's clients all the same. */
function bodyOf(error: GatewayError, request: FastifyRequest, reply: FastifyReply): object {
  const dialect = request.is404
    ? /^\/v1\/messages[/?]/.test(request.url) && 'messages'
    : request.routeOptions?.config?.errorDialect;
  if (dialect !== 'messages') return error.toBody();
  const requestId = String(reply.getHeader('x-request-id'));
  reply.header('request-id', requestId);
  return messagesErrorBody(error, requestId);
}

/** Our own mistakes with their stack; the troubles of providers, which come by the thousand, in one line with their cause. */
function log(error: GatewayError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, message: reason, cause } = error;
  const fields = { request_id: reply.getHeader('x-request-id') ?? request.id, code, reason };
  if (error.status === 500) request.log.error({ ...fields, err: cause }, 'failed');
  else request.log.warn({ ...fields, cause: cause instanceof Error ? cause.message : undefined }, 'failed');
}

const FASTIFY_CODE_TO_ERROR: Readonly<Record<string, { status: number; code: string; message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'request_too_large',
    message: 'The body is larger than this gateway takes (api.body_limit_bytes).',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported_media_type',
    message: "Send JSON with the header 'Content-Type: application/json'.",
  },
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'invalid_url',
    message: 'The URL cannot be decoded.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: 'invalid_url',
    message: 'A part of the URL is too long.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'invalid_content_length',
    message: 'The body is not as long as its Content-Length says.',
  },
};

function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const known = Object.hasOwn(FASTIFY_CODE_TO_ERROR, code) ? FASTIFY_CODE_TO_ERROR[code] : undefined;
  if (known) return new GatewayError({ ...known, cause: error });
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) {
    return new GatewayError({
      status,
      code: 'invalid_request',
      message: 'The request is malformed.',
      cause: error,
    });
  }
  return new GatewayError({
    status: 500,
    code: 'internal_error',
    message: 'Something went wrong in the gateway itself; its log says more under this request id.',
    cause: error,
  });
}
