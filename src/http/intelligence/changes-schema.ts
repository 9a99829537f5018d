import { z } from 'zod';
import { CHANGE_DIRECTIONS } from '../../core/learning/contract.ts';

export const changesQuerySchema = z.object({
  limit: z
    .string()
    .optional()
    .meta({ description: '1 to 200; 50 unless said', examples: ['20'] }),
});

const changeSchema = z
  .object({
    at: z.iso.datetime(),
    model: z.string(),
    endpoint: z
      .string()
      .nullable()
      .meta({ description: 'Whose speed changed; null where it is about the quality of the model' }),
    cause: z.string().meta({
      description:
        '`quality_alarm`: its answers became better or worse; `second_look`: it fell once and is tried again; `reevaluation`: an operator asked; `ttft_alarm`, `token_time_alarm`: an endpoint became faster or slower',
      examples: ['quality_alarm'],
    }),
    direction: z
      .enum(CHANGE_DIRECTIONS)
      .nullable()
      .meta({
        description:
          'Of an alarm: `better` is higher quality or a shorter time. Null for looks again, and for alarms from before this was stored',
        examples: ['worse'],
      }),
    measure: z
      .enum(['quality', 'ttft_ms', 'ms_per_output_token'])
      .nullable()
      .meta({
        description: 'What `before` and `after` are in; null where it is no alarm',
        examples: ['quality'],
      }),
    before: z
      .number()
      .nullable()
      .meta({
        description: 'What was expected of the answers that raised the alarm',
        examples: [0.91],
      }),
    after: z
      .number()
      .nullable()
      .meta({
        description:
          'What they were, on average: rough, as they are few, and too far from `before` where the change is small',
        examples: [0.43],
      }),
    epoch: z.int().meta({ description: 'Each makes what is older count a tenth' }),
  })
  .meta({ id: 'Change' });

/** `GET /v1/intelligence/changes` */
export const changesSchema = z
  .object({ object: z.literal('list'), data: z.array(changeSchema) })
  .meta({ id: 'Changes' });
