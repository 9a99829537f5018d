import type { FastifyInstance } from 'fastify';

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
  app.get('/metrics', { config: { access: 'intelligence' } }, async (_request, reply) => {
    const { contentType, text } = await deps.renderMetrics();
    return reply.type(contentType).send(text);
  });
}
