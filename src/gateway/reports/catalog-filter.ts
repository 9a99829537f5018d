import type { Endpoint, Model } from '../../core/catalog/model.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { unknownModel } from '../catalog.ts';

/** The `model` and `provider` of a report's query: what of the catalogue it is about. */
export interface CatalogFilter {
  isWanted(model: Model, endpoint: Endpoint): boolean;
}

/**
 * @param models those that the caller may know of
 * @throws GatewayError 404 for a model, 400 for a provider that is not among them
 */
export function catalogFilter(
  models: readonly Model[],
  { model, provider }: { readonly model?: string; readonly provider?: string },
): CatalogFilter {
  if (model !== undefined && !models.some(({ id }) => id === model)) throw unknownModel(model);
  if (provider !== undefined) {
    const providers = [
      ...new Set(models.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.provider))),
    ];
    if (!providers.includes(provider)) {
      throw badRequest(
        `There is no provider '${provider.slice(0, 64)}'. There are: ${providers.join(', ')}.`,
        'provider',
      );
    }
  }
  return {
    isWanted: ({ id }, endpoint) =>
      (model === undefined || id === model) && (provider === undefined || endpoint.provider === provider),
  };
}
