import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const MAX_TASKS = 32;
const MAX_TOKENS = 1_000_000_000_000;
const MAX_REQUESTS = 1_000_000_000;

const whole = (most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(1, 'must be at least 1')
    .max(most, `must be at most ${most}`);

const workSchema = z.strictObject({
  type: z
    .string({ error: 'must be a task' })
    .meta({ description: 'A task or one of its aliases, such as `review`', examples: ['review'] }),
  estimated_tokens: whole(MAX_TOKENS).meta({
    description: 'Of all its requests together, prompts and answers',
    examples: [20_000],
  }),
  requests: whole(MAX_REQUESTS)
    .optional()
    .meta({
      description: 'How many requests these tokens are; as many as usual ones would be where it is left out',
      examples: [40],
    }),
});

/** `POST /v1/intelligence/cost-forecast`. Strict: a misspelt `requests` would answer another question. */
export const costForecastBodySchema = z
  .strictObject({
    tasks: z
      .array(workSchema, { error: 'must be a list of tasks' })
      .min(1, 'must hold at least one task')
      .max(MAX_TASKS, `must hold at most ${MAX_TASKS} tasks`),
    strategy: z
      .string({ error: 'must be the name of a strategy' })
      .optional()
      .meta({ description: 'The default strategy where it is left out', examples: ['combined'] }),
  })
  .meta({ id: 'CostForecastBody' });

export const KNOWN_FORECAST_MEMBERS: readonly string[] = Object.keys(costForecastBodySchema.shape);
export const KNOWN_WORK_MEMBERS: readonly string[] = Object.keys(workSchema.shape);

const evidence = z
  .enum(['prior', 'mixed', 'observed'])
  .meta({ description: 'What the sizes of answers and the choice of models rest on' });
const samples = z
  .number()
  .meta({ description: 'Answers whose tokens were counted, of these models and tasks' });
const amounts = {
  expected_usd: z.number(),
  p10_usd: z.number().meta({ description: 'Lower bound of the 80 % interval' }),
  p90_usd: z.number().meta({ description: 'Upper bound of the 80 % interval' }),
  expected_quality: z.number().meta({ description: 'Believed mean over the requests, 0–1' }),
};

export const costForecastSchema = z
  .object({
    object: z.literal('cost_forecast'),
    strategy: z.string(),
    generated_at: z.iso.datetime(),
    tasks: z.array(
      z.object({
        type: taskSchema,
        estimated_tokens: z.int(),
        requests: z.int(),
        input_tokens: z.int().meta({ description: 'Of the estimated ones, those of prompts' }),
        ...amounts,
        samples,
        evidence,
        models: z
          .array(
            z.object({
              model: z.string(),
              provider: z.string(),
              share: z.number().min(0).max(1).meta({ description: 'Of the requests' }),
              output_tokens: z.int(),
              expected_usd: z.number(),
              price_known: z
                .boolean()
                .meta({ description: 'false: its price is not known, and counted as nothing' }),
              samples: z.number(),
              evidence,
            }),
          )
          .meta({ description: 'Whom the strategy would choose, the exploration included' }),
      }),
    ),
    total: z.object({ requests: z.int(), ...amounts, samples, evidence }),
    alternatives: z
      .array(z.object({ strategy: z.string(), ...amounts }))
      .meta({ description: 'The same work under the other strategies' }),
  })
  .meta({ id: 'CostForecast' });

/** `GET /v1/intelligence/cost-forecast` */
export const spendForecastQuerySchema = z.object({
  until: z
    .enum(['day', 'month'])
    .optional()
    .meta({ description: 'The end of the UTC day or month; `month` where it is left out' }),
  key_id: z
    .string()
    .optional()
    .meta({ description: 'Of this key alone; a key without `admin` may name itself only' }),
});

const time = z.string().meta({ examples: ['2026-11-28T00:00:00.000Z'] });
const atEnd = {
  expected_usd: z.number().meta({ description: 'Spent by the end, what is spent already included' }),
  p10_usd: amounts.p10_usd,
  p90_usd: amounts.p90_usd,
};

export const spendForecastSchema = z
  .object({
    object: z.literal('spend_forecast'),
    key_id: z.string().nullable().meta({ description: 'null: of all' }),
    until: z.enum(['day', 'month']),
    starts_at: time,
    ends_at: time,
    generated_at: time,
    spent_usd: z.number().meta({ description: 'Since `starts_at`' }),
    ...atEnd,
    level_usd_per_day: z.number().meta({ description: 'Now, without season' }),
    trend_usd_per_day: z.number().meta({ description: 'By which the level changes a day' }),
    history_hours: z.int().meta({ description: 'Hours it rests on, 1,344 at most; 0: nothing can be said' }),
    history_as_of: z.iso.datetime().meta({
      description:
        'When these hours were read in whole, less than two hours ago: what was removed since is still in them',
    }),
    past_forecasts: z.int().meta({ description: 'Whose errors the interval is made of' }),
    season: z
      .array(z.number())
      .meta({ description: 'By hour of the week from Monday 00:00 UTC, mean 1; empty without a history' }),
    hours: z
      .array(z.object({ hour: time, expected_usd: z.number() }))
      .meta({ description: 'From the present hour on, of which what is left counts' }),
    days: z.array(z.object({ ends_at: time, ...atEnd })).meta({
      description: 'What will have been spent since `starts_at` at the end of each UTC day ahead',
    }),
    budgets: z.array(
      z.object({
        budget: z.string().meta({ description: '`total`, or the id of a key' }),
        key_id: z.string().nullable(),
        key_name: z.string().nullable(),
        window: z.enum(['day', 'month']),
        limit_usd: z.number(),
        spent_usd: z.number(),
        remaining_usd: z.number(),
        resets_at: time,
        ...atEnd,
        runway_hours: z
          .number()
          .nullable()
          .meta({ description: 'Until it is used up; null: it lasts until it begins anew' }),
        exhausted_at: time.nullable(),
        exhausted_at_earliest: time
          .nullable()
          .meta({ description: 'When as much is spent as `p90_usd` says' }),
        exhausted_at_latest: time
          .nullable()
          .meta({ description: 'When as little is spent as `p10_usd` says' }),
      }),
    ),
    budgets_left_out: z.int().meta({
      description: 'Budgets of further keys; the 20 fullest keys are looked at, `key_id` asks for one',
    }),
  })
  .meta({ id: 'SpendForecast' });
