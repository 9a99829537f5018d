import type { Endpoint, Model, ModelType } from '../../core/catalog/model.ts';
import { soldUnitOf } from '../../core/catalog/sold-unit.ts';
import type { Refusal } from '../../core/choice/choice-input.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { isPermitted } from '../admission/key-permits.ts';
import type { Catalog } from '../catalog.ts';
import type { Job, ProviderWishes, RouteWishes } from './job.ts';
import { unsupportedParameterOf } from './supported-parameters.ts';

/** A misspelt name in `provider_deny` would deny nobody, and nobody would notice. */
export function refuseUnknownNames(catalog: Catalog, route: RouteWishes): void {
  const model = route.models?.find((id) => catalog.model(id) === undefined);
  if (model !== undefined) {
    const message = `'route.models' names '${model.slice(0, 200)}', which does not exist here. GET /v1/models lists those that do.`;
    throw badRequest(message, 'route.models', 'unknown_option');
  }
  for (const option of ['provider_allow', 'provider_deny'] as const) {
    const provider = route[option]?.find((name) => !catalog.providerNames.has(name));
    if (provider !== undefined) throw unknownProvider(catalog, `route.${option}`, provider);
  }
}

/**
 * The `provider` object with its names as they are spelt here: OpenRouter has used `Together` and `together`.
 *
 * @throws GatewayError 400 a provider that there is not
 */
export function checkedProviderWishes(catalog: Catalog, wishes: ProviderWishes): ProviderWishes {
  const spelt = (option: 'order' | 'only' | 'ignore') =>
    wishes[option]?.map((name) => {
      const own = [...catalog.providerNames].find((known) => known.toLowerCase() === name.toLowerCase());
      if (own === undefined) throw unknownProvider(catalog, `provider.${option}`, name);
      return own;
    });
  return { ...wishes, order: spelt('order'), only: spelt('only'), ignore: spelt('ignore') };
}

function unknownProvider(catalog: Catalog, param: string, name: string): Error {
  const known = [...catalog.providerNames].join(', ');
  const message = `'${param}' names '${name.slice(0, 200)}', which is no provider here. There are: ${known}.`;
  return badRequest(message, param, 'unknown_option');
}

/** Undefined when neither the key nor the request narrows the choice: the usual case. */
export function refusalByWishes(
  job: Job,
  route: RouteWishes,
  provider: ProviderWishes,
  refusesUnsupported: boolean,
): ((endpoint: Endpoint, model: Model) => Refusal | undefined) | undefined {
  const { allowedModels, allowedProviders } = job;
  const { models, provider_allow: allow, provider_deny: deny } = route;
  const { only, ignore, order, max_price: maxPrice } = provider;
  const ordered = provider.allow_fallbacks === false ? order : undefined;
  const requiresParameters = provider.require_parameters ?? refusesUnsupported;
  const isNarrowed =
    allowedModels ||
    allowedProviders ||
    models ||
    allow ||
    deny ||
    only ||
    ignore ||
    ordered ||
    maxPrice ||
    requiresParameters;
  if (!isNarrowed) return undefined;
  return (endpoint, model) => {
    if (!isPermitted(job, model.id, endpoint.provider)) return NOT_ALLOWED;
    if (models && !models.includes(model.id)) return NOT_IN_ROUTE;
    const { provider: name } = endpoint;
    if (allow && !allow.includes(name)) return NOT_IN_ROUTE;
    if (deny?.includes(name)) return NOT_IN_ROUTE;
    if (only && !only.includes(name)) return NOT_IN_ROUTE;
    if (ignore?.includes(name)) return NOT_IN_ROUTE;
    if (ordered && !ordered.includes(name)) return NOT_IN_ROUTE;
    if (maxPrice) {
      const refusal = refusalByPrice(endpoint, model.type, maxPrice);
      if (refusal) return refusal;
    }
    if (requiresParameters && unsupportedParameterOf(job.body, endpoint) !== undefined) return UNSUPPORTED;
    return undefined;
  };
}

const NOT_ALLOWED: Refusal = { reason: 'not_allowed_for_key' };
const NOT_IN_ROUTE: Refusal = { reason: 'not_in_route' };
const UNSUPPORTED: Refusal = { reason: 'unsupported_parameter' };

/** Whoever sets a ceiling is not to be surprised by a price that nobody knows. */
export function refusalByPrice(
  { price, isPriceKnown }: Endpoint,
  type: ModelType,
  ceilings: NonNullable<ProviderWishes['max_price']>,
): Refusal | undefined {
  const { prompt, completion } = ceilings;
  if (!isPriceKnown) return { reason: 'price_unknown' };
  if (prompt !== undefined && price.inputUsdPerMillion > Number(prompt)) return OVER_PRICE;
  if (completion !== undefined && price.outputUsdPerMillion > Number(completion)) return OVER_PRICE;
  const unit = soldUnitOf(type);
  // What is sold by a unit for which no ceiling is named is not held to be free because its tokens are.
  if (unit !== undefined && price.unitUsd !== undefined && price.unitUsd > Number(ceilings[unit] ?? 0)) {
    return OVER_PRICE;
  }
  return undefined;
}

const OVER_PRICE: Refusal = { reason: 'over_price_ceiling' };
