import type { FastifyInstance } from 'fastify';
import type { Caller } from '../gateway/keyring.ts';
import type { RankingsQuery } from '../gateway/rankings.ts';
import { ownRequestsOf } from './feedback.ts';
import { readQuery } from './read-query.ts';

const RANKINGS_PARAMETERS: readonly (keyof RankingsQuery)[] = ['task', 'strategy', 'window', 'sort'];

/** `GET /v1/intelligence/rankings`, `/v1/intelligence/health` and `/v1/explain/{request_id}` */
export function registerIntelligence(
  app: FastifyInstance,
  deps: {
    rankModels: (query: RankingsQuery, visibleModels: Caller['allowedModels']) => Promise<object>;
    reportHealth: (visibleModels: Caller['allowedModels']) => object;
    explainRequest: (
      requestId: string,
      viewer: { readonly keyId: string | undefined; readonly visibleModels: Caller['allowedModels'] },
    ) => Promise<object>;
  },
): void {
  const config = { access: 'intelligence' } as const;
  app.get('/v1/intelligence/rankings', { config }, async (request) =>
    deps.rankModels(readQuery(request.query, RANKINGS_PARAMETERS), visibleTo(request.caller)),
  );
  app.get('/v1/intelligence/health', { config }, async (request) =>
    deps.reportHealth(visibleTo(request.caller)),
  );
  app.get<{ Params: { id: string } }>('/v1/explain/:id', { config }, async (request) =>
    deps.explainRequest(request.params.id, {
      keyId: ownRequestsOf(request.caller),
      visibleModels: visibleTo(request.caller),
    }),
  );
}

/** The models a caller may know of: a key that may not use a model is not told that it is there. */
export function visibleTo(caller: Caller): Caller['allowedModels'] {
  return caller.scopes.has('admin') ? undefined : caller.allowedModels;
}
