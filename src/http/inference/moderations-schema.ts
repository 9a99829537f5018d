import { z } from 'zod';
import type { ModerationBody } from '../../gateway/request/operations/moderation.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

export const moderationsSchema = z.looseObject({
  // Optional in OpenAI's API.
  model: z.string().min(1).max(256).default('auto'),
  input: z.union(
    [
      z.string(),
      z.array(z.string()).min(1),
      z
        .array(z.looseObject({ type: z.string().max(64) }))
        .min(1)
        .meta({ description: 'One input of several parts: texts and pictures' }),
    ],
    { error: 'must be a text, a list of texts, or the parts of one input (texts and pictures); not empty' },
  ),
  ...wishesShape,
});

export const moderationsAnswerSchema = z
  .looseObject({
    id: z.string(),
    model: z.string(),
    results: z.array(
      z.looseObject({
        flagged: z.boolean(),
        categories: z.record(z.string(), z.boolean().nullable()),
        category_scores: z.record(z.string(), z.number()),
      }),
    ),
  })
  .meta({ id: 'Moderation' });

/** @throws GatewayError 400 */
export const checkModerationsBody: (json: Readonly<Record<string, unknown>>) => ModerationBody =
  checkedBy(moderationsSchema);
