import type { FastifyInstance } from 'fastify';
import type { CostForecastBody } from '../gateway/cost-forecast.ts';
import type { Caller } from '../gateway/keyring.ts';
import { explain } from './chat-schema.ts';
import { costForecastBodySchema, costForecastSchema } from './cost-forecast-schema.ts';
import { visibleTo } from './intelligence.ts';
import { json, type OperationDoc } from './operation-doc.ts';
import { type JsonBody, presentBody } from './read-json.ts';

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

/** `POST /v1/intelligence/cost-forecast` */
export function registerCostForecast(
  app: FastifyInstance,
  deps: {
    readonly forecastCost: (
      body: CostForecastBody,
      visibleModels: Caller['allowedModels'],
    ) => Promise<object>;
  },
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/intelligence/cost-forecast',
    { config: { access: 'intelligence', operation: FORECASTING } },
    async (request) => {
      const read = costForecastBodySchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error);
      return deps.forecastCost(read.data, visibleTo(request.caller));
    },
  );
}
