import { z } from 'zod';

const usd = z.number().min(0);
const time = z.string().meta({ examples: ['2026-11-28T00:00:00.000Z'] });

const budgetSchema = z
  .object({
    object: z.literal('budget'),
    budget: z.string().meta({ description: '`total`, or the id of a key', examples: ['total'] }),
    key_id: z.string().nullable(),
    key_name: z.string().nullable(),
    window: z.enum(['day', 'month']).meta({ description: 'Of UTC' }),
    limit_usd: usd,
    spent_usd: usd.meta({ description: 'What the rows of the attempts say' }),
    reserved_usd: usd.meta({ description: 'What attempts under way are estimated at' }),
    remaining_usd: usd,
    share: usd.meta({ description: 'Spent of the limit; above 1 when answers cost more than was estimated' }),
    on_exhausted: z.enum(['stop', 'downgrade']),
    starts_at: time,
    resets_at: time,
  })
  .meta({ id: 'Budget' });

/** `GET /v1/budgets` */
export const budgetListSchema = z
  .object({ object: z.literal('list'), data: z.array(budgetSchema) })
  .meta({ id: 'BudgetList' });
