import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Operation } from '../../gateway/request/operation.ts';
import type { CompletionsBody } from '../../gateway/request/operations/completions.ts';
import type { EmbeddingsBody } from '../../gateway/request/operations/embeddings.ts';
import type { ImagesBody } from '../../gateway/request/operations/images.ts';
import type { ModerationBody } from '../../gateway/request/operations/moderation.ts';
import type { RerankBody } from '../../gateway/request/operations/rerank.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { answerHeadersSchema } from './chat-answer-schema.ts';
import { checkCompletionsBody, completionsAnswerSchema, completionsSchema } from './completions-schema.ts';
import { checkEmbeddingsBody, embeddingsAnswerSchema, embeddingsSchema } from './embeddings-schema.ts';
import { checkImagesBody, imagesAnswerSchema, imagesSchema } from './images-schema.ts';
import { type InferenceDeps, registerInference } from './inference.ts';
import { checkModerationsBody, moderationsAnswerSchema, moderationsSchema } from './moderations-schema.ts';
import { checkRerankBody, rerankAnswerSchema, rerankSchema } from './rerank-schema.ts';

/** The endpoints that take JSON and that a model other than one for chat answers. */
export function registerModelEndpoints(
  app: FastifyInstance,
  deps: InferenceDeps,
  operations: {
    readonly completions: Operation<CompletionsBody>;
    readonly embeddings: Operation<EmbeddingsBody>;
    readonly images: Operation<ImagesBody>;
    readonly moderation: Operation<ModerationBody>;
    readonly rerank: Operation<RerankBody>;
  },
): void {
  registerInference(app, deps, {
    url: '/v1/completions',
    operation: operations.completions,
    checkBody: checkCompletionsBody,
    doc: docOf({
      summary: 'Go on with a text',
      description: "OpenAI's older API, for models of the type `completion`.",
      body: completionsSchema,
      example: { model: 'auto', prompt: 'Once upon a time', max_tokens: 40 },
      answer: completionsAnswerSchema,
      events: 'data: {"object":"text_completion", …}\n\ndata: [DONE]\n\n',
    }),
  });
  registerInference(app, deps, {
    url: '/v1/embeddings',
    operation: operations.embeddings,
    checkBody: checkEmbeddingsBody,
    doc: docOf({
      summary: 'Turn texts into vectors',
      description:
        'Vectors of two models cannot be compared: `auto` is one model for all requests of a key, and the answer says which.',
      body: embeddingsSchema,
      example: { model: 'auto', input: ['The food was delicious.'] },
      answer: embeddingsAnswerSchema,
      // `pinned_model_gone`
      errors: [409],
    }),
  });
  registerInference(app, deps, {
    url: '/v1/images/generations',
    operation: operations.images,
    checkBody: checkImagesBody,
    doc: docOf({
      summary: 'Draw pictures',
      body: imagesSchema,
      example: { model: 'auto', prompt: 'A lighthouse in the fog' },
      answer: imagesAnswerSchema,
      events:
        'event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"…"}\n\n',
    }),
  });
  registerInference(app, deps, {
    url: '/v1/moderations',
    operation: operations.moderation,
    checkBody: checkModerationsBody,
    doc: docOf({
      summary: 'Say whether a text does harm',
      body: moderationsSchema,
      example: { input: 'I want to bake a cake.' },
      answer: moderationsAnswerSchema,
    }),
  });
  registerInference(app, deps, {
    url: '/v1/rerank',
    operation: operations.rerank,
    checkBody: checkRerankBody,
    doc: docOf({
      summary: 'Put documents in the order of a query',
      description: 'In the shape that Cohere and Jina share.',
      body: rerankSchema,
      example: { model: 'auto', query: 'How do I bake bread?', documents: ['Flour, water, salt.', 'A car.'] },
      answer: rerankAnswerSchema,
    }),
  });
}

function docOf(said: {
  readonly summary: string;
  readonly description?: string;
  readonly body: z.ZodType;
  readonly example: object;
  readonly answer: z.ZodType;
  /** Of a stream, where there is one. */
  readonly events?: string;
  /** Beside those of every endpoint that a model answers. */
  readonly errors?: OperationDoc['errors'];
}): OperationDoc {
  const { summary, description, events, errors } = said;
  return {
    tag: 'inference',
    summary,
    ...(description === undefined ? {} : { description }),
    body: json(said.body, said.example),
    answers: {
      200: {
        description: events === undefined ? 'The answer' : 'The answer, or with `stream: true` its events',
        headers: answerHeadersSchema,
        content: {
          ...json(said.answer),
          ...(events === undefined
            ? {}
            : { 'text/event-stream': { schema: z.string().meta({ example: events }) } }),
        },
      },
    },
    errors: [402, 404, ...(errors ?? []), 413, 415, 502, 504],
  };
}
