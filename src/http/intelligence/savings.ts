import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { ReplayBody } from '../../gateway/reports/replay.ts';
import type { SavingsQuery } from '../../gateway/reports/savings.ts';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import {
  KNOWN_POLICY_MEMBERS,
  KNOWN_REPLAY_MEMBERS,
  replayBodySchema,
  replaySchema,
} from './replay-schema.ts';
import { savingsQuerySchema, savingsSchema } from './savings-schema.ts';

const SAVING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Tell what routing saves',
  description:
    'Against one model for everything: the one believed best, the dearest, the cheapest and your own. Off-policy estimates with 90 % intervals, and a reason in the place of a number where the log says too little.',
  query: savingsQuerySchema,
  answers: { 200: { description: 'In total and by task', content: json(savingsSchema) } },
};

const REPLAYING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Replay the logged traffic under other policies',
  description:
    'What other strategies, values, models or budgets would have cost and achieved, by off-policy estimates from logged propensities.',
  body: json(replayBodySchema, {
    window: '30d',
    policies: [
      { strategy: 'quality' },
      { name: 'thrifty', value_of_quality_usd: 0.005, value_of_second_usd: 0.0001 },
      { name: 'half of it', budget_usd_per_1k_requests: 0.5 },
    ],
  }),
  answers: { 200: { description: 'In the order in which they were asked', content: json(replaySchema) } },
  errors: [413, 415],
};

/** `GET /v1/intelligence/savings` and `POST /v1/intelligence/replay` */
export function registerSavings(
  app: FastifyInstance,
  deps: {
    readonly reportSavings: (query: SavingsQuery, visibleModels: Caller['allowedModels']) => Promise<object>;
    readonly replayPolicies: (body: ReplayBody, visibleModels: Caller['allowedModels']) => Promise<object>;
  },
): void {
  const access = 'intelligence';
  app.get(
    '/v1/intelligence/savings',
    { config: { access, operation: SAVING, hasEtag: true } },
    async (request) =>
      deps.reportSavings(readQuery(request.query, ['window', 'task', 'baseline']), visibleTo(request.caller)),
  );
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/intelligence/replay',
    { config: { access, operation: REPLAYING } },
    async (request) => {
      readQuery(request.query, []);
      const read = replayBodySchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, KNOWN_REPLAY_MEMBERS, () => KNOWN_POLICY_MEMBERS);
      return deps.replayPolicies(read.data, visibleTo(request.caller));
    },
  );
}
