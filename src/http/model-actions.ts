import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { explain } from './chat-schema.ts';
import { json, type OperationDoc } from './operation-doc.ts';
import type { JsonBody } from './read-json.ts';
import { reevaluationBodySchema, reevaluationSchema } from './reevaluation-schema.ts';

const ACTION = '/reevaluate';
const REEVALUATING: OperationDoc = {
  path: `/v1/intelligence/models/{id}${ACTION}`,
  tag: 'intelligence',
  summary: 'Look at a model again',
  description:
    'Opens a new epoch, in which older evidence counts a tenth, and gives the model a bounded trial.',
  pathParameters: z.object({ id: z.string().meta({ description: 'May hold slashes' }) }),
  body: json(reevaluationBodySchema, { max_requests: 200 }),
  isBodyOptional: true,
  answers: { 200: { description: 'The trial, and what it may cost', content: json(reevaluationSchema) } },
  errors: [404, 409],
};

/** `POST /v1/intelligence/models/{id}/reevaluate`; ids may hold slashes. */
export function registerModelActions(
  app: FastifyInstance,
  deps: { reevaluateModel: (id: string, maxRequests: number) => Promise<object> },
): void {
  app.post<{ Params: { '*': string }; Body: JsonBody | undefined }>(
    '/v1/intelligence/models/*',
    { config: { access: 'admin', operation: REEVALUATING } },
    async (request) => {
      const path = request.params['*'];
      if (!path.endsWith(ACTION) || path.length === ACTION.length) throw unknownAction();
      const read = reevaluationBodySchema.safeParse(request.body?.json ?? {});
      if (!read.success) throw explain(read.error);
      return deps.reevaluateModel(path.slice(0, -ACTION.length), read.data.max_requests);
    },
  );
}

function unknownAction(): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'unknown_url',
    message: 'There is one thing to be done with a model: POST /v1/intelligence/models/{id}/reevaluate.',
  });
}
