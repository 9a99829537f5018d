import { z } from 'zod';
import type { SpeechBody } from '../../gateway/request/operations/speech.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

export const speechSchema = z.looseObject({
  model: z.string().min(1).max(256),
  input: z
    .string()
    .min(1)
    .max(100_000)
    .meta({ examples: ['Good morning.'] }),
  voice: z
    .union([z.string().min(1).max(256), z.looseObject({ id: z.string().min(1) })], {
      error: 'must be the name of a voice',
    })
    .meta({ examples: ['alloy'] }),
  response_format: z.string().max(16).nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.enum(['audio', 'sse']).nullish(),
  ...wishesShape,
});

/** @throws GatewayError 400 */
export const checkSpeechBody: (json: Readonly<Record<string, unknown>>) => SpeechBody =
  checkedBy(speechSchema);
