import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { MessagesBody } from '../../core/dialects/messages/messages-body.ts';
import type { DialectCall } from '../../gateway/dialects/translated-chat.ts';
import type { ClientLine, JobResult } from '../../gateway/request/job.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { answerHeadersSchema } from './chat-answer-schema.ts';
import { clientLineOf } from './client-line.ts';
import { dialectCallOf } from './dialect-call.ts';
import { messageSchema, messagesErrorSchema, tokenCountSchema } from './messages-answer-schema.ts';
import {
  checkCountTokensBody,
  checkMessagesBody,
  countTokensSchema,
  messagesSchema,
} from './messages-schema.ts';
import { sendResult } from './send-result.ts';

const EXAMPLE = { model: 'auto', messages: [{ role: 'user', content: 'What is 6 times 7?' }] };

const MESSAGING: OperationDoc = {
  tag: 'inference',
  summary: 'Create a message',
  description:
    "Anthropic's Messages API for every chat model. The key may come as `x-api-key`. What chat completions have no place for (tools of a provider, …) is a 400 that names it.",
  body: json(messagesSchema, { ...EXAMPLE, max_tokens: 1024 }),
  answers: {
    200: {
      description: 'The message, or with `stream: true` its events',
      headers: answerHeadersSchema,
      content: {
        ...json(messageSchema),
        'text/event-stream': {
          schema: z.string().meta({
            example:
              'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"42"}}\n\n',
          }),
        },
      },
    },
  },
  errorContent: json(messagesErrorSchema),
  errors: [402, 404, 413, 415, 502, 504],
};

const COUNTING: OperationDoc = {
  tag: 'inference',
  summary: 'Count the tokens of a message',
  description: 'An estimate by bytes: which model will answer is not known yet.',
  body: json(countTokensSchema, EXAMPLE),
  answers: { 200: { description: 'The estimate', content: json(tokenCountSchema) } },
  errorContent: json(messagesErrorSchema),
  errors: [413, 415],
};

/** `POST /v1/messages`, `POST /v1/messages/count_tokens`; their errors are in Anthropic's shape. */
export function registerMessages(
  app: FastifyInstance,
  deps: {
    createMessage: (call: DialectCall, body: MessagesBody, client: ClientLine) => Promise<JobResult>;
    countMessageTokens: (body: MessagesBody) => object;
    monotonicMs: () => number;
    clientMs: () => number;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/messages',
    { config: { access: 'inference', errorDialect: 'messages', operation: MESSAGING } },
    async (request, reply) => {
      const call = dialectCallOf(request, deps.monotonicMs());
      const body = checkMessagesBody(presentBody(request.body).json);
      const client = clientLineOf(reply, deps.clientMs);
      await sendResult(reply, call, deps.createMessage(call, body, client), deps.clientMs);
    },
  );
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/messages/count_tokens',
    // No model works for it.
    { config: { access: 'inference', isCounted: false, errorDialect: 'messages', operation: COUNTING } },
    async (request) => deps.countMessageTokens(checkCountTokensBody(presentBody(request.body).json)),
  );
}
