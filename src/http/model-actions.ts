import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import { explain } from './chat-schema.ts';
import type { JsonBody } from './read-json.ts';

const DEFAULT_REQUESTS = 200;
const reevaluationSchema = z.strictObject({
  max_requests: z.int().min(1).max(10_000).default(DEFAULT_REQUESTS),
});

const ACTION = '/reevaluate';

/** `POST /v1/intelligence/models/{id}/reevaluate`; ids may hold slashes. */
export function registerModelActions(
  app: FastifyInstance,
  deps: { reevaluateModel: (id: string, maxRequests: number) => Promise<object> },
): void {
  app.post<{ Params: { '*': string }; Body: JsonBody | undefined }>(
    '/v1/intelligence/models/*',
    { config: { access: 'admin' } },
    async (request) => {
      const path = request.params['*'];
      if (!path.endsWith(ACTION) || path.length === ACTION.length) throw unknownAction();
      const read = reevaluationSchema.safeParse(request.body?.json ?? {});
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
