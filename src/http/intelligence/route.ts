import type { FastifyInstance } from 'fastify';
import type { ChatBody, ChatJob } from '../../gateway/request/job.ts';
import type { Operation } from '../../gateway/request/operation.ts';
import { chatSchema, checkChatBody } from '../inference/chat-schema.ts';
import { jobOf } from '../inference/inference.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { routeAnswerSchema } from './route-schema.ts';

const ROUTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Tell where a chat request would go',
  description:
    'A dry run: nothing is sent and nothing is learnt. The body is that of a chat completion; `decision_id` of the answer carries the decision out as it stands.',
  body: json(chatSchema, { model: 'auto', messages: [{ role: 'user', content: 'What is 6 times 7?' }] }),
  answers: {
    200: {
      description: 'The decision: every candidate, and who is left out',
      content: json(routeAnswerSchema),
    },
  },
  errors: [402, 404, 413, 415],
};

/** `POST /v1/route` */
export function registerRoute(
  app: FastifyInstance,
  deps: { readonly dryRun: (job: ChatJob) => Promise<object>; readonly monotonicMs: () => number },
  operation: Operation<ChatBody>,
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/route',
    { config: { access: 'inference', operation: ROUTING, isCounted: false } },
    async (request) => {
      const sent = presentBody(request.body);
      return deps.dryRun(jobOf(request, operation, sent, checkChatBody(sent.json), deps.monotonicMs()));
    },
  );
}
