import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';
import { intervalSchema, loggedSchema, offPolicyEstimateSchema, periodMembers } from './off-policy-schema.ts';

/** `GET /v1/intelligence/savings` */
export const savingsQuerySchema = z.object({
  window: z
    .enum(['24h', '7d', '30d', '90d'])
    .optional()
    .meta({ description: 'In whole UTC days, today included; `30d` where it is left out' }),
  task: z.string().optional().meta({ description: 'One task only; aliases such as `code` are understood' }),
  baseline: z.string().optional().meta({
    description: 'A model to compare with beside the others; `routing.baseline` where it is left out',
  }),
});

const comparisonSchema = z
  .object({
    against: z.enum(['best', 'dearest', 'cheapest', 'baseline']).meta({
      description:
        'Always the model that is believed best over this traffic, always the one that would cost most, always the one that would cost least, always the one that was named',
    }),
    model: z.string(),
    cost_usd: offPolicyEstimateSchema.meta({
      description: 'What the same requests would have cost there, USD',
    }),
    quality: offPolicyEstimateSchema.meta({ description: 'How good the answers would have been, 0–1' }),
    saved_usd: intervalSchema
      .nullable()
      .meta({ description: '`cost_usd` less what was spent; null where that is refused' }),
    saved_share: intervalSchema
      .nullable()
      .meta({ description: '`saved_usd` of `cost_usd`: 0.4 is 40 % less; below 0 where routing cost more' }),
    quality_gain: intervalSchema.nullable().meta({
      description: 'Quality of what was chosen less that of this model; null where either is unknown',
    }),
    expected_cost_usd: z.number().nullable().meta({
      description:
        'What the router expected of it when it decided, by list price and learnt tokens. No estimate, and there also where one is refused',
    }),
  })
  .meta({ id: 'SavingsComparison' });

export const savingsSchema = z
  .object({
    object: z.literal('savings'),
    ...periodMembers,
    task: taskSchema.nullable().meta({ description: 'null: all tasks' }),
    logged: loggedSchema,
    comparisons: z.array(comparisonSchema),
    tasks: z
      .array(z.object({ task: taskSchema, logged: loggedSchema, comparisons: z.array(comparisonSchema) }))
      .meta({ description: 'The same models task by task, those with most requests first' }),
  })
  .meta({ id: 'Savings' });
