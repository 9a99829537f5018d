import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { modelListSchema, modelSchema } from './models-schema.ts';
import { json, type OperationDoc } from './operation-doc.ts';

const LISTING: OperationDoc = {
  tag: 'models',
  summary: 'List the models',
  description: '`auto` first, then those that this key may use.',
  answers: { 200: { description: 'The models', content: json(modelListSchema) } },
};
const DESCRIBING: OperationDoc = {
  path: '/v1/models/{id}',
  tag: 'models',
  summary: 'Describe one model',
  pathParameters: z.object({ id: z.string().meta({ description: 'May hold slashes' }) }),
  answers: { 200: { description: 'The model', content: json(modelSchema) } },
  errors: [404],
};

/** `GET /v1/models` and `GET /v1/models/{id}`; ids may hold slashes. */
export function registerModels(
  app: FastifyInstance,
  deps: {
    listModels: (allowedModels: ReadonlySet<string> | undefined) => object;
    describeModel: (id: string, allowedModels: ReadonlySet<string> | undefined) => object;
  },
  options: { isPublic: boolean },
): void {
  const access = options.isPublic ? 'open' : 'inference';
  app.get('/v1/models', { config: { access, operation: LISTING } }, async (request) =>
    deps.listModels(request.caller?.allowedModels),
  );
  app.get<{ Params: { '*': string } }>(
    '/v1/models/*',
    { config: { access, operation: DESCRIBING } },
    async (request) => deps.describeModel(request.params['*'], request.caller?.allowedModels),
  );
}
