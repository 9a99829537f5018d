import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { RequestListQuery } from '../../gateway/reports/request-list.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { ownRequestsOf } from './feedback.ts';
import { requestListQuerySchema, requestListSchema } from './request-list-schema.ts';

const PARAMETERS = [
  'limit',
  'before',
  'task',
  'model',
  'reason',
] as const satisfies readonly (keyof RequestListQuery)[];

const LISTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'List requests, the newest first',
  description: 'A key without the scope `admin` sees its own. No prompt or answer is kept, so none is shown.',
  query: requestListQuerySchema,
  answers: { 200: { description: 'A line for each request', content: json(requestListSchema) } },
};

/** `GET /v1/requests` */
export function registerRequestList(
  app: FastifyInstance,
  deps: {
    listRequests: (
      query: RequestListQuery,
      keyId: string | undefined,
      visibleModels: Caller['allowedModels'],
    ) => Promise<object>;
  },
): void {
  app.get(
    '/v1/requests',
    { config: { access: 'intelligence', operation: LISTING } },
    async ({ query, caller }) =>
      deps.listRequests(readQuery(query, PARAMETERS), ownRequestsOf(caller), visibleTo(caller)),
  );
}
