import { z } from 'zod';

const status = z.enum(['healthy', 'degraded', 'down', 'idle']);
const share = z.number().min(0).max(1);

export const healthQuerySchema = z.object({
  provider: z.string().optional(),
  model: z.string().optional(),
  status: status.optional().meta({ description: 'Endpoints of this status only' }),
  limit: z.string().optional().meta({ description: 'At most so many endpoints, 1–1,000; all unless said' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the answer before' }),
});

const percentiles = z
  .object({ p50: z.number(), p75: z.number(), p90: z.number(), p95: z.number(), p99: z.number() })
  .nullable()
  .meta({ description: 'Over the last 30 minutes; null without a completed request' });

const endpointSchema = z
  .object({
    endpoint: z.string(),
    provider: z.string(),
    model: z.string(),
    status,
    uptime: windowsOf(share.nullable()).meta({
      description: 'Share of completed attempts; null without any',
    }),
    requests: windowsOf(z.int()),
    latency_ms: percentiles,
    ttft_ms: percentiles,
    errors: z.record(z.string(), share).meta({ description: 'By how they ended, over the last 30 minutes' }),
    breaker: z.object({
      state: z.enum(['closed', 'open', 'half_open']),
      consecutive_failures: z.int(),
      opened_times: z.int(),
      next_probe_at: z.iso.datetime().nullable(),
    }),
    cooling_until: z.iso.datetime().nullable().meta({ description: 'The provider asked for this rest' }),
    disabled: z.boolean(),
  })
  .meta({ id: 'EndpointHealth' });

/** `GET /v1/intelligence/health` */
export const healthSchema = z
  .object({
    object: z.literal('health'),
    scope: z.literal('process').meta({
      description:
        'All of it is what one process saw and does: of several on one store each has an answer of its own',
    }),
    process: z.object({
      id: z.string().meta({
        description: "Drawn at its start; ids of the routing stream's events begin with it",
        examples: ['5f0c2ab1'],
      }),
      started_at: z.iso.datetime().meta({ description: 'Nothing from before is in any window' }),
    }),
    status,
    generated_at: z.iso.datetime(),
    data: z
      .array(z.object({ provider: z.string(), status, endpoints: z.array(endpointSchema) }))
      .meta({ description: '`status` of a provider is that of all its endpoints, shown or not' }),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Health' });

function windowsOf<Value extends z.ZodType>(value: Value) {
  return z.object({ '5m': value, '30m': value, '1d': value });
}
