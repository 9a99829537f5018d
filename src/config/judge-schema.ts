import { z } from 'zod';

/** `[judge]`: a model that scores a sample of the answers. */
export const judgeSchema = z.strictObject({
  enabled: z.boolean().default(false),
  model: z.string().max(256).default(''),
  mode: z.enum(['rubric', 'pairwise']).default('rubric'),
  share: z.number().min(0).max(1).default(0.05),
  budget_usd_per_day: z.number().min(0).max(1_000_000).default(1),
  max_parallel: z.int().min(1).max(64).default(2),
  max_waiting: z.int().min(1).max(10_000).default(100),
  verdict_tokens: z.int().min(8).max(100_000).default(100),
});
