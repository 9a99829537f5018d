import { z } from 'zod';
import { candidateSchema, circumstances, exclusionSchema, taskSchema } from './decision-schema.ts';

/** `POST /v1/route` */
export const routeAnswerSchema = z
  .object({
    object: z.literal('route'),
    decision_id: z.string().meta({
      description: 'To be sent as `route.decision_id` with the same request: then it goes just there',
    }),
    expires_at: z.iso.datetime(),
    requested_model: z.string(),
    model: z.string().nullable(),
    provider: z.string().nullable(),
    strategy: z.string(),
    reason: z.string(),
    value_of_quality_usd: z.number(),
    value_of_second_usd: z.number(),
    task: z.object({
      type: taskSchema,
      confidence: z.number(),
      complexity: z.number(),
      language: z.string(),
      needs: z.array(z.string()),
      input_tokens: z.number(),
    }),
    candidates: z.array(candidateSchema),
    excluded: z.array(exclusionSchema),
    ...circumstances,
    warnings: z.array(z.string()).meta({ description: 'As `x-router-warnings` would say' }),
  })
  .meta({ id: 'Route' });
