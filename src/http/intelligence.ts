import type { FastifyInstance } from 'fastify';
import { ownRequestsOf } from './feedback.ts';
import { readQuery } from './read-query.ts';

interface RankingsQuery {
  readonly task?: string;
  readonly strategy?: string;
  readonly window?: string;
  readonly sort?: string;
}

const RANKINGS_PARAMETERS = ['task', 'strategy', 'window', 'sort'] as const;

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
  app.get('/v1/intelligence/rankings', { config }, async (request) =>
    deps.rankModels(readQuery(request.query, RANKINGS_PARAMETERS)),
  );
  app.get('/v1/intelligence/health', { config }, async () => deps.reportHealth());
  app.get<{ Params: { id: string } }>('/v1/explain/:id', { config }, async (request) =>
    deps.explainRequest(request.params.id, ownRequestsOf(request.caller)),
  );
}
