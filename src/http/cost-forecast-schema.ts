import { z } from 'zod';
import { taskSchema } from './decision-schema.ts';

const MAX_TASKS = 32;
const MAX_TOKENS = 1_000_000_000_000;
const MAX_REQUESTS = 1_000_000_000;

const whole = (most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(1, 'must be at least 1')
    .max(most, `must be at most ${most}`);

/** `POST /v1/intelligence/cost-forecast`. Strict: a misspelt `requests` would answer another question. */
export const costForecastBodySchema = z
  .strictObject({
    tasks: z
      .array(
        z.strictObject({
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
              description:
                'How many requests these tokens are; as many as usual ones would be where it is left out',
              examples: [40],
            }),
        }),
        { error: 'must be a list of tasks' },
      )
      .min(1, 'must hold at least one task')
      .max(MAX_TASKS, `must hold at most ${MAX_TASKS} tasks`),
    strategy: z
      .string({ error: 'must be the name of a strategy' })
      .optional()
      .meta({ description: 'The default strategy where it is left out', examples: ['combined'] }),
  })
  .meta({ id: 'CostForecastBody' });

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
