import type { FastifyInstance } from 'fastify';
import type { UsageQuery } from '../../gateway/reports/usage.ts';
import { ownRequestsOf } from '../intelligence/feedback.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { readQuery } from '../read-query.ts';
import { usageQuerySchema, usageSchema } from './usage-schema.ts';

const PARAMETERS: readonly (keyof UsageQuery)[] = ['group_by', 'from', 'to', 'task', 'limit', 'page'];

const REPORTING: OperationDoc = {
  tag: 'keys',
  summary: 'Tell what was used, by key, model, task and day',
  description: 'A key without the scope `admin` sees its own usage only.',
  query: usageQuerySchema,
  answers: {
    200: {
      description: 'The oldest day first, within it what cost most',
      content: json(usageSchema, {
        object: 'usage',
        from: '2026-11-01T00:00:00.000Z',
        to: '2026-12-01T00:00:00.000Z',
        group_by: ['model', 'day'],
        data: [
          {
            day: '2026-11-28',
            model: 'gpt-5-mini',
            requests: 1200,
            completed: 1180,
            failures: 12,
            input_tokens: 480_000,
            output_tokens: 150_000,
            cost_usd: 0.42,
          },
        ],
        total: {
          requests: 1200,
          completed: 1180,
          failures: 12,
          input_tokens: 480_000,
          output_tokens: 150_000,
          cost_usd: 0.42,
        },
        has_more: false,
        next_page: null,
      }),
    },
  },
};

/** `GET /v1/usage` */
export function registerUsage(
  app: FastifyInstance,
  deps: { reportUsage: (query: UsageQuery, keyId: string | undefined) => Promise<object> },
): void {
  app.get('/v1/usage', { config: { access: 'intelligence', operation: REPORTING } }, async (request) =>
    deps.reportUsage(readQuery(request.query, PARAMETERS), ownRequestsOf(request.caller)),
  );
}
