import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const maxShare = z
  .number({ error: 'must be a number from 0 to 1, or null for no cap' })
  .min(0, 'must be a number from 0 to 1, or null for no cap')
  .max(1, 'must be a number from 0 to 1, or null for no cap');

export const exposureBodySchema = z
  .strictObject({
    max_share: maxShare.nullable().meta({
      description: 'At most so much of what is left to the router; null takes the cap away',
      examples: [0.2],
    }),
    task: z
      .string({ error: 'must be a task' })
      .optional()
      .meta({ description: 'Of this task; of each task where it is left out', examples: ['code_review'] }),
  })
  .meta({ id: 'ExposureWish' });

const cap = z.object({
  task: taskSchema.nullable().meta({ description: 'null: of each task' }),
  max_share: z.number().min(0).max(1),
});

/** `POST /v1/intelligence/models/{id}/exposure` */
export const exposureSchema = z
  .object({
    object: z.literal('model_exposure'),
    model: z.string(),
    caps: z
      .array(cap)
      .meta({ description: 'All of this model; of two that hold for a task the smaller counts' }),
  })
  .meta({ id: 'ModelExposure' });

/** `GET /v1/intelligence/exposure` */
export const exposureListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z
        .object({
          model: z.string(),
          configured: z.boolean().meta({
            description: 'False for a model that left the configuration: what is set holds if it comes again',
          }),
          paused: z.boolean(),
          caps: z.array(cap),
        })
        .meta({ id: 'RestrictedModel' }),
    ),
  })
  .meta({ id: 'ExposureList' });
