import { soldUnitOf } from '../../core/catalog/sold-unit.ts';
import type { ExcludedCandidate, ExclusionReason } from '../../core/choice/decision.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Catalog } from '../catalog.ts';
import type { Job, ProviderWishes } from './job.ts';

type MaxPrice = NonNullable<ProviderWishes['max_price']>;

/**
 * 400 for a request whose own bounds leave nobody: which bound, and what would do. Undefined where none of its wishes is
 * what leaves somebody out, so that no other wish would help.
 *
 * @param excluded whom the plan left out; everybody
 * @param why      the same in words
 */
export function impossibleWish(
  job: Job,
  catalog: Catalog,
  excluded: readonly ExcludedCandidate[],
  why: string,
): GatewayError | undefined {
  const remedies = [
    costRemedy(excluded),
    priceRemedy(job, catalog, excluded),
    latencyRemedy(excluded),
    qualityRemedy(excluded),
  ].filter((remedy) => remedy !== undefined);
  const narrowed = narrowedBy(job, excluded);
  const [first] = remedies;
  const param = first?.param ?? narrowed;
  if (param === undefined) return undefined;
  const help =
    first === undefined
      ? `Leave '${narrowed}' out, or let it allow more`
      : `The least that leaves somebody: ${remedies.map(({ words }) => words).join(', or ')}`;
  return new GatewayError({
    status: 400,
    code: 'unsatisfiable_wish',
    param,
    message: `No model can meet what this request asks for: ${why}. ${help}.`,
  });
}

interface Remedy {
  readonly param: string;
  readonly words: string;
}

function costRemedy(excluded: readonly ExcludedCandidate[]): Remedy | undefined {
  const costs = neededOf(excluded, 'over_cost_ceiling');
  if (costs.length === 0) return undefined;
  const param = 'route.max_cost_usd';
  return { param, words: `'${param}': ${roundedUp(Math.min(...costs))}` };
}

function latencyRemedy(excluded: readonly ExcludedCandidate[]): Remedy | undefined {
  const latencies = neededOf(excluded, 'over_latency_ceiling');
  if (latencies.length === 0) return undefined;
  const param = 'route.max_latency_ms';
  return { param, words: `'${param}': ${Math.ceil(Math.min(...latencies))}` };
}

function qualityRemedy(excluded: readonly ExcludedCandidate[]): Remedy | undefined {
  const qualities = neededOf(excluded, 'below_min_quality');
  if (qualities.length === 0) return undefined;
  const param = 'route.min_quality';
  return { param, words: `'${param}': ${Math.floor(Math.max(...qualities) * 1000) / 1000}` };
}

/** The ceilings that the cheapest of those above them would need. */
function priceRemedy(job: Job, catalog: Catalog, excluded: readonly ExcludedCandidate[]): Remedy | undefined {
  const wished: MaxPrice = job.body.provider?.max_price ?? {};
  const param = 'provider.max_price';
  let least: { readonly sum: number; readonly ceilings: Record<string, number> } | undefined;
  for (const { reason, endpointId } of excluded) {
    const candidate = reason === 'over_price_ceiling' ? catalog.endpoint(endpointId) : undefined;
    if (candidate === undefined) continue;
    const { price } = candidate.endpoint;
    const unit = soldUnitOf(candidate.model.type);
    const ceilings: Record<string, number> = {};
    let sum = 0;
    const bound = (name: string, wish: number | string | undefined, usd: number, perMillion: number) => {
      ceilings[name] = Math.max(usd, Number(wish ?? 0));
      sum += usd * perMillion;
    };
    if (wished.prompt !== undefined) bound('prompt', wished.prompt, price.inputUsdPerMillion, 1);
    if (wished.completion !== undefined) bound('completion', wished.completion, price.outputUsdPerMillion, 1);
    if (unit !== undefined && price.unitUsd !== undefined && price.unitUsd > 0) {
      bound(unit, wished[unit], price.unitUsd, 1_000_000);
    }
    if (least === undefined || sum < least.sum) least = { sum, ceilings };
  }
  if (least !== undefined) return { param, words: `'${param}': ${JSON.stringify(least.ceilings)}` };
  const isUnknown = excluded.some(({ reason }) => reason === 'price_unknown');
  return isUnknown ? { param, words: `no '${param}', as no price is known here` } : undefined;
}

/** The object of the request that left models out by name. */
function narrowedBy(job: Job, excluded: readonly ExcludedCandidate[]): string | undefined {
  if (!excluded.some(({ reason }) => reason === 'not_in_route')) return undefined;
  const { models, provider_allow, provider_deny } = job.body.route ?? {};
  return models || provider_allow || provider_deny ? 'route' : 'provider';
}

function neededOf(excluded: readonly ExcludedCandidate[], wanted: ExclusionReason): number[] {
  return excluded.flatMap(({ reason, needed }) =>
    reason === wanted && needed !== undefined ? [needed] : [],
  );
}

/** USD to three digits, never below what is compared with it. */
function roundedUp(usd: number): string {
  const step = 10 ** (Math.floor(Math.log10(usd)) - 2);
  let steps = Math.ceil(usd / step - 1e-9);
  while (Number((steps * step).toPrecision(3)) * 1e6 < usd * 1e6) steps += 1;
  const text = Number((steps * step).toPrecision(3));
  return text < 1e-6 ? text.toFixed(15).replace(/0+$/, '') : String(text);
}
