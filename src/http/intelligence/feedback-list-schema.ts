import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

export const feedbackListQuerySchema = z.object({
  model: z.string().optional().meta({ description: 'Whose answers were spoken of' }),
  task: z
    .string()
    .optional()
    .meta({ description: 'A task or one of its aliases', examples: ['code_review'] }),
  source: z
    .string()
    .optional()
    .meta({ description: 'Who said it', examples: ['human'] }),
  key_id: z
    .string()
    .optional()
    .meta({ description: 'Of requests of this key; one without `admin` sees its own' }),
  window: z.enum(['1h', '24h', '7d', '30d']).optional().meta({ description: 'Said since; all unless said' }),
  limit: z.string().optional().meta({ description: '1 to 200; 50 unless said' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the answer before' }),
});

const moved = z
  .object({
    epoch: z.int().meta({ description: 'Of what is believed of the model, as the request was made' }),
    successes: z.number(),
    failures: z.number(),
  })
  .nullable()
  .meta({
    description:
      'What it stands for in what is known of the model on this task; null while another verdict counts, or none',
  });

const verdict = {
  source: z.string(),
  source_class: z.enum(['heuristic', 'judge', 'check', 'human', 'client_test']),
  score: z.number().min(0).max(1),
  weight: z
    .number()
    .meta({ description: 'Labelled outcomes it is worth; of a judge, as far as it was found to agree' }),
  comment: z.string(),
  signals: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'As they were sent', examples: [{ tests_passed: true }] }),
  updated_at: z.iso.datetime(),
  counted: z
    .boolean()
    .meta({ description: 'One verdict counts for each answer: the strongest, the latest of equals' }),
  capped: z
    .boolean()
    .meta({ description: 'Its key had moved this belief enough that day: it moves nothing' }),
  moved,
};

const about = {
  request_id: z.string(),
  key_id: z.string().nullable(),
  model: z.string(),
  task: taskSchema,
};

/** `GET /v1/feedback` */
export const feedbackListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(z.object({ ...about, ...verdict }).meta({ id: 'ListedFeedback' })),
    has_more: z.boolean(),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'Also after a short page, as a filter looks at 2,000 verdicts at a time' }),
  })
  .meta({ id: 'FeedbackList' });

/** `GET /v1/feedback/{request_id}` */
export const feedbackSummarySchema = z
  .object({
    object: z.literal('feedback.summary'),
    ...about,
    reason: z.string().meta({ description: 'A request that named its model teaches nothing' }),
    automatic: z
      .object({ source_class: verdict.source_class, score: verdict.score, counted: z.boolean(), moved })
      .nullable()
      .meta({ description: 'What the answer itself showed' }),
    data: z.array(z.object(verdict)),
    belief: z
      .object({
        quality: z.number(),
        low_90: z.number(),
        high_90: z.number(),
        samples: z.number(),
        evidence: z.enum(['prior', 'mixed', 'observed']),
      })
      .meta({ description: 'Of this model on this task, by now' }),
  })
  .meta({ id: 'FeedbackSummary' });
