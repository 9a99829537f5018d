import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { RealtimeBody } from '../../gateway/request/operations/realtime.ts';
import { readQuery } from '../read-query.ts';

/** The query of `GET /v1/realtime`. */
export const realtimeQuerySchema = z.object({
  model: z.string().meta({
    description: 'A model of the type `realtime`, `provider/name`, or `auto`',
    examples: ['auto'],
  }),
});

const MAX_NAME_LENGTH = 512;

/** @throws GatewayError 400 */
export function checkRealtimeQuery(query: unknown, betaHeader: string | undefined): RealtimeBody {
  const { model } = readQuery(query, ['model']);
  if (model === undefined || model === '') {
    throw badRequest("The URL has to name a model: '/v1/realtime?model=auto', or one by its name.", 'model');
  }
  if (model.length > MAX_NAME_LENGTH) throw badRequest('The name of the model is too long.', 'model');
  return { model, betaHeader };
}
