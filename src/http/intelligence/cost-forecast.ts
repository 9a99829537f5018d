import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import type { CostForecastBody } from '../../gateway/reports/cost-forecast.ts';
import type { SpendForecastQuery } from '../../gateway/reports/spend-forecast.ts';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import { visibleTo } from '../visible-to.ts';
import {
  costForecastBodySchema,
  costForecastSchema,
  KNOWN_FORECAST_MEMBERS,
  KNOWN_WORK_MEMBERS,
  spendForecastQuerySchema,
  spendForecastSchema,
} from './cost-forecast-schema.ts';
import { ownRequestsOf } from './feedback.ts';

const FORECASTING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Forecast what planned work will cost',
  description:
    'By the models that the strategy would choose, with an 80 % interval, and under the other strategies.',
  body: json(costForecastBodySchema, {
    tasks: [
      { type: 'code_generation', estimated_tokens: 50_000 },
      { type: 'review', estimated_tokens: 20_000 },
    ],
    strategy: 'combined',
  }),
  answers: { 200: { description: 'In total and by task', content: json(costForecastSchema) } },
  errors: [413, 415],
};

const SPENDING: OperationDoc = {
  tag: 'intelligence',
  summary: 'Forecast what your own traffic will cost',
  description:
    'To the end of the UTC day or month, with an 80 % interval, and how long each budget lasts. A key without the scope `admin` sees its own traffic only.',
  query: spendForecastQuerySchema,
  answers: {
    200: { description: 'By level, trend and hour-of-week season', content: json(spendForecastSchema) },
  },
  errors: [404],
};

/** `POST` and `GET /v1/intelligence/cost-forecast` */
export function registerCostForecast(
  app: FastifyInstance,
  deps: {
    readonly forecastCost: (
      body: CostForecastBody,
      visibleModels: Caller['allowedModels'],
    ) => Promise<object>;
    readonly forecastSpending: (query: SpendForecastQuery, keyId: string | undefined) => Promise<object>;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/intelligence/cost-forecast',
    { config: { access: 'intelligence', operation: FORECASTING } },
    async (request) => {
      readQuery(request.query, []);
      const read = costForecastBodySchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, KNOWN_FORECAST_MEMBERS, () => KNOWN_WORK_MEMBERS);
      return deps.forecastCost(read.data, visibleTo(request.caller));
    },
  );
  app.get(
    '/v1/intelligence/cost-forecast',
    { config: { access: 'intelligence', operation: SPENDING, hasEtag: true } },
    async (request) =>
      deps.forecastSpending(readQuery(request.query, ['until', 'key_id']), ownRequestsOf(request.caller)),
  );
}
