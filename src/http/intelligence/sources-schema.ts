import { z } from 'zod';

const mean = z.number().min(0).max(1).nullable();

const sourceSchema = z
  .object({
    source: z.string().meta({ examples: ['outrider_judge:gpt-4.1-mini', 'heuristic', 're_ask'] }),
    source_class: z.string().meta({ description: '`judge`, `heuristic` or `check`' }),
    pairs: z.number().meta({ description: 'Answers with its verdict and a label of people or tests' }),
    mean_label: mean.meta({ description: 'Of the labels of those answers; null without any' }),
    mean_verdict: mean.meta({ description: 'Of its verdicts on them' }),
    slope: z.number().meta({
      description:
        'How much its verdicts rise from a useless to a perfect answer: 1 like a label, 0 says nothing',
    }),
    offset: z.number().meta({ description: 'What it says of a useless answer' }),
    flip_rate: z
      .number()
      .min(0)
      .max(0.5)
      .meta({ description: '(1 − slope)/2: how often it says the opposite' }),
    weight: z.number().min(0).max(1).nullable().meta({
      description:
        'Labels that one of its verdicts counts; null for sources that have no weight of their own',
    }),
  })
  .meta({ id: 'VerdictSource' });

/** `GET /v1/intelligence/sources` */
export const sourcesSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(sourceSchema),
    label_rates: z.array(z.object({ task: z.string(), rate: z.number().min(0).max(1) })).meta({
      description: 'Share of the answers that people, tests or checks have labelled, of tasks with any',
    }),
  })
  .meta({ id: 'VerdictSources' });
