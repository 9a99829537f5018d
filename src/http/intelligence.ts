import type { FastifyInstance } from 'fastify';
import { badRequest } from '../core/outcome/gateway-error.ts';
import { ownRequestsOf } from './feedback.ts';

interface RankingsQuery {
  readonly task?: string;
  readonly strategy?: string;
  readonly window?: string;
  readonly sort?: string;
}

const RANKINGS_PARAMETERS = ['task', 'strategy', 'window', 'sort'];

/** `GET /v1/intelligence/rankings`, `/v1/intelligence/health` and `/v1/explain/{request_id}` */
export function registerIntelligence(
  app: FastifyInstance,
  deps: {
    rankModels: (query: RankingsQuery) => Promise<object>;
    reportHealth: () => object;
    explainRequest: (requestId: string, keyId: string | undefined) => Promise<object>;
  },
): void {
  const config = { access: 'intelligence' } as const;
  app.get<{ Querystring: Record<string, unknown> }>(
    '/v1/intelligence/rankings',
    { config },
    async (request) => {
      for (const [name, value] of Object.entries(request.query)) {
        if (!RANKINGS_PARAMETERS.includes(name)) {
          throw badRequest(
            `Unknown parameter '${name.slice(0, 64)}'. Known are ${RANKINGS_PARAMETERS.join(', ')}.`,
            name,
          );
        }
        if (typeof value !== 'string') throw badRequest(`'${name}' is given twice.`, name);
      }
      return deps.rankModels(request.query as RankingsQuery);
    },
  );
  app.get('/v1/intelligence/health', { config }, async () => deps.reportHealth());
  app.get<{ Params: { id: string } }>('/v1/explain/:id', { config }, async (request) =>
    deps.explainRequest(request.params.id, ownRequestsOf(request.caller)),
  );
}
