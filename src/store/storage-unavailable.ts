import { GatewayError } from '../core/outcome/gateway-error.ts';
import type { Database } from './database.ts';

/** What a client is told when nothing can be written down: nothing was sent upstream, so it may try again soon. */
export function storageUnavailable(cause: unknown): GatewayError {
  return new GatewayError({
    status: 503,
    code: 'storage_unavailable',
    message: 'The gateway cannot record this request right now. Nothing was sent to a model.',
    retryAfterSeconds: 1,
    cause,
  });
}

/** Any query of the store: that storage is away becomes a 503, a bug stays what it is. */
export async function orUnavailable<Result>(
  { failureOf }: Pick<Database, 'failureOf'>,
  query: PromiseLike<Result>,
): Promise<Result> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof GatewayError || failureOf(error) !== 'away' ? error : storageUnavailable(error);
  }
}
