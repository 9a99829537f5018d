import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../gateway/keyring.ts';
import { explain } from './chat-schema.ts';
import { type JsonBody, presentBody } from './read-json.ts';
import { readQuery } from './read-query.ts';

const signal = z.union([z.boolean(), z.number()], { error: 'must be true, false or a number from 0 to 1' });

/** Strict: a misspelt field would turn a failed test into no news. */
const feedbackSchema = z.strictObject({
  score: z.number({ error: 'must be a number from 0 to 1' }).min(0).max(1).optional(),
  outcome: z.enum(['success', 'partial', 'failure']).optional(),
  signals: z.record(z.string(), signal).optional(),
  tests_passed: signal.optional(),
  code_compiled: signal.optional(),
  user_accepted: signal.optional(),
  tool_calls_correct: signal.optional(),
  schema_valid: signal.optional(),
  source: z.string().optional(),
  // PostgreSQL keeps no NUL in a text.
  comment: z
    .string()
    .refine((text) => !text.includes('\0'), 'must not hold NUL characters')
    .optional(),
});

type FeedbackInput = z.infer<typeof feedbackSchema>;
interface FeedbackCall {
  readonly requestId: string;
  readonly keyId: string | undefined;
  readonly givenBy: string;
}

/** `POST` and `DELETE /v1/feedback/{request_id}` */
export function registerFeedback(
  app: FastifyInstance,
  deps: {
    giveFeedback: (call: FeedbackCall, body: FeedbackInput) => Promise<object>;
    retractFeedback: (call: FeedbackCall, sourceName: string) => Promise<object>;
  },
): void {
  const config = { access: 'feedback' } as const;
  const callOf = (requestId: string, caller: Caller): FeedbackCall => ({
    requestId,
    keyId: ownRequestsOf(caller),
    givenBy: caller.keyId,
  });

  type Route = { Params: { id: string }; Body: JsonBody | undefined };
  app.post<Route>('/v1/feedback/:id', { config }, async (request) => {
    const read = feedbackSchema.safeParse(presentBody(request.body).json);
    if (!read.success) throw explain(read.error);
    return deps.giveFeedback(callOf(request.params.id, request.caller), read.data);
  });
  app.delete<Route>('/v1/feedback/:id', { config }, async (request) => {
    const { source = 'human' } = readQuery(request.query, ['source']);
    return deps.retractFeedback(callOf(request.params.id, request.caller), source);
  });
}

/** The key whose requests a caller may see and judge; undefined for an admin and while the gateway is open: all. */
export function ownRequestsOf(caller: Caller): string | undefined {
  return caller.scopes.has('admin') ? undefined : caller.keyId;
}
