import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ResponsesBody } from '../../core/dialects/responses/responses-body.ts';
import type { DialectCall } from '../../gateway/dialects/translated-chat.ts';
import type { ClientLine, JobResult } from '../../gateway/request/job.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import { answerHeadersSchema } from './chat-answer-schema.ts';
import { clientLineOf } from './client-line.ts';
import { dialectCallOf } from './dialect-call.ts';
import { deletedResponseSchema, responseSchema } from './responses-answer-schema.ts';
import { checkResponsesBody, responsesSchema } from './responses-schema.ts';
import { sendResult } from './send-result.ts';

const RESPONDING: OperationDoc = {
  tag: 'inference',
  summary: 'Create a response',
  description:
    "OpenAI's Responses API for every chat model. What chat completions have no place for (tools of a provider, work in the background, …) is a 400 that names it.",
  body: json(responsesSchema, { model: 'auto', input: 'What is 6 times 7?' }),
  answers: {
    200: {
      description: 'The response, or with `stream: true` its events',
      headers: answerHeadersSchema,
      content: {
        ...json(responseSchema),
        'text/event-stream': {
          schema: z.string().meta({
            example:
              'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"42", …}\n\n',
          }),
        },
      },
    },
  },
  errors: [402, 404, 413, 415, 502, 504],
};

const RESPONSE_ID = z.object({
  id: z.string().meta({ description: 'As the answer had it', example: 'resp_req_…' }),
});

const READING: OperationDoc = {
  tag: 'inference',
  summary: 'Read a response that is kept',
  description: 'Kept while `[responses] retention_hours` says so, for the key that got it.',
  pathParameters: RESPONSE_ID,
  answers: { 200: { description: 'The response as it was answered', content: json(responseSchema) } },
  errors: [404],
};

const DELETING: OperationDoc = {
  tag: 'inference',
  summary: 'Delete a response that is kept',
  pathParameters: RESPONSE_ID,
  answers: { 200: { description: 'It is gone', content: json(deletedResponseSchema) } },
  errors: [404],
};

/** `POST /v1/responses`, `GET` and `DELETE /v1/responses/{id}` */
export function registerResponses(
  app: FastifyInstance,
  deps: {
    createResponse: (
      call: DialectCall,
      body: ResponsesBody,
      sent: JsonBody,
      client: ClientLine,
    ) => Promise<JobResult>;
    readResponse: (responseId: string, keyId: string) => Promise<string>;
    deleteResponse: (responseId: string, keyId: string) => Promise<object>;
    monotonicMs: () => number;
    clientMs: () => number;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/responses',
    { config: { access: 'inference', operation: RESPONDING } },
    async (request, reply) => {
      const call = dialectCallOf(request, deps.monotonicMs());
      const sent = presentBody(request.body);
      const body = checkResponsesBody(sent.json);
      const client = clientLineOf(reply, deps.clientMs);
      await sendResult(reply, call, deps.createResponse(call, body, sent, client), deps.clientMs);
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/responses/:id',
    { config: { access: 'inference', operation: READING } },
    async (request, reply) => {
      readQuery(request.query, []);
      const body = await deps.readResponse(request.params.id, request.caller.keyId);
      return reply.type('application/json').send(body);
    },
  );
  app.delete<{ Params: { id: string } }>(
    '/v1/responses/:id',
    { config: { access: 'inference', operation: DELETING } },
    async (request) => deps.deleteResponse(request.params.id, request.caller.keyId),
  );
}
