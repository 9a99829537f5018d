import {
  CAPABILITIES,
  type Capability,
  type Endpoint,
  MODEL_TYPES,
  type Model,
  type ModelType,
} from '../../core/catalog/model.ts';
import type { ExclusionReason } from '../../core/choice/decision.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { secondsUntil } from '../../core/outcome/seconds-until.ts';
import { isPermitted, type Permits } from '../admission/key-permits.ts';
import type { GatewayDeps } from '../deps.ts';
import { refusalByPrice } from '../request/refusal-by-wishes.ts';
import { pricingPerMillion, pricingPerUnit } from './describe-model.ts';

export interface RunnableQuery {
  /** A type of model; all when absent. */
  readonly type?: string;
  /** Capabilities, separated by commas. */
  readonly needs?: string;
  /** Names of parameters that the request will have, separated by commas. */
  readonly parameters?: string;
  /** Tokens of prompt and answer together. */
  readonly context_length?: string;
  /** USD per million prompt tokens and answer tokens: ceilings on each. */
  readonly max_price?: string;
  /** USD for one image, second, character or search; without it, a ceiling on tokens leaves out what is sold so. */
  readonly max_unit_price?: string;
  readonly provider?: string;
}

/** What is asked of a model, checked. */
interface Demand {
  readonly type: ModelType | undefined;
  readonly needs: readonly Capability[];
  readonly parameters: readonly string[];
  readonly contextLength: number;
  readonly maxPrice: number | undefined;
  readonly maxUnitPrice: number | undefined;
  readonly provider: string | undefined;
}

interface Filtered {
  readonly reason: ExclusionReason;
  readonly retryAtMs?: number;
}

const REASON_TO_MESSAGE: Readonly<Partial<Record<ExclusionReason, string>>> = {
  wrong_type: "It is of another type than 'type' asks for.",
  missing_capability: "It lacks a capability that 'needs' asks for.",
  unsupported_parameter: "It does not take one of the 'parameters'.",
  context_length: "It reads fewer tokens than 'context_length' asks for.",
  not_in_route: "It is at another provider than 'provider' asks for.",
  over_price_ceiling: "It costs more than 'max_price' or 'max_unit_price'.",
  price_unknown: 'Its price is not known, and there is a ceiling on prices.',
  breaker_open: 'It failed too often, and is left alone for a while.',
  cooling: 'Its provider asked for a rest.',
  waking: 'It is being loaded.',
  disabled: 'Its provider does not know it, or not any more.',
  paused: 'An operator has taken it out of service.',
};

/**
 * Which models this key could run right now, and which not and why, without asking any: what a request would be planned
 * with. Whoever the key may not use is counted, not named.
 *
 * @throws GatewayError 400 for a type, capability, provider or number that is none.
 */
export function listRunnable(deps: GatewayDeps, query: RunnableQuery, permits: Permits): object {
  const { catalog } = deps.live;
  const demand = demandOf(query, catalog.providerNames);
  const nowMs = deps.nowMs();
  const data: object[] = [];
  const filteredOut: object[] = [];
  const counts: Partial<Record<ExclusionReason, number>> = {};
  for (const model of catalog.models) {
    const endpoints: object[] = [];
    for (const endpoint of model.endpoints) {
      const filtered = isPermitted(permits, model.id, endpoint.provider)
        ? whyNot(deps, demand, model, endpoint)
        : NOT_ALLOWED;
      if (filtered === undefined) {
        endpoints.push({
          provider: endpoint.provider,
          pricing_per_million: pricingPerMillion(endpoint),
          ...pricingPerUnit(model.type, endpoint),
        });
        continue;
      }
      const { reason, retryAtMs } = filtered;
      counts[reason] = (counts[reason] ?? 0) + 1;
      if (filtered === NOT_ALLOWED) continue;
      filteredOut.push({
        model: model.id,
        provider: endpoint.provider,
        reason,
        message: REASON_TO_MESSAGE[reason] ?? reason,
        ...(retryAtMs === undefined ? {} : { retry_after_seconds: secondsUntil(retryAtMs, nowMs) }),
      });
    }
    if (endpoints.length === 0) continue;
    data.push({
      id: model.id,
      object: 'model',
      type: model.type,
      context_length: model.contextLength,
      capabilities: [...model.capabilities],
      endpoints,
    });
  }
  return { object: 'list', data, filtered_out: filteredOut, filtered_counts: counts };
}

const NOT_ALLOWED: Filtered = { reason: 'not_allowed_for_key' };

/** The static reasons first, as in a plan. */
function whyNot(deps: GatewayDeps, demand: Demand, model: Model, endpoint: Endpoint): Filtered | undefined {
  if (demand.type !== undefined && model.type !== demand.type) return { reason: 'wrong_type' };
  if (demand.needs.some((need) => !model.capabilities.has(need))) return { reason: 'missing_capability' };
  if (demand.contextLength > model.contextLength) return { reason: 'context_length' };
  if (demand.provider !== undefined && endpoint.provider !== demand.provider)
    return { reason: 'not_in_route' };
  if (demand.parameters.some((name) => endpoint.unsupportedParameters?.has(name))) {
    return { reason: 'unsupported_parameter' };
  }
  const { maxPrice, maxUnitPrice } = demand;
  if (maxPrice !== undefined || maxUnitPrice !== undefined) {
    const ceilings = {
      prompt: maxPrice,
      completion: maxPrice,
      image: maxUnitPrice,
      second: maxUnitPrice,
      character: maxUnitPrice,
      search: maxUnitPrice,
    };
    const refusal = refusalByPrice(endpoint, model.type, ceilings);
    if (refusal !== undefined) return refusal;
  }
  return deps.pauses.refusalOf(model.id) ?? deps.guard.refusalOf(endpoint.id);
}

function demandOf(query: RunnableQuery, providerNames: ReadonlySet<string>): Demand {
  const { provider } = query;
  if (provider !== undefined && !providerNames.has(provider)) {
    throw badRequest(
      `'provider' names '${provider.slice(0, 200)}', which is no provider here. There are: ${[...providerNames].join(', ')}.`,
      'provider',
    );
  }
  return {
    type: query.type === undefined ? undefined : oneOf(query.type, MODEL_TYPES, 'type'),
    needs: listOf(query.needs).map((need) => oneOf(need, CAPABILITIES, 'needs')),
    parameters: listOf(query.parameters),
    contextLength: numberOf(query.context_length, 'context_length') ?? 0,
    maxPrice: numberOf(query.max_price, 'max_price'),
    maxUnitPrice: numberOf(query.max_unit_price, 'max_unit_price'),
    provider,
  };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function oneOf<Choice extends string>(text: string, choices: readonly Choice[], param: string): Choice {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw badRequest(`'${param}' holds '${text.slice(0, 64)}'. Known are ${choices.join(', ')}.`, param);
}

function numberOf(text: string | undefined, param: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw badRequest(`'${param}' must be a number of at least 0.`, param);
}
