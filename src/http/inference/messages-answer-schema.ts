import { z } from 'zod';
import { routerMetadataSchema } from './decision-schema.ts';

/** Anthropic's `Message`, as far as every answer has it. */
export const messageSchema = z
  .looseObject({
    id: z.string().meta({ description: 'The id of the request behind `msg_`' }),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string().meta({ description: 'The model that answered' }),
    content: z
      .array(z.looseObject({ type: z.string() }))
      .meta({ description: 'Blocks of thinking, text and tool_use' }),
    stop_reason: z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal']),
    stop_sequence: z.string().nullable(),
    usage: z.looseObject({
      input_tokens: z.int().meta({ description: 'Without those read from or written to a cache' }),
      cache_creation_input_tokens: z.int(),
      cache_read_input_tokens: z.int(),
      output_tokens: z.int(),
      cost: z.number().optional().meta({ description: 'USD' }),
      cost_usd: z.number().optional(),
    }),
    router_metadata: routerMetadataSchema.optional(),
  })
  .meta({ id: 'Message' });

export const tokenCountSchema = z.object({
  input_tokens: z.int().meta({ description: 'An estimate, by bytes' }),
});

/** An error as Anthropic's clients expect it. */
export const messagesErrorSchema = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: z.string(),
      message: z.string(),
      code: z.string(),
      param: z.string().nullable(),
    }),
    request_id: z.string(),
  })
  .meta({ id: 'MessagesError' });
