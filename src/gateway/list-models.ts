import type { Model } from '../core/catalog/model.ts';
import { TASKS } from '../core/task/task.ts';
import { unknownModel } from './catalog.ts';
import type { GatewayDeps, LiveSettings } from './deps.ts';
import type { Preset } from './preset.ts';

const CHAT_PARAMETERS = [
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
];

/** Models this key may use, `auto` first, in OpenAI's shape with what else is known of them. */
export function listModels(deps: GatewayDeps, allowedModels: ReadonlySet<string> | undefined): object {
  const models = usableModels(deps, allowedModels);
  return {
    object: 'list',
    data: [
      describeAuto(models),
      ...models.map((model) => describeModel(deps, model)),
      ...usablePresets(deps.live, models).map((preset) => describePreset(preset, models)),
    ],
  };
}

/** @throws GatewayError 404 `model_not_found` */
export function describeModelNamed(
  deps: GatewayDeps,
  id: string,
  allowedModels: ReadonlySet<string> | undefined,
): object {
  const { catalog } = deps.live;
  if (id.startsWith('@preset/')) {
    const models = usableModels(deps, allowedModels);
    const preset = catalog.preset(id.slice('@preset/'.length));
    if (!usablePresets(deps.live, models).includes(preset)) throw unknownModel(id);
    return describePreset(preset, models);
  }
  const { candidates, isExplicit } = catalog.named(id);
  if (!isExplicit) return { ...describeAuto(usableModels(deps, allowedModels)), id };
  const model = candidates[0]?.model;
  if (!model || allowedModels?.has(model.id) === false) throw unknownModel(id);
  return describeModel(deps, model);
}

function usableModels(deps: GatewayDeps, allowedModels: ReadonlySet<string> | undefined): readonly Model[] {
  return deps.live.catalog.models.filter((model) => allowedModels?.has(model.id) !== false);
}

function describeAuto(models: readonly Model[]): object {
  const chat = models.filter((model) => model.type === 'chat');
  const capabilities = new Set(chat.flatMap((model) => [...model.capabilities]));
  return {
    id: 'auto',
    object: 'model',
    created: 0,
    owned_by: 'outrider',
    name: 'Auto: chooses a model for each request',
    type: 'chat',
    context_length: Math.max(0, ...chat.map((model) => model.contextLength)),
    capabilities: [...capabilities],
  };
}

/** As pickers of models can offer it. What it can do depends on the model that answers: as for `auto`. */
function describePreset({ name }: Preset, usable: readonly Model[]): object {
  return { ...describeAuto(usable), id: `@preset/${name}`, name: `Preset: ${name}` };
}

/** Those that lead to a model this key may use. */
function usablePresets({ catalog }: LiveSettings, models: readonly Model[]): readonly Preset[] {
  const ids = new Set(models.map(({ id }) => id));
  return catalog.presets.filter((preset) =>
    preset.models.some((name) => catalog.named(name).candidates.some(({ model }) => ids.has(model.id))),
  );
}

function describeModel(deps: GatewayDeps, model: Model): object {
  const [cheapest] = [...model.endpoints].sort(
    (one, other) =>
      one.price.inputUsdPerMillion +
      one.price.outputUsdPerMillion -
      (other.price.inputUsdPerMillion + other.price.outputUsdPerMillion),
  );
  const { price } = cheapest ?? {};
  const parameters = model.type === 'chat' ? chatParameters(model) : [];
  return {
    id: model.id,
    object: 'model',
    created: 0,
    owned_by: model.isSimulated ? 'outrider-simulated' : (cheapest?.provider ?? 'outrider'),
    name: model.name,
    type: model.type,
    ...(model.isSimulated ? { description: 'A simulated model: no real provider is configured.' } : {}),
    context_length: model.contextLength,
    ...(model.maxOutputTokens === undefined ? {} : { max_output_tokens: model.maxOutputTokens }),
    ...(model.dimensions === undefined ? {} : { dimensions: model.dimensions }),
    capabilities: [...model.capabilities],
    supported_parameters: parameters,
    supported_sampling_parameters: parameters.filter((name) => CHAT_PARAMETERS.includes(name)),
    providers: model.endpoints.map(({ provider }) => provider),
    pricing:
      price && cheapest?.isPriceKnown
        ? {
            prompt: usdPerToken(price.inputUsdPerMillion),
            completion: usdPerToken(price.outputUsdPerMillion),
            input_cache_read: usdPerToken(price.cachedInputUsdPerMillion),
          }
        : null,
    pricing_per_million:
      price && cheapest?.isPriceKnown
        ? {
            prompt: price.inputUsdPerMillion,
            completion: price.outputUsdPerMillion,
            input_cache_read: price.cachedInputUsdPerMillion,
          }
        : null,
    ...(model.type === 'chat' ? { scores: scoresOf(deps, model) } : {}),
  };
}

/** Learnt quality per task, only where it was observed: a prior is no score. */
function scoresOf(deps: GatewayDeps, model: Model): object {
  return Object.fromEntries(
    TASKS.flatMap((task) => {
      const { mean, samples, evidence } = deps.learner.qualityOf(task, model.id);
      if (evidence === 'prior') return [];
      return [[task, { quality: Number(mean.toFixed(4)), samples: Number(samples.toFixed(1)), evidence }]];
    }),
  );
}

function chatParameters(model: Model): string[] {
  return [
    ...CHAT_PARAMETERS,
    ...(model.capabilities.has('tools') ? ['tools', 'tool_choice', 'parallel_tool_calls'] : []),
    ...(model.capabilities.has('json') ? ['response_format'] : []),
  ];
}

/** Plain decimals: `1.5e-7` is no price that a spreadsheet reads. */
function usdPerToken(usdPerMillion: number): string {
  const text = (usdPerMillion / 1_000_000).toFixed(12).replace(/0+$/, '').replace(/\.$/, '');
  return text === '' ? '0' : text;
}
