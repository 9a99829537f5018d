import { z } from 'zod';
import { candidateSchema, circumstances, exclusionSchema, taskSchema } from '../inference/decision-schema.ts';

const usd = z.number().min(0);

const attemptSchema = z
  .object({
    number: z.int(),
    model: z.string(),
    provider: z.string(),
    endpoint: z.string(),
    started_at: z.iso.datetime(),
    ending: z
      .string()
      .meta({ description: '`completed`, `pending`, or what went wrong', example: 'completed' }),
    http_status: z.int(),
    error_code: z.string().nullable(),
    finish_reason: z.string().nullable(),
    probability: z.number().meta({ description: 'Logged as it was: the true probability of this choice' }),
    usage: z.object({
      input_tokens: z.int(),
      output_tokens: z.int(),
      cached_input_tokens: z.int(),
      units: z.number().optional().meta({
        description: 'Images, seconds of audio, characters or searches, by the operation',
      }),
    }),
    cost: z.object({ estimated_usd: usd, actual_usd: usd, is_estimate: z.boolean() }),
    ttft_ms: z.number(),
    latency_ms: z.number(),
  })
  .meta({ id: 'Attempt' });

/** `GET /v1/explain/{request_id}` */
export const explanationSchema = z
  .object({
    object: z.literal('explanation'),
    request_id: z.string(),
    created_at: z.iso.datetime(),
    requested_model: z.string(),
    operation: z.string().meta({ description: 'Which endpoint it came to: `chat`, `embeddings`, …' }),
    model: z.string().nullable().meta({ description: 'Whose answer the client got' }),
    provider: z.string().nullable(),
    strategy: z.string(),
    reason: z.string().meta({ example: 'auto' }),
    stream: z.boolean(),
    task: z.object({
      type: taskSchema,
      confidence: z.number(),
      complexity: z.number(),
      language: z.string(),
      input_tokens: z.number(),
    }),
    candidates: z.array(candidateSchema),
    excluded: z.array(exclusionSchema),
    ...circumstances,
    attempts: z.array(attemptSchema),
    cost: z.object({ estimated_usd: usd, actual_usd: usd }),
    learnt: z.array(
      z.object({
        attempt: z.int(),
        automatic: z
          .object({ source: z.string(), quality: z.number(), weight: z.number(), counted: z.boolean() })
          .nullable()
          .meta({
            description: 'What the answer itself showed; `counted` until a verdict from outside replaced it',
          }),
      }),
    ),
    feedback: z.array(
      z.object({
        source: z.string(),
        source_class: z.string(),
        score: z.number(),
        weight: z.number(),
        comment: z.string(),
        updated_at: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'Explanation' });
