import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EVALUATION_NAME, MAX_SAMPLES } from '../core/evaluation/evaluation.ts';
import { explain } from './chat-schema.ts';
import { type JsonBody, presentBody } from './read-json.ts';

const result = z
  .strictObject({
    model: z.string({ error: 'must be the name of a model' }),
    task: z.string().optional(),
    prompt: z.string().optional(),
    score: z
      .number({ error: 'must be a number from 0 to 1' })
      .min(0, 'must be a number from 0 to 1')
      .max(1, 'must be a number from 0 to 1'),
    samples: z
      .int({ error: 'must be a whole number' })
      .min(1, 'must be at least 1')
      .max(MAX_SAMPLES)
      .optional(),
  })
  .refine(({ task, prompt }) => task !== undefined || prompt !== undefined, {
    error: 'needs a task or a prompt',
  });

/** Strict: a misspelt `score` must not become no result at all. */
const evaluationSchema = z.strictObject({
  name: z
    .string({ error: 'must be the name of the evaluation' })
    .regex(EVALUATION_NAME, 'must match [A-Za-z0-9_.:-]{1,64}'),
  results: z.array(result, { error: 'must be a list of results' }).min(1, 'must hold at least one result'),
});

/** `POST` and `GET /v1/intelligence/priors`, `DELETE /v1/intelligence/priors/{name}`: an operator's own evaluations. */
export function registerPriors(
  app: FastifyInstance,
  deps: {
    pushEvaluation: (body: z.infer<typeof evaluationSchema>) => Promise<object>;
    listEvaluations: () => Promise<object>;
    retractEvaluation: (name: string) => Promise<object>;
  },
): void {
  const config = { access: 'admin' } as const;
  app.post<{ Body: JsonBody | undefined }>('/v1/intelligence/priors', { config }, async (request) => {
    const read = evaluationSchema.safeParse(presentBody(request.body).json);
    if (!read.success) throw explain(read.error);
    return deps.pushEvaluation(read.data);
  });
  app.get('/v1/intelligence/priors', { config }, async () => deps.listEvaluations());
  app.delete<{ Params: { name: string } }>('/v1/intelligence/priors/:name', { config }, async (request) =>
    deps.retractEvaluation(request.params.name),
  );
}
