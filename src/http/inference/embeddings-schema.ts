import { z } from 'zod';
import type { EmbeddingsBody } from '../../gateway/request/operations/embeddings.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

const token = z.int().min(0);
/** As in OpenAI's API. */
const MOST_INPUTS = 2_048;

export const embeddingsSchema = z.looseObject({
  model: z
    .string()
    .min(1)
    .max(256)
    .meta({ description: '`auto`: one model for all requests of a key, until an operator moves it.' }),
  input: z
    .union(
      [
        z.string().min(1),
        z.array(z.string().min(1)).min(1).max(MOST_INPUTS),
        z.array(token).min(1),
        z.array(z.array(token).min(1)).min(1).max(MOST_INPUTS),
      ],
      {
        error: `must be a text, a list of 1 to ${MOST_INPUTS} texts, tokens, or lists of tokens; none of them empty`,
      },
    )
    .meta({ examples: ['The food was delicious.'] }),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(65_536).nullish(),
  ...wishesShape,
});

export const embeddingsAnswerSchema = z
  .looseObject({
    object: z.literal('list'),
    model: z.string().meta({ description: 'The model whose vectors these are' }),
    data: z.array(
      z.looseObject({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string().meta({ description: 'Of `base64`' })]),
      }),
    ),
    usage: z.looseObject({
      prompt_tokens: z.int(),
      total_tokens: z.int(),
      cost: z.number().optional().meta({ description: 'USD' }),
    }),
  })
  .meta({ id: 'Embeddings' });

/** @throws GatewayError 400 */
export const checkEmbeddingsBody: (json: Readonly<Record<string, unknown>>) => EmbeddingsBody =
  checkedBy(embeddingsSchema);
