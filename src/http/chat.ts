import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ChatJob, ChatResult, ClientLine } from '../gateway/chat-job.ts';
import { answerHeadersSchema, chatAnswerSchema } from './chat-answer-schema.ts';
import { chatSchema, checkChatBody } from './chat-schema.ts';
import { clientLineOf } from './client-line.ts';
import { json as jsonContent, type OperationDoc } from './operation-doc.ts';
import { type JsonBody, presentBody } from './read-json.ts';

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
  errors: [404, 413, 415, 502, 504],
};
const NO_WARNINGS: readonly string[] = Object.freeze([]);

/** `POST /v1/chat/completions` */
export function registerChat(
  app: FastifyInstance,
  deps: {
    completeChat: (job: ChatJob, client: ClientLine) => Promise<ChatResult>;
    monotonicMs: () => number;
    clientMs: () => number;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/chat/completions',
    { config: { access: 'inference', operation: COMPLETING } },
    async (request, reply) => {
      const arrivedMs = deps.monotonicMs();
      const { bytes, members, json } = presentBody(request.body);
      const { caller, headers } = request;
      const client = clientLineOf(reply, deps.clientMs);
      const job: ChatJob = {
        requestId: request.id,
        isOwnRequestId: headers['x-request-id'] !== request.id,
        keyId: caller.keyId,
        allowedModels: caller.allowedModels,
        allowedProviders: caller.allowedProviders,
        holdsBack: caller.key?.holdBack === true,
        bytes,
        members,
        body: checkChatBody(json),
        taskHint: textOf(headers['x-router-task']),
        strategyHint: textOf(headers['x-model-router-strategy']),
        warnings: NO_WARNINGS,
        sessionId: textOf(headers['x-session-id']),
        ask: 0,
        judgedWith: 0,
        wantsMetadata: textOf(headers['x-router-metadata'])?.toLowerCase() === 'enabled',
        arrivedMs,
      };
      const result = await deps.completeChat(job, client).catch((error: unknown) => {
        // The id may have been replaced on the way, and the client is to ask about its own request.
        reply.header('x-request-id', job.requestId);
        throw error;
      });
      if (result.body === undefined) {
        if (!reply.sent) reply.hijack();
        return;
      }
      reply.headers(result.headers).type('application/json').send(result.body);
      // What the kernel did not take at once waits for a client that may never take it.
      if (reply.raw.socket?.writableLength !== 0) reply.raw.setTimeout(deps.clientMs());
    },
  );
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
