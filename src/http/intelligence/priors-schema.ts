import { z } from 'zod';
import { EVALUATION_NAME, MAX_SAMPLES } from '../../core/evaluation/evaluation.ts';
import { taskSchema } from '../inference/decision-schema.ts';

const result = z.strictObject({
  model: z.string({ error: 'must be the name of a model' }),
  task: z
    .string()
    .optional()
    .meta({ description: 'Of the work that the model does; may be left out where that is only one kind' }),
  prompt: z.string().optional().meta({ description: 'Classified when no task is named' }),
  score: z
    .number({ error: 'must be a number from 0 to 1' })
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1'),
  samples: z
    .int({ error: 'must be a whole number' })
    .min(1, 'must be at least 1')
    .max(MAX_SAMPLES)
    .optional(),
});
/** Strict: a misspelt `score` must not become no result at all. */
export const evaluationBodySchema = z
  .strictObject({
    name: z
      .string({ error: 'must be the name of the evaluation' })
      .regex(EVALUATION_NAME, 'must match [A-Za-z0-9_.:-]{1,64}'),
    results: z.array(result, { error: 'must be a list of results' }).min(1, 'must hold at least one result'),
  })
  .meta({ id: 'EvaluationResults' });

export const KNOWN_EVALUATION_MEMBERS: readonly string[] = Object.keys(evaluationBodySchema.shape);
export const KNOWN_RESULT_MEMBERS: readonly string[] = Object.keys(result.shape);

const belief = z.object({
  quality: z.number(),
  low_90: z.number(),
  high_90: z.number(),
  evidence: z.enum(['prior', 'mixed', 'observed']),
});
const moved = z.array(z.object({ task: taskSchema, model: z.string(), before: belief, after: belief }));

const evaluation = {
  object: z.literal('evaluation'),
  name: z.string(),
  pushed_at: z.iso.datetime(),
  scores: z.array(z.object({ task: taskSchema, model: z.string(), score: z.number(), samples: z.number() })),
};

export const evaluationPushedSchema = z
  .object({ ...evaluation, replaced: z.boolean(), results: z.int(), moved })
  .meta({ id: 'EvaluationPushed' });

export const evaluationListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(z.object(evaluation)),
    shipped: z
      .array(z.object({ name: z.string(), source: z.string(), date: z.string() }))
      .meta({ description: 'The leaderboards behind the shipped prior' }),
  })
  .meta({ id: 'EvaluationList' });

export const evaluationDeletedSchema = z
  .object({ object: z.literal('evaluation'), name: z.string(), deleted: z.literal(true), moved })
  .meta({ id: 'EvaluationDeleted' });
