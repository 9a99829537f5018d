import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { json, type OperationDoc } from './operation-doc.ts';
import { liveSchema, notReadySchema } from './operations-schema.ts';
import { visibleTo } from './visible-to.ts';

const LIVING: OperationDoc = {
  tag: 'operations',
  summary: 'Tell whether the process lives',
  answers: { 200: { description: 'It does', content: json(liveSchema) } },
};
const READINESS: OperationDoc = {
  tag: 'operations',
  summary: 'Tell whether requests should be sent here',
  answers: {
    200: { description: 'They should', content: json(liveSchema) },
    503: { description: 'They should not, for these reasons', content: json(notReadySchema) },
  },
};
const METRICS: OperationDoc = {
  tag: 'operations',
  summary: 'Scrape the metrics',
  answers: {
    200: {
      description: 'In the text format of Prometheus',
      content: { 'text/plain': { schema: z.string() } },
    },
  },
};

/** `/health/live`, `/health/ready` and `/metrics`, for whoever watches over the process. */
export function registerOperations(
  app: FastifyInstance,
  deps: {
    /** Why no request should be sent here now; empty when all is well. */
    notReadyBecause: () => Promise<readonly string[]>;
    renderMetrics: () => Promise<{ contentType: string; text: string }>;
  },
): void {
  app.get('/health/live', { config: { access: 'open', operation: LIVING } }, async () => ({ status: 'ok' }));
  app.get('/health/ready', { config: { access: 'open', operation: READINESS } }, async (_request, reply) => {
    const reasons = await deps.notReadyBecause();
    if (reasons.length === 0) return { status: 'ok' };
    return reply.code(503).send({ status: 'degraded', reasons });
  });
  app.get('/metrics', { config: { access: 'intelligence', operation: METRICS } }, async (request, reply) => {
    if (visibleTo(request.caller) !== undefined) throw tellsOfAllModels();
    const { contentType, text } = await deps.renderMetrics();
    return reply.type(contentType).send(text);
  });
}

/** Series cannot be filtered by key: totals would speak of the models left out. */
function tellsOfAllModels(): GatewayError {
  return new GatewayError({
    status: 403,
    code: 'model_not_allowed',
    message:
      "This API key is limited to some models, and /metrics tells of all. Scrape with a key of the scope 'intelligence' that has no such limit.",
  });
}
