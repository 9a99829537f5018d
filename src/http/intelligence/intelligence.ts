import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { HealthQuery } from '../../gateway/reports/health.ts';
import type { RankingsQuery } from '../../gateway/reports/rankings.ts';
import type { RecommendationsQuery } from '../../gateway/reports/recommendations.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { explanationSchema } from './explanation-schema.ts';
import { ownRequestsOf } from './feedback.ts';
import { healthQuerySchema, healthSchema } from './health-schema.ts';
import { rankingsQuerySchema, rankingsSchema } from './rankings-schema.ts';
import { recommendationsQuerySchema, recommendationsSchema } from './recommendations-schema.ts';
import { sourcesSchema } from './sources-schema.ts';

const RANKINGS_PARAMETERS: readonly (keyof RankingsQuery)[] = [
  'task',
  'strategy',
  'window',
  'sort',
  'model',
  'provider',
  'limit',
  'cursor',
];

const RANKING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Rank the models per task',
  query: rankingsQuerySchema,
  answers: {
    200: { description: 'Per task, who is best and how sure that is', content: json(rankingsSchema) },
  },
};
const RECOMMENDATIONS_PARAMETERS = [
  'task',
  'limit',
  'max_cost_usd',
  'max_latency_ms',
  'needs',
  'strategy',
  'model',
  'provider',
  'cursor',
] as const satisfies readonly (keyof RecommendationsQuery)[];
const HEALTH_PARAMETERS = [
  'provider',
  'model',
  'status',
  'limit',
  'cursor',
] as const satisfies readonly (keyof HealthQuery)[];
const RECOMMENDING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Recommend models for a kind of work',
  query: recommendationsQuerySchema,
  answers: { 200: { description: 'Best first, each with its reason', content: json(recommendationsSchema) } },
};
const REPORTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Tell how the providers are',
  query: healthQuerySchema,
  answers: { 200: { description: 'Per provider and endpoint', content: json(healthSchema) } },
};
const COMPARING_SOURCES: OperationDoc = {
  tag: 'intelligence',
  summary: 'Tell how far judges and checks agree with labels',
  answers: { 200: { description: 'Per source of verdicts', content: json(sourcesSchema) } },
};
const EXPLAINING: OperationDoc = {
  path: '/v1/explain/{request_id}',
  tag: 'intelligence',
  summary: 'Explain where a request went, and why',
  pathParameters: z.object({
    request_id: z.string().meta({
      description: '`x-request-id` of the answer; or its `id` in `/v1/responses` and `/v1/messages`',
    }),
  }),
  answers: { 200: { description: 'The decision and what came of it', content: json(explanationSchema) } },
  errors: [404, 410],
};

/** `GET /v1/intelligence/rankings`, `/recommendations`, `/health`, `/sources` and `/v1/explain/{request_id}` */
export function registerIntelligence(
  app: FastifyInstance,
  deps: {
    rankModels: (query: RankingsQuery, visibleModels: Caller['allowedModels']) => Promise<object>;
    recommendModels: (query: RecommendationsQuery, visibleModels: Caller['allowedModels']) => Promise<object>;
    reportHealth: (query: HealthQuery, visibleModels: Caller['allowedModels']) => object;
    reportSources: (visibleModels: Caller['allowedModels']) => object;
    explainRequest: (
      requestId: string,
      viewer: { readonly keyId: string | undefined; readonly visibleModels: Caller['allowedModels'] },
    ) => Promise<object>;
  },
): void {
  const access = 'intelligence';
  app.get(
    '/v1/intelligence/rankings',
    { config: { access, operation: RANKING, hasEtag: true } },
    async (request) =>
      deps.rankModels(readQuery(request.query, RANKINGS_PARAMETERS), visibleTo(request.caller)),
  );
  app.get(
    '/v1/intelligence/recommendations',
    { config: { access, operation: RECOMMENDING, hasEtag: true } },
    async (request) =>
      deps.recommendModels(readQuery(request.query, RECOMMENDATIONS_PARAMETERS), visibleTo(request.caller)),
  );
  app.get(
    '/v1/intelligence/health',
    { config: { access, operation: REPORTING, hasEtag: true } },
    async (request) =>
      deps.reportHealth(readQuery(request.query, HEALTH_PARAMETERS), visibleTo(request.caller)),
  );
  app.get(
    '/v1/intelligence/sources',
    { config: { access, operation: COMPARING_SOURCES, hasEtag: true } },
    async ({ caller }) => deps.reportSources(visibleTo(caller)),
  );
  app.get<{ Params: { id: string } }>(
    '/v1/explain/:id',
    { config: { access, operation: EXPLAINING } },
    async (request) =>
      deps.explainRequest(request.params.id, {
        keyId: ownRequestsOf(request.caller),
        visibleModels: visibleTo(request.caller),
      }),
  );
}
