import { z } from 'zod';
import { CAPABILITIES, MODEL_TYPES } from '../core/catalog/model.ts';

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
    capabilities: z.array(z.enum(CAPABILITIES)),
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
    pricing_per_million: z
      .object({ prompt: z.number(), completion: z.number(), input_cache_read: z.number() })
      .nullish()
      .meta({ description: 'The same in USD per million tokens' }),
    scores: z
      .record(z.string(), z.object({ quality: z.number(), samples: z.number(), evidence: z.string() }))
      .optional()
      .meta({ description: 'Learnt quality by task, only where it was observed' }),
  })
  .meta({ id: 'Model' });

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .meta({ id: 'ModelList' });
