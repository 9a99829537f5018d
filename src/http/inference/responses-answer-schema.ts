import { z } from 'zod';
import { routerMetadataSchema } from './decision-schema.ts';

/** OpenAI's `Response`, as far as every answer has it. */
export const responseSchema = z
  .looseObject({
    id: z.string().meta({ description: 'The id of the request behind `resp_`' }),
    object: z.literal('response'),
    created_at: z.number(),
    status: z.enum(['completed', 'incomplete', 'failed', 'in_progress']),
    model: z.string().meta({ description: 'The model that answered' }),
    output: z.array(z.looseObject({ type: z.string() })).meta({
      description: 'What the model thought, its message, its calls of functions',
    }),
    incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
    error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    usage: z
      .looseObject({
        input_tokens: z.int(),
        output_tokens: z.int(),
        total_tokens: z.int(),
        cost: z.number().optional().meta({ description: 'USD' }),
        cost_usd: z.number().optional(),
      })
      .optional(),
    router_metadata: routerMetadataSchema.optional(),
  })
  .meta({ id: 'Response' });

export const deletedResponseSchema = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});
