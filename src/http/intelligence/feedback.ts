import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../gateway/admission/keyring.ts';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import { feedbackAnswerSchema, feedbackSchema } from './feedback-schema.ts';

type FeedbackInput = z.infer<typeof feedbackSchema>;
interface FeedbackCall {
  readonly requestId: string;
  readonly keyId: string | undefined;
  readonly givenBy: string;
}

const about = {
  path: '/v1/feedback/{request_id}',
  tag: 'feedback',
  pathParameters: z.object({
    request_id: z.string().meta({
      description: '`x-request-id` of the answer; or its `id` in `/v1/responses` and `/v1/messages`',
    }),
  }),
  answers: { 200: { description: 'What it moved', content: json(feedbackAnswerSchema) } },
  errors: [404, 410],
} as const;
const GIVING: OperationDoc = {
  ...about,
  summary: 'Say how good an answer was',
  description: 'The same verdict again changes nothing; another one of the same source takes its place.',
  body: json(feedbackSchema, { outcome: 'success', tests_passed: true }),
};
const RETRACTING: OperationDoc = {
  ...about,
  summary: 'Take a verdict back',
  query: z.object({ source: z.string().optional().meta({ description: '`human` where none is named' }) }),
};

/** `POST` and `DELETE /v1/feedback/{request_id}` */
export function registerFeedback(
  app: FastifyInstance,
  deps: {
    giveFeedback: (call: FeedbackCall, body: FeedbackInput) => Promise<object>;
    retractFeedback: (call: FeedbackCall, sourceName: string) => Promise<object>;
  },
): void {
  const callOf = (requestId: string, caller: Caller): FeedbackCall => ({
    requestId,
    keyId: ownRequestsOf(caller),
    givenBy: caller.keyId,
  });

  type Route = { Params: { id: string }; Body: JsonBody | undefined };
  app.post<Route>(
    '/v1/feedback/:id',
    { config: { access: 'feedback', operation: GIVING } },
    async (request) => {
      const read = feedbackSchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, Object.keys(feedbackSchema.shape));
      return deps.giveFeedback(callOf(request.params.id, request.caller), read.data);
    },
  );
  app.delete<Route>(
    '/v1/feedback/:id',
    { config: { access: 'feedback', operation: RETRACTING } },
    async (request) => {
      const { source = 'human' } = readQuery(request.query, ['source']);
      return deps.retractFeedback(callOf(request.params.id, request.caller), source);
    },
  );
}

/** The key whose requests a caller may see and judge; undefined for an admin and while the gateway is open: all. */
export function ownRequestsOf(caller: Caller): string | undefined {
  return caller.scopes.has('admin') ? undefined : caller.keyId;
}
