import type { FastifyRequest } from 'fastify';
import { boundedTerms } from '../../core/money/budget.ts';
import type { DialectCall } from '../../gateway/dialects/translated-chat.ts';

/** What a request says beside its body. */
export function dialectCallOf(request: FastifyRequest, arrivedMs: number): DialectCall {
  const { caller, headers } = request;
  return {
    requestId: request.id,
    isOwnRequestId: headers['x-request-id'] !== request.id,
    keyId: caller.keyId,
    allowedModels: caller.allowedModels,
    allowedProviders: caller.allowedProviders,
    budget: boundedTerms(caller.key),
    holdsBack: caller.key?.holdBack === true,
    allowance: request.allowance,
    taskHint: textOf(headers['x-router-task']),
    strategyHint: textOf(headers['x-model-router-strategy']),
    sessionId: textOf(headers['x-session-id']),
    wantsMetadata: textOf(headers['x-router-metadata'])?.toLowerCase() === 'enabled',
    cacheControl: textOf(headers['cache-control']),
    traceparent: textOf(headers.traceparent),
    tracestate: textOf(headers.tracestate),
    arrivedMs,
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
