import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { FeedbackListQuery } from '../../gateway/reports/feedback-list.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { ownRequestsOf } from './feedback.ts';
import {
  feedbackListQuerySchema,
  feedbackListSchema,
  feedbackSummarySchema,
} from './feedback-list-schema.ts';

const PARAMETERS = [
  'model',
  'task',
  'source',
  'key_id',
  'window',
  'limit',
  'cursor',
] as const satisfies readonly (keyof FeedbackListQuery)[];

const LISTING: OperationDoc = {
  tag: 'feedback',
  summary: 'List what was said of answers, the newest first',
  description: 'A key without the scope `admin` sees what is about its own requests.',
  query: feedbackListQuerySchema,
  answers: { 200: { description: 'A page of verdicts', content: json(feedbackListSchema) } },
  errors: [404],
};
const SHOWING: OperationDoc = {
  path: '/v1/feedback/{request_id}',
  tag: 'feedback',
  summary: 'Show what was said of one answer, and what it moved',
  pathParameters: z.object({ request_id: z.string().meta({ description: '`x-request-id` of the answer' }) }),
  answers: { 200: { description: 'Every verdict on it', content: json(feedbackSummarySchema) } },
  errors: [404],
};

interface Viewer {
  readonly keyId: string | undefined;
  readonly visibleModels: Caller['allowedModels'];
}

/** `GET /v1/feedback` and `GET /v1/feedback/{request_id}` */
export function registerFeedbackList(
  app: FastifyInstance,
  deps: {
    readonly listFeedback: (query: FeedbackListQuery, viewer: Viewer) => Promise<object>;
    readonly showFeedback: (requestId: string, viewer: Viewer) => Promise<object>;
  },
): void {
  const viewerOf = (caller: Caller): Viewer => ({
    keyId: ownRequestsOf(caller),
    visibleModels: visibleTo(caller),
  });
  app.get(
    '/v1/feedback',
    { config: { access: 'intelligence', operation: LISTING, hasEtag: true } },
    async ({ query, caller }) => deps.listFeedback(readQuery(query, PARAMETERS), viewerOf(caller)),
  );
  app.get<{ Params: { id: string } }>(
    '/v1/feedback/:id',
    { config: { access: 'intelligence', operation: SHOWING, hasEtag: true } },
    async ({ query, params, caller }) => {
      readQuery(query, []);
      return deps.showFeedback(params.id, viewerOf(caller));
    },
  );
}
