import { z } from 'zod';

const time = z.string().meta({ examples: ['2026-11-01T00:00:00.000Z'] });

/** `?group_by=day,model&from=2026-11-01` */
export const usageQuerySchema = z.object({
  group_by: z
    .string()
    .optional()
    .meta({
      description:
        'Any of `key`, `model`, `task`, `day` and `hour`, with commas between them; `day` where it is left out',
      examples: ['day,model'],
    }),
  from: z
    .string()
    .optional()
    .meta({
      description:
        'A day (its beginning in UTC) or a time with its zone, taken down to the hour; 30 days before `to` where it is left out',
      examples: ['2026-11-01'],
    }),
  to: z
    .string()
    .optional()
    .meta({
      description:
        'Likewise, taken up to the hour and not part of the window; now where it is left out. At most 400 days after `from`',
      examples: ['2026-12-01'],
    }),
  task: z
    .string()
    .optional()
    .meta({
      description: 'Of one task only; aliases such as `code` are understood',
      examples: ['translation'],
    }),
  limit: z
    .string()
    .optional()
    .meta({ description: 'Groups of a page, 1 to 1000', examples: ['100'] }),
  page: z
    .string()
    .optional()
    .meta({ description: 'From 1; `next_page` of the answer before', examples: ['2'] }),
});

const amounts = {
  requests: z
    .int()
    .meta({ description: 'Calls to models that have ended; one that failed over is counted at each' }),
  completed: z.int(),
  failures: z
    .int()
    .meta({ description: 'Of those, the ones that speak against the provider (docs/faults.md)' }),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.number().meta({ examples: [0.421337] }),
};

const usageGroupSchema = z
  .object({
    day: z
      .string()
      .optional()
      .meta({ description: 'In UTC', examples: ['2026-11-28'] }),
    hour: z
      .string()
      .optional()
      .meta({ description: 'Its beginning, in UTC', examples: ['2026-11-28T13:00:00.000Z'] }),
    key_id: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'null: without a key, while the gateway was open; `judge`: its own judge' }),
    key_name: z.string().nullable().optional(),
    model: z.string().optional(),
    task: z
      .string()
      .optional()
      .meta({ examples: ['translation'] }),
    ...amounts,
  })
  .meta({ id: 'UsageReportGroup', description: 'What is not grouped by is left out' });

/** `GET /v1/usage` */
export const usageSchema = z
  .object({
    object: z.literal('usage'),
    from: time,
    to: time,
    group_by: z.array(z.enum(['key', 'model', 'task', 'day', 'hour'])),
    data: z.array(usageGroupSchema),
    total: z.object(amounts).meta({ description: 'Of all pages together' }),
    has_more: z.boolean(),
    next_page: z.int().nullable(),
  })
  .meta({ id: 'UsageReport' });
