import { z } from 'zod';
import { CAPABILITIES, MODEL_TYPES } from '../../core/catalog/model.ts';
import { perUnit, pricingPerMillionSchema } from './models-schema.ts';

export const runnableQuerySchema = z.object({
  type: z.enum(MODEL_TYPES).optional().meta({ description: 'A type of model; all when left out' }),
  needs: z
    .string()
    .optional()
    .meta({ description: 'Capabilities, separated by commas', example: 'tools,vision' }),
  parameters: z
    .string()
    .optional()
    .meta({ description: 'Parameters that the request will have', example: 'logit_bias,seed' }),
  context_length: z.string().optional().meta({ description: 'Tokens of prompt and answer together' }),
  max_price: z
    .string()
    .optional()
    .meta({ description: 'Ceiling on the prices of prompt and answer tokens, USD per million' }),
  max_unit_price: z
    .string()
    .optional()
    .meta({ description: 'Ceiling for one image, second, character or search, USD', example: '0.05' }),
  provider: z.string().optional(),
});

/** `GET /v1/catalog/runnable` */
export const runnableSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        id: z.string(),
        object: z.literal('model'),
        type: z.enum(MODEL_TYPES),
        context_length: z.int(),
        capabilities: z.array(z.enum(CAPABILITIES)),
        endpoints: z.array(
          z.object({
            provider: z.string(),
            pricing_per_million: pricingPerMillionSchema.nullable(),
            ...perUnit,
          }),
        ),
      }),
    ),
    filtered_out: z
      .array(
        z.object({
          model: z.string(),
          provider: z.string(),
          reason: z.string().meta({ example: 'waking' }),
          message: z.string(),
          retry_after_seconds: z.int().optional(),
        }),
      )
      .meta({ description: 'Endpoints that could not be used now, and why' }),
    filtered_counts: z.record(z.string(), z.int()).meta({
      description: 'Endpoints by reason, with those that this key may not use, which are not named',
    }),
  })
  .meta({ id: 'Runnable' });
