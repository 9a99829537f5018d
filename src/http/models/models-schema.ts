import { z } from 'zod';
import { CAPABILITIES, MODEL_TYPES } from '../../core/catalog/model.ts';

/** As `gateway/reports/endpoint-status.ts` says it. */
const readiness = {
  status: z
    .enum(['ready', 'waking', 'cooling', 'open', 'disabled', 'paused'])
    .meta({ description: '`open`: its breaker is; `disabled`: its provider does not know it' }),
  retry_after_seconds: z.int().optional().meta({ description: 'When it may be ready; absent if it is' }),
};

export const perUnit = {
  pricing_per_unit: z
    .object({ unit: z.enum(['image', 'second', 'character', 'search']), usd: z.number() })
    .optional()
    .meta({ description: 'Of models that are sold by something else than tokens' }),
};

export const pricingPerMillionSchema = z.object({
  prompt: z.number(),
  completion: z.number(),
  input_cache_read: z.number(),
});

/** One model of `GET /v1/models`, as OpenAI has it, with what else is known of it. */
export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    name: z.string(),
    type: z.enum(MODEL_TYPES),
    description: z.string().optional(),
    context_length: z.int().meta({ description: 'Tokens of prompt and answer together' }),
    max_output_tokens: z.int().optional(),
    dimensions: z.int().optional(),
    default_temperature: z.number().optional(),
    capabilities: z.array(z.enum(CAPABILITIES)),
    architecture: z.object({
      modality: z.string().meta({ example: 'text+image->text' }),
      input_modalities: z.array(z.string()),
      output_modalities: z.array(z.string()),
    }),
    top_provider: z.object({ context_length: z.int(), max_completion_tokens: z.int().nullable() }).optional(),
    ...readiness,
    endpoints: z
      .array(
        z.object({
          provider: z.string(),
          ...readiness,
          pricing_per_million: pricingPerMillionSchema.nullable(),
          ...perUnit,
          unsupported_parameters: z.array(z.string()).optional(),
        }),
      )
      .optional(),
    supported_parameters: z.array(z.string()).optional(),
    supported_sampling_parameters: z.array(z.string()).optional(),
    providers: z.array(z.string()).optional(),
    pricing: z
      .object({ prompt: z.string(), completion: z.string(), input_cache_read: z.string() })
      .nullish()
      .meta({
        description:
          'USD per token, as decimal strings; of the cheapest endpoint; null where no price is known',
      }),
    pricing_per_million: pricingPerMillionSchema
      .nullish()
      .meta({ description: 'The same in USD per million tokens' }),
    ...perUnit,
    scores: z
      .record(z.string(), z.object({ quality: z.number(), samples: z.number(), evidence: z.string() }))
      .optional()
      .meta({ description: 'Learnt quality by task, only where it was observed' }),
  })
  .meta({ id: 'Model' });

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .meta({ id: 'ModelList' });
