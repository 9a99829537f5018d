import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ChatBody } from '../../gateway/request/job.ts';
import type { Operation } from '../../gateway/request/operation.ts';
import { json as jsonContent, type OperationDoc } from '../operation-doc.ts';
import { answerHeadersSchema, chatAnswerSchema } from './chat-answer-schema.ts';
import { chatSchema, checkChatBody } from './chat-schema.ts';
import { type InferenceDeps, registerInference } from './inference.ts';

const COMPLETING: OperationDoc = {
  tag: 'inference',
  summary: 'Create a chat completion',
  description:
    "`model` is a name, `provider/name`, `auto` or one of its kin. Whatever OpenAI's API knows and is not named here passes through to the provider.",
  body: jsonContent(chatSchema, {
    model: 'auto',
    messages: [{ role: 'user', content: 'What is 6 times 7?' }],
  }),
  answers: {
    200: {
      description: 'The answer, or with `stream: true` its events',
      headers: answerHeadersSchema,
      content: {
        ...jsonContent(chatAnswerSchema),
        'text/event-stream': {
          schema: z
            .string()
            .meta({ example: 'data: {"object":"chat.completion.chunk", …}\n\ndata: [DONE]\n\n' }),
        },
      },
    },
  },
  errors: [402, 404, 413, 415, 502, 504],
};

/** `POST /v1/chat/completions` */
export function registerChat(
  app: FastifyInstance,
  deps: InferenceDeps,
  operation: Operation<ChatBody>,
): void {
  registerInference(app, deps, {
    url: '/v1/chat/completions',
    operation,
    checkBody: checkChatBody,
    doc: COMPLETING,
  });
}
