import { z } from 'zod';

export const requestListQuerySchema = z.object({
  limit: z.string().optional().meta({ description: '1 to 200; 50 unless said' }),
  before: z.string().optional().meta({ description: '`next_before` of the answer before' }),
  task: z.string().optional(),
  model: z.string().optional().meta({ description: 'That was asked, whether it answered or not' }),
  reason: z
    .string()
    .optional()
    .meta({ description: '`auto`, `explore`, `explicit`, `sticky`, `fallback`, `dry-run`, `judge`' }),
});

/** `GET /v1/requests` */
export const requestListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z
        .object({
          request_id: z.string(),
          created_at: z.iso.datetime(),
          key_id: z.string().nullable(),
          requested_model: z.string(),
          task: z.string(),
          strategy: z.string(),
          reason: z.string(),
          stream: z.boolean(),
          model: z
            .string()
            .nullable()
            .meta({ description: 'Whose answer the client got, or who was asked last' }),
          provider: z.string().nullable(),
          attempts: z.int(),
          ending: z.string(),
          cost_usd: z.number(),
          latency_ms: z.number(),
          score: z.number().nullable().meta({ description: 'Of the weightiest verdict from outside' }),
        })
        .meta({ id: 'RequestLine' }),
    ),
    next_before: z.string().nullable().meta({
      description: 'Where to go on; also after a short page, as a filter looks at 2,000 requests at a time',
    }),
  })
  .meta({ id: 'RequestList' });
