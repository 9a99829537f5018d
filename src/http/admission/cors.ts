import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** What a browser's code may read of an answer beside its body. */
const EXPOSED = [
  'x-request-id',
  'x-router-model',
  'x-router-provider',
  'x-router-reason',
  'x-router-task',
  'x-router-strategy',
  'x-router-budget-warning',
  'x-router-attempts',
  'x-router-cost-usd',
  'x-router-overhead-ms',
  'x-router-warnings',
  'retry-after',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];

/**
 * Lets pages of these origins call the API; `*` for all. To be registered before the keys are asked for: a preflight
 * request carries none.
 */
export async function registerCors(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  });
}
