import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { visibleTo } from './intelligence.ts';

/** `/health/live`, `/health/ready` and `/metrics`, for whoever watches over the process. */
export function registerOperations(
  app: FastifyInstance,
  deps: {
    /** Why no request should be sent here now; empty when all is well. */
    notReadyBecause: () => Promise<readonly string[]>;
    renderMetrics: () => Promise<{ contentType: string; text: string }>;
  },
): void {
  const config = { access: 'open' } as const;
  app.get('/health/live', { config }, async () => ({ status: 'ok' }));
  app.get('/health/ready', { config }, async (_request, reply) => {
    const reasons = await deps.notReadyBecause();
    if (reasons.length === 0) return { status: 'ok' };
    return reply.code(503).send({ status: 'degraded', reasons });
  });
  app.get('/metrics', { config: { access: 'intelligence' } }, async (request, reply) => {
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
