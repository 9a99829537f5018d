import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const share = z.number().min(0).max(1);

export const recommendationsQuerySchema = z.object({
  task: z.string().meta({
    description: 'A type such as `code_review`, or what is to be done in a few words',
    example: 'code review',
  }),
  limit: z.string().optional().meta({ description: 'At most so many, 1–100; 5 unless said' }),
  max_cost_usd: z
    .string()
    .optional()
    .meta({ description: 'Leaves out what a typical request costs more at' }),
  max_latency_ms: z.string().optional().meta({ description: 'Leaves out what is known to take longer' }),
  needs: z
    .string()
    .optional()
    .meta({ description: 'Capabilities, separated by commas', example: 'tools,vision' }),
  model: z.string().optional().meta({ description: 'What is to be said of this model alone' }),
  provider: z.string().optional().meta({ description: 'What is at this provider alone' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the answer before' }),
  strategy: z
    .string()
    .optional()
    .meta({ description: 'By whose values; the default strategy where none is named' }),
});

/** `GET /v1/intelligence/recommendations` */
export const recommendationsSchema = z
  .object({
    object: z.literal('recommendations'),
    task: z.object({
      type: taskSchema,
      confidence: share.meta({ description: 'Of the classification; 1 for a type that was named' }),
      named: z.boolean(),
    }),
    strategy: z.string(),
    typical_request: z.object({ input_tokens: z.int() }),
    generated_at: z.iso.datetime(),
    data: z.array(
      z.object({
        rank: z.int(),
        model: z.string(),
        provider: z.string(),
        reason: z.string().meta({ description: 'One sentence' }),
        probability_best: share,
        quality: z.object({ mean: z.number(), low_90: z.number(), high_90: z.number() }),
        evidence: z.enum(['prior', 'mixed', 'observed']),
        samples: z.number(),
        estimated_cost_usd: z.number(),
        estimated_latency_ms: z.number(),
        estimated_ttft_ms: z.number(),
        estimated_output_tokens: z.number(),
      }),
    ),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
    excluded: z.array(z.object({ model: z.string(), endpoint: z.string(), reason: z.string() })),
  })
  .meta({ id: 'Recommendations' });
