import { z } from 'zod';
import type { ImagesBody } from '../../gateway/request/operations/images.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

export const imagesSchema = z.looseObject({
  // Optional in OpenAI's API.
  model: z.string().min(1).max(256).default('auto'),
  prompt: z
    .string()
    .min(1)
    .max(32_000)
    .meta({ examples: ['A lighthouse in the fog'] }),
  n: z.int().min(1).max(10).nullish(),
  size: z.string().max(32).nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  stream: z.boolean().nullish(),
  ...wishesShape,
});

export const imagesAnswerSchema = z
  .looseObject({
    created: z.int(),
    data: z.array(z.looseObject({ b64_json: z.string().optional(), url: z.string().optional() })),
  })
  .meta({ id: 'Images' });

/** @throws GatewayError 400 */
export const checkImagesBody: (json: Readonly<Record<string, unknown>>) => ImagesBody =
  checkedBy(imagesSchema);
