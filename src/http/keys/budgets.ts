import type { FastifyInstance } from 'fastify';
import { ownRequestsOf } from '../intelligence/feedback.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { budgetListSchema } from './budgets-schema.ts';

const REPORTING: OperationDoc = {
  tag: 'keys',
  summary: 'Tell how the budgets stand',
  description:
    'Of all requests together (`total`) and of keys, by day and by month. A key without the scope `admin` sees its own only.',
  answers: {
    200: {
      description: 'Every budget with what is spent and reserved of it',
      content: json(budgetListSchema, {
        object: 'list',
        data: [
          {
            object: 'budget',
            budget: 'total',
            key_id: null,
            key_name: null,
            window: 'day',
            limit_usd: 50,
            spent_usd: 12.5,
            reserved_usd: 0.03,
            remaining_usd: 37.47,
            share: 0.25,
            on_exhausted: 'downgrade',
            starts_at: '2026-11-28T00:00:00.000Z',
            resets_at: '2026-11-29T00:00:00.000Z',
          },
        ],
      }),
    },
  },
};

/** `GET /v1/budgets` */
export function registerBudgets(
  app: FastifyInstance,
  deps: { reportBudgets: (keyId: string | undefined) => Promise<object> },
): void {
  app.get('/v1/budgets', { config: { access: 'intelligence', operation: REPORTING } }, async (request) =>
    deps.reportBudgets(ownRequestsOf(request.caller)),
  );
}
