import { z } from 'zod';

/** `POST /v1/intelligence/models/{id}/pause` and `/resume` */
export const modelServiceSchema = z
  .object({
    object: z.literal('model_service'),
    model: z.string(),
    paused: z.boolean(),
    others_in_service: z.int().nullable().meta({
      description:
        'Models of the same type that can still answer; null where the model is not configured any more',
    }),
  })
  .meta({ id: 'ModelService' });
