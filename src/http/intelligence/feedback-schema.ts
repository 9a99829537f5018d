import { z } from 'zod';
import { taskSchema } from '../inference/decision-schema.ts';

const signal = z.union([z.boolean(), z.number()], { error: 'must be true, false or a number from 0 to 1' });

/** Strict: a misspelt field would turn a failed test into no news. */
export const feedbackSchema = z
  .strictObject({
    score: z.number({ error: 'must be a number from 0 to 1' }).min(0).max(1).optional(),
    outcome: z.enum(['success', 'partial', 'failure']).optional(),
    signals: z
      .record(z.string(), signal)
      .optional()
      .meta({ description: 'The signals below may stand in here as well' }),
    tests_passed: signal.optional(),
    code_compiled: signal.optional(),
    user_accepted: signal.optional(),
    tool_calls_correct: signal.optional(),
    schema_valid: signal.optional(),
    source: z
      .string()
      .optional()
      .meta({ description: 'Who says so: one verdict each, the last one wins', example: 'human' }),
    // PostgreSQL keeps no NUL in a text.
    comment: z
      .string()
      .refine((text) => !text.includes('\0'), 'must not hold NUL characters')
      .optional(),
  })
  .meta({ id: 'Feedback', description: 'Needs a score, an outcome or a signal' });

const belief = z.object({
  quality: z.number(),
  low_90: z.number(),
  high_90: z.number(),
  samples: z.number(),
  evidence: z.enum(['prior', 'mixed', 'observed']),
});

export const feedbackAnswerSchema = z
  .object({
    object: z.literal('feedback'),
    request_id: z.string(),
    source: z.string(),
    source_class: z.string().optional(),
    score: z.number().optional(),
    counted: z.boolean().optional().meta({ description: 'Whether this verdict is the one that counts now' }),
    capped: z.boolean().optional(),
    deleted: z.boolean().optional(),
    note: z.string().optional(),
    moved: z
      .object({ task: taskSchema, model: z.string(), before: belief, after: belief })
      .meta({ description: 'What is believed of this model on this task, before and after' }),
  })
  .meta({ id: 'FeedbackAnswer' });
