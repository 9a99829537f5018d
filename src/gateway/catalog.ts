import type { Endpoint, Model, ModelType, Tongue } from '../core/catalog/model.ts';
import { TYPE_TO_ROUTE } from '../core/catalog/operation.ts';
import type { Candidate } from '../core/choice/choice-input.ts';
import type { Strategy } from '../core/choice/strategy.ts';
import { STRATEGY_ALIASES, strategyOfAlias } from '../core/choice/strategy-names.ts';
import { badRequest, GatewayError } from '../core/outcome/gateway-error.ts';
import type { Preset } from './request/preset.ts';

/** What may be asked for, by name. Built once per configuration and replaced as a whole on reload. */
export interface Catalog {
  readonly models: readonly Model[];
  readonly providerNames: ReadonlySet<string>;
  /** Ids of the models that have an endpoint at one of these providers. */
  modelsAt(providers: ReadonlySet<string>): readonly string[];
  /** The languages beside OpenAI's that any endpoint speaks. */
  readonly tongues: readonly Tongue[];
  model(id: string): Model | undefined;
  endpoint(id: string): Candidate | undefined;
  readonly strategies: readonly Strategy[];
  readonly presets: readonly Preset[];
  /** @throws GatewayError 404 about `param`, naming the presets there are. */
  preset(name: string, param?: string): Preset;
  /**
   * By its own name or one of other gateways' words for it.
   * @throws GatewayError 400 about `param`, naming the strategies there are.
   */
  strategy(name: string, param?: string): Strategy;
  /**
   * Who may answer to `requested`: a model's name, `provider/name`, either with a strategy for choosing among its
   * endpoints (`name:floor`), or one of the names for routing.
   *
   * @param type what is asked for: names for routing choose among models of this type only
   * @throws GatewayError 404 `model_not_found` about `param`, 400 `wrong_model_type` for a model of another type
   */
  resolve(requested: string, type: ModelType, param?: string): ResolvedName;
  /** Who is called so, whatever its type; of a name for routing, the chat models. @throws GatewayError 404 `model_not_found` */
  named(requested: string): ResolvedName;
}

export interface ResolvedName {
  readonly candidates: readonly Candidate[];
  /** True when the client named one model: the choice is then only among its endpoints. */
  readonly isExplicit: boolean;
  /** The strategy that the name itself asks for. */
  readonly strategy: Strategy | undefined;
}

/** Whole names that ask for a strategy. */
const WISHES = new Set(['best', 'cheapest', 'fastest']);
const AUTO_NAMES = new Set(['auto', 'openrouter/auto']);

export function createCatalog(config: {
  readonly models: readonly Model[];
  readonly strategies: Readonly<Record<string, Strategy>>;
  readonly presets?: Readonly<Record<string, Preset>>;
}): Catalog {
  const idToModel = new Map(config.models.map((model) => [model.id, model]));
  const typeToCandidates = new Map<ModelType, readonly Candidate[]>();
  for (const model of config.models) {
    const known = typeToCandidates.get(model.type) ?? [];
    typeToCandidates.set(model.type, [...known, ...candidatesOf(model)]);
  }
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

  const strategyNamed = (name: string): Strategy | undefined => {
    const own = Object.hasOwn(config.strategies, name) ? name : strategyOfAlias(name);
    return Object.hasOwn(config.strategies, own) ? config.strategies[own] : undefined;
  };
  const strategy = (name: string, param = 'strategy'): Strategy => {
    const found = strategyNamed(name);
    if (found) return found;
    throw badRequest(
      `There is no strategy '${name.slice(0, 64)}'. There are: ${strategyNames.join(', ')}; and in other words: ${STRATEGY_ALIASES.join(', ')}.`,
      param,
    );
  };
  const presets = config.presets ?? {};

  return {
    models: config.models,
    providerNames: new Set(all.map(({ endpoint }) => endpoint.provider)),
    modelsAt: (providers) =>
      config.models.flatMap(({ id, endpoints }) =>
        endpoints.some(({ provider }) => providers.has(provider)) ? [id] : [],
      ),
    tongues: [...new Set(all.flatMap(({ endpoint }) => endpoint.tongue ?? []))],
    model: (id) => idToModel.get(id),
    endpoint: (id) => idToCandidate.get(id),
    strategies: Object.values(config.strategies),
    strategy,
    presets: Object.values(presets),
    preset(name, param = 'model') {
      const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
      if (found) return found;
      throw unknownPreset(name, Object.keys(presets), param);
    },
    named: (requested) => explicitly(requested) ?? routed(requested, 'chat', 'model'),
    resolve(requested, type, param = 'model') {
      const named = explicitly(requested);
      if (named === undefined) return routed(requested, type, param);
      const model = named.candidates[0]?.model;
      if (model !== undefined && model.type !== type) throw wrongType(model, param);
      return named;
    },
  };

  /** By a name, with or without a strategy for choosing among its endpoints. */
  function explicitly(requested: string): ResolvedName | undefined {
    const named = explicit.get(requested);
    if (named) return named;
    const colon = requested.lastIndexOf(':');
    const base = colon < 0 ? undefined : explicit.get(requested.slice(0, colon));
    const wished = base && strategyNamed(requested.slice(colon + 1));
    return base && wished ? { ...base, strategy: wished } : undefined;
  }

  function routed(requested: string, type: ModelType, param: string): ResolvedName {
    const asked = strategyAskedFor(requested);
    if (asked === undefined) throw unknownModel(requested, param);
    const candidates = typeToCandidates.get(type) ?? [];
    if (candidates.length === 0 && type !== 'chat') throw nobodyOfType(requested, type, param);
    return {
      candidates,
      isExplicit: false,
      strategy: asked === '' ? undefined : strategy(asked, param),
    };
  }
}

export function unknownModel(requested: string, param = 'model'): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'model_not_found',
    param,
    message: `The model '${requested.slice(0, 200)}' does not exist here. GET /v1/models lists those that do; 'auto' chooses.`,
  });
}

function unknownPreset(name: string, known: readonly string[], param: string): GatewayError {
  const there =
    known.length === 0
      ? 'There are none: see [presets.*] in docs/routing.md'
      : `There are: ${known.join(', ')}`;
  return new GatewayError({
    status: 404,
    code: 'preset_not_found',
    param,
    message: `There is no preset '${name.slice(0, 64)}'. ${there}.`,
  });
}

function wrongType({ id, type }: Model, param: string): GatewayError {
  return badRequest(
    `The model '${id}' is one of type '${type}': ask it at ${TYPE_TO_ROUTE[type]}.`,
    param,
    'wrong_model_type',
  );
}

/** Waiting would not help: somebody has to configure one. */
function nobodyOfType(requested: string, type: ModelType, param: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'model_not_found',
    param,
    message: `No model of type '${type}' is configured here for '${requested.slice(0, 200)}' to choose from. GET /v1/models lists the models there are.`,
  });
}

/** `''` for the default strategy, undefined when the name does not ask for routing. */
function strategyAskedFor(requested: string): string | undefined {
  if (AUTO_NAMES.has(requested)) return '';
  if (WISHES.has(requested)) return requested;
  const colon = requested.indexOf(':');
  if (colon < 0 || !AUTO_NAMES.has(requested.slice(0, colon))) return undefined;
  return requested.slice(colon + 1);
}

function candidatesOf(model: Model): { model: Model; endpoint: Endpoint }[] {
  return model.endpoints.map((endpoint) => ({ model, endpoint }));
}
