import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { ChangesQuery } from '../../gateway/reports/changes.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { changesQuerySchema, changesSchema } from './changes-schema.ts';

const LISTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'List what was noticed to have changed',
  description:
    'Alarms about the quality of models and the speed of endpoints, second looks and re-evaluations, the newest first.',
  query: changesQuerySchema,
  answers: { 200: { description: 'A line for each', content: json(changesSchema) } },
};

/** `GET /v1/intelligence/changes` */
export function registerChanges(
  app: FastifyInstance,
  deps: {
    readonly listChanges: (query: ChangesQuery, visibleModels: Caller['allowedModels']) => Promise<object>;
  },
): void {
  app.get(
    '/v1/intelligence/changes',
    { config: { access: 'intelligence', operation: LISTING } },
    async ({ query, caller }) => deps.listChanges(readQuery(query, ['limit']), visibleTo(caller)),
  );
}
