import type { Capability, Endpoint, Model } from '../core/catalog/model.ts';
import { parametersNotTaken, unsupportedParametersOf } from '../core/catalog/parameters.ts';
import type { ProviderSettings } from './build-provider.ts';
import { KNOWN_MODELS, type KnownModel } from './known-models.ts';
import { knownProviderAt } from './known-providers.ts';
import { findListing, type Listing } from './list-price.ts';
import type { ModelTable } from './offers.ts';
import type { SimulatedModel } from './simulated-model.ts';
import { unitUsdOf } from './unit-price.ts';

/** Assumed where nobody says how much a model can read: little, so that long prompts go to models that surely can. */
export const ASSUMED_CONTEXT_LENGTH = 8_192;

/**
 * The catalogue. What a table leaves out comes from the simulated catalogue, the price data, or the list of known
 * models, in this order; a context length is the smallest of its endpoints, so that fail-over never meets a smaller one.
 */
export function buildModels(
  tables: Readonly<Record<string, ModelTable>>,
  providers: Readonly<Record<string, ProviderSettings>>,
  simulated: readonly SimulatedModel[],
  nowMs: number,
): Model[] {
  return Object.entries(tables).map(([id, table]) => buildModel(id, table));

  function buildModel(id: string, table: ModelTable): Model {
    const sources = table.endpoints.map((endpoint) => ({ endpoint, ...sourceOf(endpoint) }));
    const known = knownModelAmong(table);
    const fact = sources.find((source) => source.fact !== undefined)?.fact;
    const windows = sources.flatMap(
      ({ fact, listing }) => fact?.contextLength ?? listing?.contextLength ?? [],
    );
    return {
      id,
      type: table.type,
      name: table.name ?? fact?.name ?? id,
      contextLength:
        table.context_length ??
        (windows.length > 0 ? Math.min(...windows) : (known?.contextLength ?? ASSUMED_CONTEXT_LENGTH)),
      maxOutputTokens: table.max_output_tokens,
      capabilities: new Set(
        table.capabilities ??
          fact?.capabilities ??
          (known?.capabilities ?? usualOf(table.type)).filter(
            (capability) => capability !== 'json' || !ignoresJson(table),
          ),
      ),
      defaultTemperature: table.default_temperature,
      dimensions: table.dimensions ?? fact?.dimensions,
      supportedParameters: table.supported_parameters,
      isSimulated: sources.every(({ endpoint }) => providers[endpoint.provider]?.kind === 'simulated'),
      endpoints: sources.map(({ endpoint, fact, listing }) =>
        buildEndpoint(id, table, endpoint, fact, listing, providers[endpoint.provider]?.kind ?? 'openai'),
      ),
    };
  }

  /** The known model that one of these endpoints is: whatever it is called here, it can do what it can do. */
  function knownModelAmong(table: ModelTable): KnownModel | undefined {
    return Object.values(KNOWN_MODELS).find((known) =>
      table.endpoints.some(({ provider: name, model }) => {
        const seller = sellerOf(name);
        return seller !== undefined && known.at[seller] === model;
      }),
    );
  }

  function sellerOf(name: string) {
    const provider = providers[name];
    return provider && knownProviderAt(name, { kind: provider.kind, base_url: provider.baseUrl });
  }

  /**
   * Anthropic's OpenAI-compatible address ignores `response_format`: asked for JSON, a model may answer with prose
   * there, and nothing would keep such requests away from it.
   */
  function ignoresJson({ endpoints }: ModelTable): boolean {
    return endpoints.some(
      ({ provider }) => providers[provider]?.kind === 'openai' && sellerOf(provider) === 'anthropic',
    );
  }

  function sourceOf({ provider: name, model }: ModelTable['endpoints'][number]) {
    const provider = providers[name];
    if (provider === undefined) return {};
    if (provider.kind === 'simulated') return { fact: simulated.find((candidate) => candidate.id === model) };
    return { listing: findListing(provider, model, nowMs) };
  }
}

/** Nearly every chat model served today takes tools and JSON modes; the file can say otherwise with `capabilities = []`. */
function usualOf(type: ModelTable['type']): Capability[] {
  return type === 'chat' ? ['tools', 'json'] : [];
}

function buildEndpoint(
  modelId: string,
  model: ModelTable,
  table: ModelTable['endpoints'][number],
  fact: SimulatedModel | undefined,
  listing: Listing | undefined,
  kind: ProviderSettings['kind'],
): Endpoint {
  const { provider, model: upstreamModel } = table;
  const unitUsd = unitUsdOf(table);
  const tongue = kind === 'openai' || kind === 'simulated' ? undefined : kind;
  const isPriceGiven =
    table.input_usd_per_million !== undefined ||
    table.output_usd_per_million !== undefined ||
    unitUsd !== undefined;
  const listed = isPriceGiven ? undefined : (listing?.price ?? fact);
  const inputUsdPerMillion = table.input_usd_per_million ?? listed?.inputUsdPerMillion ?? 0;
  return {
    id: `${provider}/${upstreamModel}`,
    modelId,
    provider,
    upstreamModel,
    ...(tongue === undefined ? {} : { tongue }),
    price: {
      inputUsdPerMillion,
      outputUsdPerMillion: table.output_usd_per_million ?? listed?.outputUsdPerMillion ?? 0,
      cachedInputUsdPerMillion:
        table.cached_input_usd_per_million ?? listed?.cachedInputUsdPerMillion ?? inputUsdPerMillion,
      cacheWriteUsdPerMillion: table.cache_write_usd_per_million ?? listed?.cacheWriteUsdPerMillion,
      audioInputUsdPerMillion: table.audio_input_usd_per_million ?? listed?.audioInputUsdPerMillion,
      audioOutputUsdPerMillion: table.audio_output_usd_per_million ?? listed?.audioOutputUsdPerMillion,
      unitUsd: unitUsd ?? listed?.unitUsd,
    },
    isPriceKnown: isPriceGiven || listed !== undefined,
    unsupportedParameters: unsupportedParametersOf(model.supported_parameters, [
      ...(model.unsupported_parameters ?? []),
      ...(table.unsupported_parameters ?? []),
      ...(tongue === undefined ? [] : parametersNotTaken(tongue)),
    ]),
  };
}
