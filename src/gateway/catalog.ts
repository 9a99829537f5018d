import type { Endpoint, Model } from '../core/catalog/model.ts';
import type { Candidate } from '../core/choice/choice-input.ts';
import type { Strategy } from '../core/choice/strategy.ts';
import { badRequest, GatewayError } from '../core/outcome/gateway-error.ts';

/** What may be asked for, by name. Built once per configuration and replaced as a whole on reload. */
export interface Catalog {
  readonly models: readonly Model[];
  readonly providerNames: ReadonlySet<string>;
  /** Ids of the models that have an endpoint at one of these providers. */
  modelsAt(providers: ReadonlySet<string>): readonly string[];
  model(id: string): Model | undefined;
  endpoint(id: string): Candidate | undefined;
  /** @throws GatewayError 400 about `param`, naming the strategies there are. */
  strategy(name: string, param?: string): Strategy;
  /**
   * Who may answer to `requested`: a model's name, `provider/name`, or one of the names for routing.
   * @throws GatewayError 404 `model_not_found`
   */
  resolve(requested: string): ResolvedName;
}

export interface ResolvedName {
  readonly candidates: readonly Candidate[];
  /** True when the client named one model: the choice is then only among its endpoints. */
  readonly isExplicit: boolean;
  /** The strategy that the name itself asks for. */
  readonly strategy: Strategy | undefined;
}

/** `auto:…` suffixes and whole names beside the strategies' own, in the words of other gateways. */
const SUFFIX_TO_STRATEGY: Readonly<Record<string, string>> = {
  best: 'quality',
  floor: 'price',
  fast: 'latency',
  nitro: 'throughput',
};
const NAME_TO_STRATEGY: Readonly<Record<string, string>> = {
  best: 'quality',
  cheapest: 'price',
  fastest: 'latency',
};
const AUTO_NAMES = new Set(['auto', 'openrouter/auto']);

export function createCatalog(config: {
  readonly models: readonly Model[];
  readonly strategies: Readonly<Record<string, Strategy>>;
}): Catalog {
  const idToModel = new Map(config.models.map((model) => [model.id, model]));
  const chat = config.models.filter((model) => model.type === 'chat').flatMap(candidatesOf);
  const all = config.models.flatMap(candidatesOf);
  const idToCandidate = new Map(all.map((candidate) => [candidate.endpoint.id, candidate]));
  const explicit = new Map<string, ResolvedName>();
  for (const candidate of all) {
    // `provider/name` takes the provider's own name for the model as well as ours.
    for (const name of [candidate.endpoint.id, `${candidate.endpoint.provider}/${candidate.model.id}`]) {
      explicit.set(name, { candidates: [candidate], isExplicit: true, strategy: undefined });
    }
  }
  for (const model of config.models) {
    explicit.set(model.id, { candidates: candidatesOf(model), isExplicit: true, strategy: undefined });
  }
  const strategyNames = Object.keys(config.strategies);

  const strategy = (name: string, param = 'strategy'): Strategy => {
    const found = Object.hasOwn(config.strategies, name) ? config.strategies[name] : undefined;
    if (found) return found;
    throw badRequest(
      `There is no strategy '${name.slice(0, 64)}'. There are: ${strategyNames.join(', ')}.`,
      param,
    );
  };

  return {
    models: config.models,
    providerNames: new Set(all.map(({ endpoint }) => endpoint.provider)),
    modelsAt: (providers) =>
      config.models.flatMap(({ id, endpoints }) =>
        endpoints.some(({ provider }) => providers.has(provider)) ? [id] : [],
      ),
    model: (id) => idToModel.get(id),
    endpoint: (id) => idToCandidate.get(id),
    strategy,
    resolve(requested) {
      const named = explicit.get(requested);
      if (named) return named;
      const asked = strategyAskedFor(requested);
      if (asked === undefined) throw unknownModel(requested);
      return {
        candidates: chat,
        isExplicit: false,
        strategy: asked === '' ? undefined : strategy(asked, 'model'),
      };
    },
  };
}

export function unknownModel(requested: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'model_not_found',
    param: 'model',
    message: `The model '${requested.slice(0, 200)}' does not exist here. GET /v1/models lists those that do; 'auto' chooses.`,
  });
}

/** `''` for the default strategy, undefined when the name does not ask for routing. */
function strategyAskedFor(requested: string): string | undefined {
  if (AUTO_NAMES.has(requested)) return '';
  if (Object.hasOwn(NAME_TO_STRATEGY, requested)) return NAME_TO_STRATEGY[requested];
  const colon = requested.indexOf(':');
  if (colon < 0 || !AUTO_NAMES.has(requested.slice(0, colon))) return undefined;
  const suffix = requested.slice(colon + 1);
  return Object.hasOwn(SUFFIX_TO_STRATEGY, suffix) ? SUFFIX_TO_STRATEGY[suffix] : suffix;
}

function candidatesOf(model: Model): { model: Model; endpoint: Endpoint }[] {
  return model.endpoints.map((endpoint) => ({ model, endpoint }));
}
