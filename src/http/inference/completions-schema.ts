import { z } from 'zod';
import type { CompletionsBody } from '../../gateway/request/operations/completions.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

const token = z.int().min(0);

export const completionsSchema = z
  .looseObject({
    model: z.string().min(1).max(256),
    prompt: z
      .union(
        [
          z.string(),
          z.array(z.string()).min(1),
          z.array(token).min(1),
          z.array(z.array(token).min(1)).min(1),
        ],
        { error: 'must be a text, a list of texts, tokens, or lists of tokens' },
      )
      .meta({ examples: ['Once upon a time'] }),
    max_tokens: z.int().min(0).nullish(),
    n: z.int().min(1).max(128).nullish(),
    best_of: z.int().min(1).max(20).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    stop: z.union([z.string(), z.array(z.string())]).nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    ...wishesShape,
  })
  .refine((body) => body.stream_options == null || body.stream === true, {
    path: ['stream_options'],
    error: "is only allowed together with 'stream': true",
  });

export const completionsAnswerSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.looseObject({ index: z.int(), text: z.string(), finish_reason: z.string().nullable() }),
    ),
    usage: z.looseObject({
      prompt_tokens: z.int(),
      completion_tokens: z.int(),
      total_tokens: z.int(),
      cost: z.number().optional().meta({ description: 'USD' }),
    }),
  })
  .meta({ id: 'Completion' });

/** @throws GatewayError 400 */
export const checkCompletionsBody: (json: Readonly<Record<string, unknown>>) => CompletionsBody =
  checkedBy(completionsSchema);
