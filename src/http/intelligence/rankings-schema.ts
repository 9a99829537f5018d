import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const share = z.number().min(0).max(1);
const perSide = z.object({ baseline: z.number().nullable(), choice: z.number().nullable() });

export const rankingsQuerySchema = z.object({
  task: z.string().optional().meta({ description: 'One task only; aliases such as `code` are understood' }),
  strategy: z
    .string()
    .optional()
    .meta({ description: 'By whose values; the default strategy where none is named' }),
  window: z.string().optional().meta({ description: 'How far back traffic is counted', example: '24h' }),
  sort: z.enum(['probability', 'quality', 'cost', 'latency', 'traffic']).optional(),
  model: z.string().optional().meta({ description: 'This model only, with its rank among all' }),
  provider: z
    .string()
    .optional()
    .meta({ description: 'Models at this provider only, with their ranks among all' }),
  limit: z
    .string()
    .optional()
    .meta({ description: 'At most so many models of each task, 1–1,000; all unless said' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the answer before' }),
});

const rankedModelSchema = z
  .object({
    rank: z.int(),
    model: z.string(),
    probability_best: share.meta({
      description: 'That it is the best for this strategy, under what is believed',
    }),
    quality: z.object({
      mean: z.number(),
      low_90: z.number(),
      high_90: z.number(),
      alpha: z
        .number()
        .meta({ description: 'The belief is Beta(alpha, beta): what a picture of it is drawn by' }),
      beta: z.number(),
    }),
    evidence: z.enum(['prior', 'mixed', 'observed']),
    samples: z.number(),
    success_rate: share.nullable(),
    latency_ms: z
      .object({
        p50: z.number(),
        p95: z.number().nullable(),
        ttft_p50: z.number().nullable(),
        measured: z.boolean(),
      })
      .meta({ description: 'Of the last day where there is something to measure, believed otherwise' }),
    cost_usd_per_1k_requests: z.number(),
    requests: z.int(),
    traffic_share: share,
    would_have_share: share.nullable(),
    paused: z.boolean().meta({ description: 'An operator has taken it out of service' }),
    exposure: z
      .object({ max_share: share })
      .nullable()
      .meta({ description: 'The most an operator allows it of this task’s choices' }),
    trial: z.object({ max_requests: z.int(), remaining: z.int() }).nullable(),
    endpoints: z.array(z.object({ provider: z.string(), circuit: z.string() })),
  })
  .meta({ id: 'RankedModel' });

/** `GET /v1/intelligence/rankings` */
export const rankingsSchema = z
  .object({
    object: z.literal('list'),
    strategy: z.string(),
    window: z.string(),
    budget: z
      .object({
        usd_per_1k_requests: z.number(),
        spent_usd_per_1k_requests: z.number(),
        multiplier: z.number(),
        cost_penalty: z.number(),
      })
      .nullable(),
    mode: z.enum(['route', 'observe']),
    observed: z
      .object({
        baseline: z.string(),
        requests: z.int(),
        agreement: share.nullable(),
        expected_usd_per_1k_requests: perSide.extend({ saving: z.number().nullable() }),
        expected_quality: perSide.extend({ gain: z.number().nullable() }),
      })
      .nullable(),
    generated_at: z.iso.datetime(),
    data: z.array(
      z.object({
        task: taskSchema,
        requests: z.int(),
        best: z.string().nullable(),
        models: z.array(rankedModelSchema),
      }),
    ),
    has_more: z.boolean().meta({ description: 'Of some task there are further models' }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Rankings' });
