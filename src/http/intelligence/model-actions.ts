import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Caller } from '../../gateway/admission/keyring.ts';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import type { JsonBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import { exposureBodySchema, exposureListSchema, exposureSchema } from './exposure-schema.ts';
import { modelServiceSchema } from './model-service-schema.ts';
import { reevaluationBodySchema, reevaluationSchema } from './reevaluation-schema.ts';

const pathParameters = z.object({ id: z.string().meta({ description: 'May hold slashes' }) });
const REEVALUATING: OperationDoc = {
  path: '/v1/intelligence/models/{id}/reevaluate',
  tag: 'intelligence',
  summary: 'Look at a model again',
  description:
    'Opens a new epoch, in which older evidence counts a tenth, and gives the model a bounded trial.',
  pathParameters,
  body: json(reevaluationBodySchema, { max_requests: 200 }),
  isBodyOptional: true,
  answers: { 200: { description: 'The trial, and what it may cost', content: json(reevaluationSchema) } },
  errors: [404, 409],
};
const PAUSING: OperationDoc = {
  path: '/v1/intelligence/models/{id}/pause',
  tag: 'intelligence',
  summary: 'Take a model out of service',
  description: 'Nobody is sent there, by name or by `auto`, until it is resumed. What is under way goes on.',
  pathParameters,
  answers: { 200: { description: 'How it stands now', content: json(modelServiceSchema) } },
  errors: [404],
};
const RESUMING: OperationDoc = {
  ...PAUSING,
  path: '/v1/intelligence/models/{id}/resume',
  summary: 'Take a model back into service',
  description: undefined,
};

const LISTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'List the models that are paused or capped',
  description: 'By name, with those that are not configured any more.',
  answers: { 200: { description: 'What operators have set', content: json(exposureListSchema) } },
};
const CAPPING: OperationDoc = {
  path: '/v1/intelligence/models/{id}/exposure',
  tag: 'intelligence',
  summary: "Cap a model's share",
  description:
    'Of what is left to the router it gets at most so much, of one task or of each; probabilities stay true. Who names it gets it, and conversations on it go on.',
  pathParameters,
  body: json(exposureBodySchema, { max_share: 0.2, task: 'code_review' }),
  answers: { 200: { description: 'The caps on it now', content: json(exposureSchema) } },
  errors: [404],
};

/**
 * `POST /v1/intelligence/models/{id}/reevaluate`, `/pause`, `/resume` and `/exposure`; ids may hold slashes.
 * `GET /v1/intelligence/exposure`
 */
export function registerModelActions(
  app: FastifyInstance,
  deps: {
    reevaluateModel: (id: string, maxRequests: number) => Promise<object>;
    pauseModel: (id: string, isPaused: boolean) => Promise<object>;
    capExposure: (id: string, wish: z.infer<typeof exposureBodySchema>) => Promise<object>;
    listExposure: (visibleModels: Caller['allowedModels']) => object;
  },
): void {
  app.get(
    '/v1/intelligence/exposure',
    { config: { access: 'intelligence', operation: LISTING } },
    async ({ query, caller }) => {
      readQuery(query, []);
      return deps.listExposure(visibleTo(caller));
    },
  );
  app.post<{ Params: { '*': string }; Body: JsonBody | undefined }>(
    '/v1/intelligence/models/*',
    { config: { access: 'admin', operation: [REEVALUATING, PAUSING, RESUMING, CAPPING] } },
    async (request) => {
      readQuery(request.query, []);
      const [, id = '', action] = /^(.+)\/([a-z]+)$/.exec(request.params['*']) ?? [];
      const body = request.body?.json ?? {};
      switch (action) {
        case 'reevaluate': {
          const read = reevaluationBodySchema.safeParse(body);
          if (!read.success) throw explain(read.error, Object.keys(reevaluationBodySchema.shape));
          return deps.reevaluateModel(id, read.data.max_requests);
        }
        case 'pause':
        case 'resume': {
          const read = z.strictObject({}).safeParse(body);
          if (!read.success) throw explain(read.error, []);
          return deps.pauseModel(id, action === 'pause');
        }
        case 'exposure': {
          const read = exposureBodySchema.safeParse(body);
          if (!read.success) throw explain(read.error, Object.keys(exposureBodySchema.shape));
          return deps.capExposure(id, read.data);
        }
        default:
          throw unknownAction();
      }
    },
  );
}

function unknownAction(): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'unknown_url',
    message:
      'What can be done with a model: POST /v1/intelligence/models/{id}/reevaluate, …/pause, …/resume and …/exposure.',
  });
}
