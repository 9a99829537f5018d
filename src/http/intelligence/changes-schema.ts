import { z } from 'zod';

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
    epoch: z.int().meta({ description: 'Each makes what is older count a tenth' }),
  })
  .meta({ id: 'Change' });

/** `GET /v1/intelligence/changes` */
export const changesSchema = z
  .object({ object: z.literal('list'), data: z.array(changeSchema) })
  .meta({ id: 'Changes' });
