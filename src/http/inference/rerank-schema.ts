import { z } from 'zod';
import type { RerankBody } from '../../gateway/request/operations/rerank.ts';
import { checkedBy } from './check-body.ts';
import { wishesShape } from './wishes-schema.ts';

const MOST_DOCUMENTS = 1_000;

export const rerankSchema = z.looseObject({
  model: z.string().min(1).max(256),
  query: z.string().min(1),
  documents: z
    .array(z.union([z.string(), z.looseObject({})]), { error: 'must be a list of texts or objects' })
    .min(1, 'must hold at least one document')
    .max(MOST_DOCUMENTS),
  top_n: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
  ...wishesShape,
});

export const rerankAnswerSchema = z
  .looseObject({
    results: z.array(
      z.looseObject({
        index: z.int().meta({ description: 'Of the document, in the order of the request' }),
        relevance_score: z.number(),
        document: z.looseObject({ text: z.string().optional() }).optional(),
      }),
    ),
  })
  .meta({ id: 'Rerank' });

/** @throws GatewayError 400 */
export const checkRerankBody: (json: Readonly<Record<string, unknown>>) => RerankBody =
  checkedBy(rerankSchema);
