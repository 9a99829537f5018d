import type { FastifyInstance } from 'fastify';
import { checkedBy } from '../inference/check-body.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import {
  embeddingModelForgottenSchema,
  embeddingModelMoveSchema,
  embeddingModelSchema,
  embeddingModelsSchema,
  keyParameterSchema,
} from './embedding-models-schema.ts';

const PATH = '/v1/embedding-models/{key_id}';
const LISTING: OperationDoc = {
  tag: 'models',
  summary: 'List which embedding model `auto` is for each key',
  answers: { 200: { description: 'One for each key that asked', content: json(embeddingModelsSchema) } },
};
const MOVING: OperationDoc = {
  path: PATH,
  tag: 'models',
  summary: 'Move a key to another embedding model',
  description: 'All that was embedded with the former one has to be embedded again.',
  pathParameters: keyParameterSchema,
  body: json(embeddingModelMoveSchema, { model: 'sim-embed-large' }),
  answers: { 200: { description: 'What holds from now on', content: json(embeddingModelSchema) } },
  errors: [404, 415],
};
const FORGETTING: OperationDoc = {
  path: PATH,
  tag: 'models',
  summary: 'Let the next `auto` of a key choose its embedding model anew',
  pathParameters: keyParameterSchema,
  answers: { 200: { description: 'It is forgotten', content: json(embeddingModelForgottenSchema) } },
  errors: [404],
};

const checkMove = checkedBy(embeddingModelMoveSchema);

/** `GET /v1/embedding-models`, `PUT` and `DELETE /v1/embedding-models/{key_id}`, for operators. */
export function registerEmbeddingModels(
  app: FastifyInstance,
  deps: {
    list: () => Promise<object>;
    move: (keyName: string, modelId: string) => Promise<object>;
    forget: (keyName: string) => Promise<object>;
  },
): void {
  app.get('/v1/embedding-models', { config: { access: 'admin', operation: LISTING } }, deps.list);
  app.put<{ Params: { key_id: string }; Body: JsonBody | undefined }>(
    '/v1/embedding-models/:key_id',
    { config: { access: 'admin', operation: MOVING } },
    ({ params, body }) => deps.move(params.key_id, checkMove(presentBody(body).json).model),
  );
  app.delete<{ Params: { key_id: string } }>(
    '/v1/embedding-models/:key_id',
    { config: { access: 'admin', operation: FORGETTING } },
    ({ params }) => deps.forget(params.key_id),
  );
}
