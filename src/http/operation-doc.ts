import type { z } from 'zod';

/** What `/openapi.json` says of a route; beside `access` in the route's `config`. */
export interface OperationDoc {
  /** As OpenAPI writes it, where fastify's own way of writing does not say enough: `/v1/models/{id}`. */
  readonly path?: string;
  readonly tag: Tag;
  /** A few words, e.g. `Create a chat completion`. */
  readonly summary: string;
  readonly description?: string;
  /** Every parameter of the path, in the order they stand there. */
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: Content;
  readonly isBodyOptional?: boolean;
  /** By status, those that are more than an error. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** The body of errors, where it is not OpenAI's. */
  readonly errorContent?: Content;
  /** Statuses of errors beside those that any route may answer with. */
  readonly errors?: readonly (keyof typeof ERRORS)[];
}

interface Answer {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: z.ZodObject;
}

/** By media type. */
export type Content = Readonly<Record<string, { readonly schema: z.ZodType; readonly example?: unknown }>>;

/** The chapters of the document. */
export const TAGS = {
  inference: "OpenAI's own endpoints, routed",
  models: 'What there is to choose from',
  feedback: 'How good an answer was',
  intelligence: 'What is learnt, and why a request went where it went',
  keys: 'Who may call, and how much',
  operations: 'For whoever watches over the process',
} as const;
export type Tag = keyof typeof TAGS;

export const ERRORS = {
  400: 'The request is wrong, and says in what: a value out of range, an unknown option, no JSON',
  401: 'No key, or none that is valid',
  402: 'A budget is used up',
  403: "The key may not do this: another scope is needed, or the model is not among the key's",
  404: 'There is no such thing here, or it belongs to somebody else',
  408: 'Nothing more of the file came for too long',
  409: 'It cannot be done as things stand',
  410: 'It was removed because its time was over',
  413: 'The body is larger than this gateway takes',
  415: 'The body is of a kind that is not taken here',
  426: 'It is spoken over a WebSocket only',
  429: 'Too much in too short a time, here or at every provider; `Retry-After` says when to come back',
  502: 'The provider failed, or answered with nothing usable',
  503: 'Nobody can serve this now, or nothing can be written down; `Retry-After` says when to come back',
  504: 'The provider took too long',
} as const;

export function json(schema: z.ZodType, example?: unknown): Content {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
}
