import { z } from 'zod';
import { OPERATION_TASKS } from '../../core/task/operation-task.ts';
import { TASKS } from '../../core/task/task.ts';

const share = z.number().min(0).max(1);

export const taskSchema = z
  .enum([...TASKS, ...OPERATION_TASKS])
  .meta({ id: 'Task', description: 'A kind of work: quality is learnt about each by itself' });

/** One endpoint that could have answered, in the order of the draw. */
export const candidateSchema = z
  .object({
    position: z.int().meta({ description: '0 for the first choice, then the fallbacks' }),
    model: z.string(),
    provider: z.string(),
    endpoint: z.string().meta({ description: '`provider/model`, by the name the provider has for it' }),
    probability: share.meta({
      description: 'With which it would have been the first choice; they add up to 1',
    }),
    utility_usd: z.number().meta({ description: 'Value of the expected quality, less cost and waiting' }),
    quality: z.number().meta({ description: 'Believed mean, 0–1' }),
    expected_cost_usd: z.number(),
    expected_output_tokens: z.number(),
    expected_ttft_ms: z.number(),
    expected_latency_ms: z.number(),
  })
  .meta({ id: 'Candidate' });

export const exclusionSchema = z
  .object({
    model: z.string(),
    endpoint: z.string(),
    reason: z.string().meta({ example: 'context_length' }),
    retry_at: z.iso
      .datetime()
      .optional()
      .meta({ description: 'When it may serve again, for reasons that pass' }),
  })
  .meta({ id: 'Exclusion' });

const dryRunSchema = z.object({
  would_have_chosen: z.string().nullable(),
  provider: z.string().nullable(),
  reason: z.string(),
  agrees: z.boolean(),
  expected_saving_usd: z.number().nullable(),
  expected_quality_gain: z.number().nullable(),
  candidates: z.array(candidateSchema),
  excluded: z.array(exclusionSchema),
});

/** What else had a part in a choice; each is there only if it had. */
export const circumstances = {
  budget: z.object({ cost_penalty: z.number() }).optional(),
  sticky: z
    .object({ warm_cache_usd: z.number(), forgone_usd: z.number() })
    .optional()
    .meta({ description: 'The conversation stayed where its prompts are cached' }),
  on_trial: z.array(z.string()).optional(),
  capped: z
    .array(z.string())
    .optional()
    .meta({ description: 'Models whose probability an operator’s cap has cut' }),
  dry_run: dryRunSchema
    .optional()
    .meta({ description: 'What would have been chosen while routing is only observed' }),
};

/** What is told of a decision wherever it is told whole, and the shares it is made of. */
export const decisionMembers = {
  strategy: z.string(),
  reason: z.string(),
  value_of_quality_usd: z.number(),
  value_of_second_usd: z.number(),
  task: z.object({
    type: taskSchema,
    confidence: share,
    complexity: share,
    language: z.string(),
    needs: z.array(z.string()),
    input_tokens: z.number(),
  }),
  candidates: z.array(candidateSchema),
  excluded: z.array(exclusionSchema),
  ...circumstances,
};

/** `router_metadata` in an answer or a last chunk, when `x-router-metadata: enabled` asked for it. */
export const routerMetadataSchema = z
  .object({
    request_id: z.string(),
    model: z.string(),
    provider: z.string(),
    attempts: z.int(),
    cost_usd: z.number(),
    latency_ms: z.number(),
    ...decisionMembers,
  })
  .meta({ id: 'RouterMetadata' });
