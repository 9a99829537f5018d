import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { RunnableQuery } from '../../gateway/reports/runnable.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { runnableQuerySchema, runnableSchema } from './catalog-schema.ts';
import { modelListSchema, modelSchema } from './models-schema.ts';

const LISTING: OperationDoc = {
  tag: 'models',
  summary: 'List the models',
  description: '`auto` first, then those that this key may use, then the presets.',
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

const RUNNABLE: OperationDoc = {
  tag: 'models',
  summary: 'Tell which models could run a request now, and why the others could not',
  query: runnableQuerySchema,
  answers: { 200: { description: 'Models, and what was filtered out', content: json(runnableSchema) } },
};
const RUNNABLE_PARAMETERS = Object.keys(runnableQuerySchema.shape) as (keyof RunnableQuery)[];

type Permits = Pick<Caller, 'allowedModels' | 'allowedProviders'>;
/** Of whoever asks without a key where none is needed. */
const ALL: Permits = { allowedModels: undefined, allowedProviders: undefined };

/** `GET /v1/catalog/runnable`, `GET /v1/models` and `GET /v1/models/{id}`; ids may hold slashes. */
export function registerModels(
  app: FastifyInstance,
  deps: {
    listModels: (permits: Permits) => object;
    describeModel: (id: string, permits: Permits) => object;
    listRunnable: (query: RunnableQuery, permits: Permits) => object;
  },
  options: { isPublic: boolean },
): void {
  const access = options.isPublic ? 'open' : 'inference';
  app.get('/v1/models', { config: { access, operation: LISTING } }, async (request) =>
    deps.listModels(request.caller ?? ALL),
  );
  app.get<{ Params: { '*': string } }>(
    '/v1/models/*',
    { config: { access, operation: DESCRIBING } },
    async (request) => deps.describeModel(request.params['*'], request.caller ?? ALL),
  );
  app.get('/v1/catalog/runnable', { config: { access: 'inference', operation: RUNNABLE } }, async (request) =>
    deps.listRunnable(readQuery(request.query, RUNNABLE_PARAMETERS), request.caller),
  );
}
