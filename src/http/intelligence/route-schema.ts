import { z } from 'zod';
import { decisionMembers } from '../inference/decision-schema.ts';

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
    ...decisionMembers,
    warnings: z.array(z.string()).meta({ description: 'As `x-router-warnings` would say' }),
  })
  .meta({ id: 'Route' });
