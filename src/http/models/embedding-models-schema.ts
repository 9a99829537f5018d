import { z } from 'zod';

export const keyParameterSchema = z.object({
  key_id: z.string().meta({
    description: 'As `outrider keys list` shows it; `none` for requests without a key',
    example: 'none',
  }),
});

export const embeddingModelMoveSchema = z.strictObject({ model: z.string().min(1).max(256) });

export const embeddingModelSchema = z
  .object({
    object: z.literal('embedding_model'),
    key_id: z.string(),
    model: z.string().meta({ description: 'What `auto` is on POST /v1/embeddings for this key' }),
    is_configured: z.boolean(),
    since: z.iso.datetime(),
  })
  .meta({ id: 'EmbeddingModel' });

export const embeddingModelsSchema = z.object({
  object: z.literal('list'),
  data: z.array(embeddingModelSchema),
});

export const embeddingModelForgottenSchema = z.object({
  object: z.literal('embedding_model'),
  key_id: z.string(),
  deleted: z.literal(true),
});
