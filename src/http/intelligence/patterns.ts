import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { PatternsQuery } from '../../gateway/reports/patterns.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { ownRequestsOf } from './feedback.ts';
import { patternsQuerySchema, patternsSchema } from './patterns-schema.ts';

const PARAMETERS = [
  'window',
  'task',
  'model',
  'language',
  'min_requests',
  'limit',
  'cursor',
] as const satisfies readonly (keyof PatternsQuery)[];

const LOOKING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Tell what the traffic looks like',
  description:
    'Buckets of requests by task, size, tools, turns and language, with the models that answer them: volume, trend, success, cost and quality. Over all keys, and without a word of any prompt.',
  query: patternsQuerySchema,
  answers: { 200: { description: 'The busiest buckets first', content: json(patternsSchema) } },
  errors: [404],
};

/** `GET /v1/intelligence/patterns` */
export function registerPatterns(
  app: FastifyInstance,
  deps: {
    readonly reportPatterns: (
      query: PatternsQuery,
      viewer: { readonly visibleModels: Caller['allowedModels']; readonly seesAll: boolean },
    ) => Promise<object>;
  },
): void {
  app.get(
    '/v1/intelligence/patterns',
    { config: { access: 'intelligence', operation: LOOKING, hasEtag: true } },
    async ({ query, caller }) =>
      deps.reportPatterns(readQuery(query, PARAMETERS), {
        visibleModels: visibleTo(caller),
        seesAll: ownRequestsOf(caller) === undefined,
      }),
  );
}
