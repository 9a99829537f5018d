import { z } from 'zod';
import { routerMetadataSchema } from './decision-schema.ts';

/** The provider's own members pass through: only what every answer has is named. */
const usageSchema = z
  .looseObject({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    cost: z.number().optional().meta({ description: 'USD' }),
    cost_usd: z.number().optional(),
  })
  .meta({ id: 'Usage' });

export const chatAnswerSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string().meta({ description: 'The model that answered' }),
    choices: z.array(
      z.looseObject({
        index: z.int(),
        message: z.looseObject({ role: z.string(), content: z.string().nullish() }),
        finish_reason: z.string().nullable(),
      }),
    ),
    usage: usageSchema,
    router_metadata: routerMetadataSchema.optional(),
  })
  .meta({ id: 'ChatCompletion' });

/** What the headers of an answer say of the choice. */
/** On every answer to a caller with a limit, those of errors too. */
const rateLimitHeaders = {
  'x-ratelimit-limit-requests': z.string().optional().meta({ description: 'Requests a minute' }),
  'x-ratelimit-remaining-requests': z.string().optional(),
  'x-ratelimit-reset-requests': z
    .string()
    .optional()
    .meta({ description: 'How long until all of them are there again', example: '17s' }),
  'x-ratelimit-limit-tokens': z.string().optional().meta({ description: 'Tokens a minute' }),
  'x-ratelimit-remaining-tokens': z.string().optional(),
  'x-ratelimit-reset-tokens': z
    .string()
    .optional()
    .meta({ description: 'How long until all of them are there again', example: '1m0s' }),
  'x-ratelimit-remaining': z
    .string()
    .optional()
    .meta({ description: 'Requests left; tokens, where only those are limited' }),
  'x-ratelimit-reset': z
    .string()
    .optional()
    .meta({ description: 'When all of them are there again, in epoch seconds', example: '1795800000' }),
};

export const answerHeadersSchema = z.object({
  'x-request-id': z.string().meta({ description: 'What feedback and explanations are asked by' }),
  'x-router-model': z.string(),
  'x-router-provider': z.string(),
  'x-router-reason': z
    .string()
    .meta({ description: '`explicit`, `auto`, `explore`, `sticky`, `fallback` or `dry-run`' }),
  'x-router-task': z.string(),
  'x-router-strategy': z.string(),
  'x-router-attempts': z.string(),
  'x-router-overhead-ms': z.string(),
  'x-router-warnings': z.string().optional().meta({
    description:
      'What of the request was passed over: `dropped:<parameter>`, `changed:<parameter>`, `ignored:<header>`',
  }),
  'x-router-cache': z
    .enum(['hit', 'miss'])
    .optional()
    .meta({ description: 'Whether the answer was given before; only with `[cache]`' }),
  'x-router-cached-request': z
    .string()
    .optional()
    .meta({ description: 'Of a hit: the request that it was made for, which can be explained and rated' }),
  ...rateLimitHeaders,
  'x-router-budget-warning': z.string().optional().meta({
    description: 'Budgets that have reached a threshold, and which share of them is spent',
    example: 'key_day=0.92, total_month=0.81',
  }),
  'x-router-cost-usd': z
    .string()
    .optional()
    .meta({ description: 'Not on streams, whose head goes out first' }),
});
