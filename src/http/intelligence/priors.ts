import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import {
  evaluationBodySchema,
  evaluationDeletedSchema,
  evaluationListSchema,
  evaluationPushedSchema,
  KNOWN_EVALUATION_MEMBERS,
  KNOWN_RESULT_MEMBERS,
} from './priors-schema.ts';

const PUSHING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Push results of your own evaluation as prior evidence',
  description:
    'In the place of the evaluation of the same name. The server finds the task of a result that names only its prompt.',
  body: json(evaluationBodySchema, {
    name: 'support-2026',
    results: [{ model: 'gpt-5-mini', task: 'summarization', score: 0.82, samples: 120 }],
  }),
  answers: { 200: { description: 'What it moved', content: json(evaluationPushedSchema) } },
  errors: [404],
};
const LISTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'List the evaluations that count',
  answers: {
    200: { description: 'Yours, and the leaderboards behind them', content: json(evaluationListSchema) },
  },
};
const RETRACTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Take an evaluation back',
  pathParameters: z.object({ name: z.string() }),
  answers: { 200: { description: 'What it moved', content: json(evaluationDeletedSchema) } },
  errors: [404],
};

/** `POST` and `GET /v1/intelligence/priors`, `DELETE /v1/intelligence/priors/{name}`: an operator's own evaluations. */
export function registerPriors(
  app: FastifyInstance,
  deps: {
    pushEvaluation: (body: z.infer<typeof evaluationBodySchema>) => Promise<object>;
    listEvaluations: () => Promise<object>;
    retractEvaluation: (name: string) => Promise<object>;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/intelligence/priors',
    { config: { access: 'admin', operation: PUSHING } },
    async (request) => {
      readQuery(request.query, []);
      const read = evaluationBodySchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, KNOWN_EVALUATION_MEMBERS, () => KNOWN_RESULT_MEMBERS);
      return deps.pushEvaluation(read.data);
    },
  );
  app.get('/v1/intelligence/priors', { config: { access: 'admin', operation: LISTING } }, async () =>
    deps.listEvaluations(),
  );
  app.delete<{ Params: { name: string } }>(
    '/v1/intelligence/priors/:name',
    { config: { access: 'admin', operation: RETRACTING } },
    async (request) => deps.retractEvaluation(request.params.name),
  );
}
