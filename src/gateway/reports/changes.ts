import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';

/** What an alarm is about, and in how many digits it is told. */
const CAUSE_TO_MEASURE: ReadonlyMap<string, { readonly name: string; readonly digits: number }> = new Map([
  ['quality_alarm', { name: 'quality', digits: 3 }],
  ['ttft_alarm', { name: 'ttft_ms', digits: 1 }],
  ['token_time_alarm', { name: 'ms_per_output_token', digits: 2 }],
]);

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
  const visible = deps.live.catalog.models.filter(({ id }) => visibleModels?.has(id) !== false);
  const endpointToModel = new Map(
    visible.flatMap((model) => model.endpoints.map(({ id }) => [id, model.id] as const)),
  );
  const [models, endpoints] = await Promise.all([
    deps.store.latestEpochs(
      visible.map(({ id }) => id),
      limit,
    ),
    deps.store.latestEndpointEpochs([...endpointToModel.keys()], limit),
  ]);
  const rows = [
    ...models.map(({ modelId, ...change }) => ({ ...change, model: modelId, endpoint: null })),
    ...endpoints.flatMap(({ endpointId, ...change }) => {
      const model = endpointToModel.get(endpointId);
      return model === undefined ? [] : [{ ...change, model, endpoint: endpointId }];
    }),
  ].sort((one, other) => other.openedAtMs - one.openedAtMs);
  return {
    object: 'list',
    data: rows.slice(0, limit).map(({ model, endpoint, cause, epoch, openedAtMs, ...change }) => {
      const measure = CAUSE_TO_MEASURE.get(cause);
      const { direction, measuredBefore, measuredAfter } = change;
      const told = (value: number | null | undefined) =>
        measure === undefined || value == null ? null : round(value, measure.digits);
      return {
        at: new Date(openedAtMs).toISOString(),
        model,
        endpoint,
        cause,
        direction: direction ?? null,
        measure: measure?.name ?? null,
        before: told(measuredBefore),
        after: told(measuredAfter),
        epoch,
      };
    }),
  };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw badRequest(`'limit' must be a whole number from 1 to ${MAX_LIMIT}.`, 'limit');
}
