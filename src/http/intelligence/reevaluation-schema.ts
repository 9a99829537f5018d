import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const DEFAULT_REQUESTS = 200;

export const reevaluationBodySchema = z
  .strictObject({
    max_requests: z.int().min(1).max(10_000).default(DEFAULT_REQUESTS).meta({
      description: 'For so many requests it gets a share of the choices, whatever is believed of it',
    }),
  })
  .meta({ id: 'ReevaluationWish' });

const belief = z.object({
  quality: z.number(),
  low_90: z.number(),
  high_90: z.number(),
  samples: z.number(),
});

export const reevaluationSchema = z
  .object({
    object: z.literal('reevaluation'),
    model: z.string(),
    opened_epoch: z.boolean().meta({ description: 'False while a trial was under way already' }),
    epoch: z.int(),
    older_evidence_counts: z.number(),
    trial: z.object({ share_of_choices: z.number(), max_requests: z.int(), remaining: z.int() }),
    may_cost: z.object({
      requests: z.int(),
      strategy: z.string(),
      extra_cost_usd: z.number(),
      quality_lost_per_request: z.number(),
      value_lost_usd: z.number(),
    }),
    tasks: z.array(z.object({ task: taskSchema, before: belief, after: belief })),
  })
  .meta({ id: 'Reevaluation' });
