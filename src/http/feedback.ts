import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../gateway/keyring.ts';
import { explain } from './chat-schema.ts';
import type { JsonBody } from './read-json.ts';

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
  comment: z.string().optional(),
});

type FeedbackInput = z.infer<typeof feedbackSchema>;
interface FeedbackCall {
  readonly requestId: string;
  readonly keyId: string | undefined;
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
  });

  app.post<{ Params: { id: string }; Body: JsonBody }>('/v1/feedback/:id', { config }, async (request) => {
    const read = feedbackSchema.safeParse(request.body.json);
    if (!read.success) throw explain(read.error);
    return deps.giveFeedback(callOf(request.params.id, request.caller), read.data);
  });
  app.delete<{ Params: { id: string }; Querystring: { source?: string } }>(
    '/v1/feedback/:id',
    { config },
    async (request) =>
      deps.retractFeedback(
        callOf(request.params.id, request.caller),
        String(request.query.source ?? 'human'),
      ),
  );
}

/** The key whose requests a caller may see and judge; undefined for an admin and while the gateway is open: all. */
export function ownRequestsOf(caller: Caller): string | undefined {
  return caller.scopes.has('admin') ? undefined : caller.keyId;
}
