import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

/** The data of one `decision` of `GET /v1/routing-stream`. */
export const routingEventSchema = z
  .strictObject({
    object: z.literal('routing.decision'),
    at: z.iso.datetime(),
    request_id: z.string(),
    operation: z.string(),
    requested_model: z.string(),
    task: taskSchema,
    confidence: z.number().min(0).max(1).meta({ description: 'How sure the classification is' }),
    strategy: z.string(),
    reason: z.string(),
    model: z.string().nullable().meta({ description: 'Who is asked first; null where nobody could answer' }),
    provider: z.string().nullable(),
    probability: z.number().min(0).max(1).nullable(),
    quality: z.number().min(0).max(1).nullable(),
    expected_cost_usd: z.number().nullable(),
    candidates: z.int(),
    excluded: z.int(),
  })
  .meta({ id: 'RoutingDecision' });
