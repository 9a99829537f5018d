import type { Endpoint, Model } from '../../core/catalog/model.ts';
import type { Candidate, ChoiceLimits, Refusal } from '../../core/choice/choice-input.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { refuseForbidden } from '../admission/key-permits.ts';
import type { Catalog, ResolvedName } from '../catalog.ts';
import type { LiveSettings } from '../deps.ts';
import type { ChatJob, Job, ProviderWishes, RouteWishes } from './job.ts';
import { applyPreset, type Preset, presetAskedFor } from './preset.ts';
import { checkedProviderWishes, refusalByWishes, refuseUnknownNames } from './refusal-by-wishes.ts';

/**
 * What a request asks for, whichever words it asked in: names, `route`, OpenRouter's `models` and `provider`, a preset,
 * BrainstormRouter's header. Planning knows only this. docs/routing.md has the table of wishes and who wins.
 */
export interface Policy {
  /** Groups of candidates, each to be tried before the next; at least one. An endpoint stands in one of them only. */
  readonly tiers: readonly Tier[];
  readonly limits: ChoiceLimits;
  readonly maxAttempts: number;
  /** Whom the key and the request leave out; undefined when they leave out nobody, the usual case. */
  readonly refusalOf: ((endpoint: Endpoint, model: Model) => Refusal | undefined) | undefined;
}

export interface Tier {
  readonly candidates: readonly Candidate[];
  /** The client named the model; the choice is among its endpoints. */
  readonly isExplicit: boolean;
  readonly strategy: Strategy;
  /** False: the best by what is believed, without trying others. */
  readonly explore: boolean;
}

/** Whoever lists five models wants the fifth to be tried; a list of two hundred must not become as many calls. */
const MOST_LISTED_ATTEMPTS = 10;

const NO_ROUTE: RouteWishes = {};
const NO_PROVIDER: ProviderWishes = {};

/** Names that were asked for, in their order, and where the request said so. */
interface Names {
  readonly all: readonly string[];
  /** Not from a preset: what their suffixes wish counts as said by the request. */
  readonly areClients: boolean;
}

/**
 * Reads a request's wishes, and writes what its preset adds into the request.
 *
 * @throws GatewayError 400 a wish that there is not or that names nobody, 404 an unknown model or preset, 403 a model or
 *   provider this key may not use.
 */
export function policyOf(live: LiveSettings, job: Job): Policy {
  const { catalog, routing } = live;
  const asked = presetAskedFor(job.body);
  const preset = asked && catalog.preset(asked.name, asked.param);
  if (preset !== undefined && asked !== undefined) applyPreset(chatJobOf(job, asked.param), preset);
  const route = job.body.route ?? NO_ROUTE;
  const provider = job.body.provider ? checkedProviderWishes(catalog, job.body.provider) : NO_PROVIDER;
  refuseUnknownNames(catalog, route);
  const names = namesOf(job, asked?.model, preset);
  const mayFallBack =
    route.allow_fallback !== false && (provider.allow_fallbacks !== false || provider.order !== undefined);
  const tiers = inOrder(tiersOf(live, job, names, { route, provider, preset }), provider.order);
  if (job.allowedModels !== undefined || job.allowedProviders !== undefined) {
    const candidates = tiers.flatMap((tier) => tier.candidates);
    refuseForbidden(job, candidates, {
      models: route.models,
      provider_allow: route.provider_allow,
      only: provider.only,
    });
  }
  return {
    tiers,
    limits: {
      maxCostUsd: route.max_cost_usd,
      maxLatencyMs: route.max_latency_ms,
      minQuality: route.min_quality,
    },
    maxAttempts: mayFallBack
      ? Math.max(1 + routing.maxExtraAttempts, Math.min(names.all.length, MOST_LISTED_ATTEMPTS))
      : 1,
    refusalOf: refusalByWishes(job, route, provider, routing.refusesUnsupportedParameters),
  };
}

/** What a preset says of messages and sampling has no place in other requests. */
function chatJobOf(job: Job, param: string): ChatJob {
  if (job.operation.type === 'chat') return job as ChatJob;
  throw badRequest(
    'Presets are for chat models (POST /v1/chat/completions, /v1/responses, /v1/messages). Name a model here, or auto.',
    param,
    'preset_not_supported',
  );
}

/** @param besidePreset the model that a request names beside its preset */
function namesOf(job: Job, besidePreset: string | undefined, preset: Preset | undefined): Names {
  const { model, models } = job.body;
  const first = preset === undefined ? model : besidePreset;
  if (first === undefined && !models && preset !== undefined)
    return { all: preset.models, areClients: false };
  return { all: [...(first === undefined ? [] : [first]), ...(models ?? [])], areClients: true };
}

function tiersOf(
  live: LiveSettings,
  job: Job,
  names: Names,
  wishes: {
    readonly route: RouteWishes;
    readonly provider: ProviderWishes;
    readonly preset: Preset | undefined;
  },
): readonly Tier[] {
  const { catalog, routing } = live;
  const { route, provider, preset } = wishes;
  const sort = typeof provider.sort === 'object' ? provider.sort.by : provider.sort;
  const demanded =
    strategyOf(catalog, route.strategy, 'route.strategy') ?? strategyOf(catalog, sort, 'provider.sort');
  const preferred =
    strategyOf(catalog, job.strategyHint, 'x-model-router-strategy', routing.defaultStrategy) ??
    strategyOf(catalog, preset?.strategy, 'model');
  const tierOf = ({ candidates, isExplicit, strategy: suffix }: ResolvedName): Tier => ({
    candidates,
    isExplicit,
    strategy:
      demanded ??
      (names.areClients ? suffix : undefined) ??
      preferred ??
      suffix ??
      catalog.strategy(routing.defaultStrategy),
    // Endpoints of one model that a client wants sorted are sorted, as OpenRouter does.
    explore: route.explore !== false && !(isExplicit && (sort !== undefined || suffix !== undefined)),
  });
  const [first = '', ...rest] = names.all;
  const { type } = job.operation;
  const leading = catalog.resolve(first, type);
  if (rest.length === 0) return [tierOf(leading)];
  const following = rest.map((name) => catalog.resolve(name, type, 'models'));
  // `auto` with a list is a choice among the list.
  if (!leading.isExplicit && names.areClients) {
    return [tierOf({ ...leading, candidates: unique(following.flatMap(({ candidates }) => candidates)) })];
  }
  const tiers = [leading, ...following].map(tierOf);
  const isUnparted = typeof provider.sort === 'object' && provider.sort.partition === 'none';
  return isUnparted ? merged(tiers) : tiers;
}

/** @param meaningOfAuto what the word `auto` stands for, where it is understood */
function strategyOf(
  catalog: Catalog,
  name: string | undefined,
  param: string,
  meaningOfAuto?: string,
): Strategy | undefined {
  if (name === undefined || name === '') return undefined;
  return catalog.strategy(name === 'auto' ? (meaningOfAuto ?? name) : name, param);
}

function merged(tiers: readonly Tier[]): Tier[] {
  const [first] = tiers;
  return first ? [{ ...first, candidates: unique(tiers.flatMap(({ candidates }) => candidates)) }] : [];
}

/** Each tier parted by provider, those named first; no endpoint twice, and no tier without any unless it is the only one. */
function inOrder(tiers: readonly Tier[], order: readonly string[] | undefined): readonly Tier[] {
  if (order === undefined && tiers.length === 1) return tiers;
  const placeOf = ({ endpoint }: Candidate) => {
    const place = order?.indexOf(endpoint.provider) ?? 0;
    return place < 0 ? (order?.length ?? 0) : place;
  };
  const seen = new Set<string>();
  const parted = tiers.flatMap((tier) => {
    const places = Array.from({ length: (order?.length ?? 0) + 1 }, (): Candidate[] => []);
    for (const candidate of tier.candidates) {
      if (seen.size !== seen.add(candidate.endpoint.id).size) places[placeOf(candidate)]?.push(candidate);
    }
    return places.flatMap((candidates) => (candidates.length > 0 ? [{ ...tier, candidates }] : []));
  });
  return parted.length > 0 ? parted : tiers.slice(0, 1);
}

function unique(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.endpoint.id, candidate])).values()];
}
