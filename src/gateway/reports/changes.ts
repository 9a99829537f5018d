import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { GatewayDeps } from '../deps.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export interface ChangesQuery {
  readonly limit?: string;
}

/**
 * What was noticed to have changed, the newest first: each began an epoch, since when older evidence counts less. Of models
 * and endpoints that are configured.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all
 * @throws GatewayError 400 for a limit that is no whole number from 1 to 200
 */
export async function listChanges(
  deps: GatewayDeps,
  query: ChangesQuery,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const limit = limitOf(query.limit);
  const [models, endpoints] = await Promise.all([
    deps.store.latestEpochs(MAX_LIMIT),
    deps.store.latestEndpointEpochs(MAX_LIMIT),
  ]);
  const visible = deps.live.catalog.models.filter(({ id }) => visibleModels?.has(id) !== false);
  const modelIds = new Set(visible.map(({ id }) => id));
  const endpointToModel = new Map(
    visible.flatMap((model) => model.endpoints.map(({ id }) => [id, model.id] as const)),
  );
  const rows = [
    ...models
      .filter(({ modelId }) => modelIds.has(modelId))
      .map(({ modelId, ...change }) => ({ ...change, model: modelId, endpoint: null })),
    ...endpoints.flatMap(({ endpointId, ...change }) => {
      const model = endpointToModel.get(endpointId);
      return model === undefined ? [] : [{ ...change, model, endpoint: endpointId }];
    }),
  ].sort((one, other) => other.openedAtMs - one.openedAtMs);
  return {
    object: 'list',
    data: rows.slice(0, limit).map(({ model, endpoint, cause, epoch, openedAtMs }) => ({
      at: new Date(openedAtMs).toISOString(),
      model,
      endpoint,
      cause,
      epoch,
    })),
  };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw badRequest(`'limit' must be a whole number from 1 to ${MAX_LIMIT}.`, 'limit');
}
