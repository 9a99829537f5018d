import { z } from 'zod';
import { DIRECTIONS } from '../../core/tally/trend.ts';
import { TURN_BANDS } from '../../core/task/request-shape.ts';
import { REQUEST_SIZES } from '../../core/task/request-size.ts';
import { taskSchema } from '../inference/decision-schema.ts';

const share = z.number().min(0).max(1);
const direction = z
  .enum(DIRECTIONS)
  .meta({ description: 'What is beyond chance, at 99 %; `steady` is everything else', examples: ['rising'] });

export const patternsQuerySchema = z.object({
  window: z.enum(['24h', '7d', '30d']).optional().meta({ description: '`7d` unless said' }),
  task: z.string().optional().meta({ description: 'One task only; aliases such as `code` are understood' }),
  model: z.string().optional().meta({ description: 'Kinds of requests that this model was asked in' }),
  language: z
    .string()
    .optional()
    .meta({ description: 'ISO 639-1, or `und`', examples: ['en'] }),
  min_requests: z
    .string()
    .optional()
    .meta({ description: 'Buckets of fewer requests are counted, not shown; 10 unless said' }),
  limit: z.string().optional().meta({ description: '1 to 100; 20 unless said' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the answer before' }),
});

const amounts = {
  requests: z.int().meta({ description: 'That were begun here' }),
  success_rate: share.nullable().meta({ description: 'Completed attempts, of those that say something' }),
  cost_usd: z.number(),
  cost_usd_per_1k_requests: z.number().nullable(),
};

const trend = z
  .object({
    direction,
    requests_before: z.int(),
    change: z
      .number()
      .nullable()
      .meta({ description: 'Of requests an hour: 0.5 is half as much again; null where there were none' }),
  })
  .nullable()
  .meta({ description: 'Against the window before; null where too little of that was recorded' });

const shares = {
  share: share.meta({ description: 'Of the requests of this bucket or task' }),
  share_before: share.nullable(),
  direction: direction.nullable(),
};

const others = z
  .object({ models: z.int(), requests: z.int() })
  .meta({ description: 'Left out for being too few, or of too few keys; an admin sees all' });

const patternModelSchema = z
  .object({
    model: z.string(),
    ...amounts,
    ...shares,
    latency_ms: z.number().nullable().meta({ description: 'Mean of completed attempts' }),
    quality: z
      .object({
        mean: share,
        low_90: share,
        high_90: share,
        evidence: z.enum(['prior', 'mixed', 'observed']).meta({
          description:
            '`prior`: nothing was said of answers in this bucket, the belief about the task stands in; `observed`: what was said outweighs it',
        }),
        samples: z.number().meta({ description: 'Labelled outcomes in this bucket' }),
      })
      .meta({ description: 'Never a mean of a few verdicts: those move the belief about the task' }),
  })
  .meta({ id: 'PatternModel' });

/** `GET /v1/intelligence/patterns` */
export const patternsSchema = z
  .object({
    object: z.literal('patterns'),
    window: z.enum(['24h', '7d', '30d']),
    from: z.iso
      .datetime()
      .meta({ description: 'A window begins with the day, or the six hours, it falls into' }),
    to: z.iso.datetime(),
    before: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }).nullable(),
    generated_at: z.iso.datetime(),
    min_requests: z.int(),
    min_keys: z.int().meta({ description: 'Buckets of fewer keys are counted, not shown' }),
    total: z.object({ ...amounts, trend }),
    trending: z
      .array(
        z.object({
          task: taskSchema,
          requests: z.int(),
          trend,
          models: z.array(z.object({ model: z.string(), requests: z.int(), ...shares })),
          other_models: others,
        }),
      )
      .meta({ description: 'Per task, which models are used more, or less, than before' }),
    data: z
      .array(
        z
          .object({
            task: taskSchema,
            size: z
              .enum(REQUEST_SIZES)
              .meta({ description: 'Of the prompt: under 500 tokens, under 4,000, under 32,000, more' }),
            tools: z.boolean(),
            turns: z.enum(TURN_BANDS).meta({ description: 'How many times the user has spoken' }),
            language: z.string().meta({ examples: ['en'] }),
            ...amounts,
            share: share.meta({ description: 'Of all requests' }),
            trend,
            models: z.array(patternModelSchema),
            other_models: others,
          })
          .meta({ id: 'Pattern' }),
      )
      .meta({ description: 'The busiest first' }),
    suppressed: z.object({ buckets: z.int(), requests: z.int() }),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Patterns' });
