import { z } from 'zod';

/** A mean with the bounds of its 90 % interval. */
export const intervalSchema = z
  .object({ mean: z.number(), low_90: z.number(), high_90: z.number() })
  .meta({ id: 'Interval90', description: 'A mean with the bounds of its 90 % interval' });

export const REFUSAL_CODES = [
  'no_traffic',
  'not_rated',
  'too_few_samples',
  'no_support',
  'no_model',
  'not_replayable',
] as const;

export const estimateRefusalSchema = z
  .object({
    code: z.enum(REFUSAL_CODES).meta({
      description:
        '`no_traffic`: nothing was chosen freely; `not_rated`: nobody said how good answers were; `too_few_samples`: an effective sample below 50; `no_support`: most of its choices could not have been drawn; `no_model`: it leaves no model for some task; `not_replayable`: what it does is in no log (cascades)',
    }),
    message: z.string().meta({ description: 'One sentence: why there is no number, and what would help' }),
  })
  .meta({ id: 'EstimateRefusal' });

/** What a policy would have had of one measure, on the requests that the log holds. */
export const offPolicyEstimateSchema = z
  .object({
    doubly_robust: intervalSchema.nullable().meta({ description: 'The one to believe; null where refused' }),
    snips: intervalSchema.nullable().meta({
      description:
        'By importance weights alone: no assumption, more noise; null where refused, and where weights alone say too little',
    }),
    samples: z
      .int()
      .meta({ description: 'Logged choices it rests on; of quality: those that somebody rated' }),
    effective_sample_size: z.number().meta({ description: '(Σw)²/Σw² of the importance weights' }),
    unsupported_share: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: "Of the policy's choices, those that the log could not have drawn" }),
    refusal: estimateRefusalSchema
      .nullable()
      .meta({ description: 'Why there is no number; null where there is' }),
  })
  .meta({ id: 'OffPolicyEstimate' });

/** What the logged requests did themselves. */
export const loggedSchema = z
  .object({
    requests: z.int().meta({ description: 'Chosen freely, and answered by the model that was drawn first' }),
    cost_usd: z.number().meta({ description: 'Of all of them, as charged' }),
    cost_usd_per_1k_requests: z.number(),
    seconds: z
      .number()
      .nullable()
      .meta({ description: 'Mean until the answer was whole; null without requests' }),
    quality: intervalSchema
      .nullable()
      .meta({ description: 'Mean over the requests, from those that were rated; null where none was' }),
    rated: z.int().meta({ description: 'Requests whose quality a person, a test, a check or a judge told' }),
    models: z
      .array(z.object({ model: z.string(), share: z.number().min(0).max(1) }))
      .meta({ description: 'Whom they went to' }),
  })
  .meta({ id: 'LoggedTraffic' });

export const periodMembers = {
  window: z.string().meta({ examples: ['30d'] }),
  from: z.string().meta({
    description: 'First UTC day that is part of it',
    examples: ['2026-10-30T00:00:00.000Z'],
  }),
  to: z
    .string()
    .meta({ description: 'End of the last one, which is today', examples: ['2026-11-29T00:00:00.000Z'] }),
  generated_at: z.string().meta({ examples: ['2026-11-28T09:00:00.000Z'] }),
};
