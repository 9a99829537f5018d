import type { Capability, Endpoint, Model, ModelType } from '../../core/catalog/model.ts';
import { SAMPLING_PARAMETERS, supportedParametersOf } from '../../core/catalog/parameters.ts';
import { soldUnitOf } from '../../core/catalog/sold-unit.ts';
import { tasksOfType } from '../../core/task/operation-task.ts';
import { isPermitted, type Permits } from '../admission/key-permits.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';
import { readinessOf, soonestOf } from './endpoint-status.ts';

/**
 * A model in OpenAI's shape, with what else is known of it in the shapes of OpenRouter and others, as far as this key
 * may know of its endpoints.
 */
export function describeModel(deps: GatewayDeps, model: Model, permits: Permits): object {
  const endpoints = model.endpoints.filter(({ provider }) => isPermitted(permits, model.id, provider));
  const [cheapest] = [...endpoints].sort((one, other) => priceSum(one) - priceSum(other));
  const parameters = supportedParametersOf(model);
  const readiness = endpoints.map((endpoint) => readinessOf(deps, endpoint));
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
    ...(model.defaultTemperature === undefined ? {} : { default_temperature: model.defaultTemperature }),
    capabilities: [...model.capabilities],
    architecture: architectureOf(model.type, model.capabilities),
    top_provider: {
      context_length: model.contextLength,
      max_completion_tokens: model.maxOutputTokens ?? null,
    },
    supported_parameters: parameters,
    supported_sampling_parameters: parameters.filter((name) => SAMPLING_PARAMETERS.includes(name)),
    ...soonestOf(readiness),
    providers: [...new Set(endpoints.map(({ provider }) => provider))],
    endpoints: endpoints.map((endpoint, index) => ({
      provider: endpoint.provider,
      ...readiness[index],
      pricing_per_million: pricingPerMillion(endpoint),
      ...pricingPerUnit(model.type, endpoint),
      ...(endpoint.unsupportedParameters === undefined
        ? {}
        : { unsupported_parameters: [...endpoint.unsupportedParameters] }),
    })),
    pricing: cheapest === undefined ? null : pricing(cheapest),
    pricing_per_million: cheapest === undefined ? null : pricingPerMillion(cheapest),
    ...(cheapest === undefined ? {} : pricingPerUnit(model.type, cheapest)),
    scores: scoresOf(deps, model),
  };
}

/** USD per million tokens, as numbers; null where no price is known. */
export function pricingPerMillion({ price, isPriceKnown }: Endpoint): object | null {
  if (!isPriceKnown) return null;
  return {
    prompt: price.inputUsdPerMillion,
    completion: price.outputUsdPerMillion,
    input_cache_read: price.cachedInputUsdPerMillion,
  };
}

/** USD per token, as decimal strings; null where no price is known. */
function pricing({ price, isPriceKnown }: Endpoint): object | null {
  if (!isPriceKnown) return null;
  return {
    prompt: usdPerToken(price.inputUsdPerMillion),
    completion: usdPerToken(price.outputUsdPerMillion),
    input_cache_read: usdPerToken(price.cachedInputUsdPerMillion),
  };
}

function priceSum({ price }: Endpoint): number {
  return price.inputUsdPerMillion + price.outputUsdPerMillion + 1e6 * (price.unitUsd ?? 0);
}

/** Of what is sold by something else than tokens. */
export function pricingPerUnit(type: ModelType, { price }: Endpoint): object {
  const unit = soldUnitOf(type);
  return unit === undefined || price.unitUsd === undefined
    ? {}
    : { pricing_per_unit: { unit, usd: price.unitUsd } };
}

/** Plain decimals: `1.5e-7` is no price that a spreadsheet reads. */
function usdPerToken(usdPerMillion: number): string {
  const text = (usdPerMillion / 1_000_000).toFixed(12).replace(/0+$/, '').replace(/\.$/, '');
  return text === '' ? '0' : text;
}

type Modality = 'text' | 'image' | 'audio' | 'embeddings' | 'scores';

const TYPE_TO_MODALITIES: Readonly<Record<ModelType, readonly [input: Modality[], output: Modality[]]>> = {
  chat: [['text'], ['text']],
  completion: [['text'], ['text']],
  embedding: [['text'], ['embeddings']],
  image: [['text'], ['image']],
  transcription: [['audio'], ['text']],
  speech: [['text'], ['audio']],
  rerank: [['text'], ['scores']],
  moderation: [['text'], ['scores']],
  realtime: [
    ['text', 'audio'],
    ['text', 'audio'],
  ],
};

/** What goes in and what comes out, as OpenRouter has it: `text+image->text`. */
export function architectureOf(type: ModelType, capabilities: ReadonlySet<Capability>): object {
  const [ofType, output] = TYPE_TO_MODALITIES[type];
  const input = [...ofType];
  if (capabilities.has('vision') && !input.includes('image')) input.push('image');
  if (capabilities.has('audio') && !input.includes('audio')) input.push('audio');
  return {
    modality: `${input.join('+')}->${output.join('+')}`,
    input_modalities: input,
    output_modalities: output,
  };
}

/** Learnt quality by the work that it does, only where it was observed: a prior is no score. */
function scoresOf(deps: GatewayDeps, model: Model): object {
  return Object.fromEntries(
    tasksOfType(model.type).flatMap((task) => {
      const { mean, samples, evidence } = deps.learner.qualityOf(task, model.id);
      if (evidence === 'prior') return [];
      return [[task, { quality: round(mean, 4), samples: round(samples, 1), evidence }]];
    }),
  );
}
