import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';
import { loggedSchema, offPolicyEstimateSchema, periodMembers } from './off-policy-schema.ts';

export const MAX_POLICIES = 64;
const MAX_USD = 1_000_000;

const usd = z
  .number({ error: 'must be a number' })
  .min(0, 'must not be negative')
  .max(MAX_USD, `must be at most ${MAX_USD}`);

const policyMembers = {
  strategy: z
    .string({ error: 'must be the name of a strategy' })
    .optional()
    .meta({
      description: 'Whose values hold where none are given; the default strategy where it is left out',
      examples: ['quality'],
    }),
  value_of_quality_usd: usd
    .optional()
    .meta({ description: 'V: what a perfect answer is worth over a useless one', examples: [0.02] }),
  value_of_second_usd: usd
    .optional()
    .meta({ description: 'T: what a second of waiting costs', examples: [0.0005] }),
  min_quality: z
    .number({ error: 'must be a number' })
    .min(0, 'must be from 0 to 1')
    .max(1, 'must be from 0 to 1')
    .optional()
    .meta({ description: 'Models believed below this are left out once there is evidence' }),
  models: z
    .array(z.string({ error: 'must be the id of a model' }), { error: 'must be a list of models' })
    .min(1, 'must name at least one model')
    .max(256, 'must name at most 256 models')
    .optional()
    .meta({ description: 'Only these; all there are where it is left out' }),
  budget_usd_per_1k_requests: usd.optional().meta({ description: 'What 1,000 requests may cost on average' }),
};

const policySchema = z.strictObject({
  name: z
    .string({ error: 'must be a text' })
    .max(64, 'must have at most 64 characters')
    .optional()
    .meta({ description: 'For you to find it by; its strategy, or its place, where it is left out' }),
  ...policyMembers,
});

/** `POST /v1/intelligence/replay`. Strict: a misspelt member would answer another question. */
export const replayBodySchema = z
  .strictObject({
    window: z
      .string({ error: 'must be a window' })
      .optional()
      .meta({ description: '`24h`, `7d`, `30d` or `90d`, in whole UTC days; `30d` where it is left out' }),
    task: z.string({ error: 'must be a task' }).optional().meta({ description: 'One task only' }),
    policies: z
      .array(policySchema, { error: 'must be a list of policies' })
      .min(1, 'must hold at least one policy')
      .max(MAX_POLICIES, `must hold at most ${MAX_POLICIES} policies`)
      .optional(),
    ...policyMembers,
  })
  .meta({ id: 'ReplayBody' });

export const KNOWN_REPLAY_MEMBERS: readonly string[] = Object.keys(replayBodySchema.shape);
export const KNOWN_POLICY_MEMBERS: readonly string[] = Object.keys(policySchema.shape);

const mixSchema = z.array(z.object({ model: z.string(), share: z.number().min(0).max(1) }));

export const replaySchema = z
  .object({
    object: z.literal('replay'),
    ...periodMembers,
    task: taskSchema.nullable().meta({ description: 'null: all tasks' }),
    logged: loggedSchema,
    policies: z.array(
      z
        .object({
          name: z.string(),
          strategy: z.string(),
          value_of_quality_usd: z.number(),
          value_of_second_usd: z.number(),
          min_quality: z.number(),
          allowed_models: z.array(z.string()).nullable().meta({ description: 'null: all there are' }),
          budget_usd_per_1k_requests: z.number().nullable(),
          warnings: z.array(z.object({ code: z.enum(['budget_not_met']), message: z.string() })).meta({
            description: 'What was asked for and could not be kept; the numbers are those of the nearest',
          }),
          models: mixSchema.meta({ description: 'Whom the requests would go to, by what is believed today' }),
          tasks: z.array(z.object({ task: taskSchema, requests: z.int(), models: mixSchema })),
          cost_usd_per_1k_requests: offPolicyEstimateSchema,
          quality: offPolicyEstimateSchema,
          seconds: offPolicyEstimateSchema.meta({ description: 'Mean until an answer is whole' }),
          expected_cost_usd_per_1k_requests: z.number().nullable().meta({
            description: 'By list price and learnt tokens. No estimate, and there also where one is refused',
          }),
        })
        .meta({ id: 'ReplayedPolicy' }),
    ),
  })
  .meta({ id: 'Replay' });
